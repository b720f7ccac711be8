"""Rows in any order in, rows in key order out, in memory that does not grow with their texts.

An external sort: each row is compressed to one temporary file, only its place and key are kept in
memory (36 bytes a row, and each distinct problem name once). The file has no name, so nothing of it
stays behind, whatever ends the process.
"""

from __future__ import annotations

import json
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import zstandard

GROUP_ROWS = 2048
GROUP_CHARACTERS = 16_000_000  # of JSON per group: what a later stage holds at once


class RepeatedKeyError(ValueError):
    """Two rows of one cell have one key."""

    def __init__(self, problem: str, draw: int):
        super().__init__(f"problem {problem!r} has draw {draw} twice")


class Spool:
    """Rows (JSON-like dicts) of several cells, sorted by (problem, draw) within each."""

    def __init__(self, folder: Path | str | None = None):
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by __exit__)
        self._pack, self._unpack = zstandard.ZstdCompressor(1), zstandard.ZstdDecompressor()
        self._problems: dict[str, int] = {}
        self._end = 0
        self._cell, self._problem, self._size = array("i"), array("i"), array("i")
        self._draw, self._place = array("q"), array("q")

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, cell: int, problem: str, draw: int, row: dict[str, Any]) -> None:
        """Keep ``row`` of cell number ``cell`` under its key."""
        data = self._pack.compress(json.dumps(row, ensure_ascii=False).encode())
        self._file.write(data)
        self._cell.append(cell)
        self._problem.append(self._problems.setdefault(problem, len(self._problems)))
        self._draw.append(draw)
        self._place.append(self._end)
        self._size.append(len(data))
        self._end += len(data)

    def count(self, cell: int) -> int:
        """Number of rows of a cell."""
        return int((np.asarray(self._cell) == cell).sum())

    def groups(self, cell: int) -> Iterator[list[dict[str, Any]]]:
        """Rows of a cell in key order, in groups of at most GROUP_ROWS and GROUP_CHARACTERS.

        Groups depend on the rows alone, not on the order they came in. Raises RepeatedKeyError.
        """
        at = np.flatnonzero(np.asarray(self._cell) == cell)
        names = list(self._problems)
        rank = np.empty(len(names), np.int64)
        rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        problem, draw = rank[np.asarray(self._problem)[at]], np.asarray(self._draw)[at]
        order = np.lexsort((draw, problem))
        at, problem, draw = at[order], problem[order], draw[order]
        again = np.flatnonzero((problem[1:] == problem[:-1]) & (draw[1:] == draw[:-1]))
        if len(again):
            first = at[again[0]]
            raise RepeatedKeyError(names[self._problem[first]], self._draw[first])
        group: list[dict[str, Any]] = []
        characters = 0
        for row in at:
            self._file.seek(self._place[row])
            text = self._unpack.decompress(self._file.read(self._size[row])).decode()
            if group and (len(group) == GROUP_ROWS or characters + len(text) > GROUP_CHARACTERS):
                yield group
                group, characters = [], 0
            group.append(json.loads(text))
            characters += len(text)
        if group:
            yield group
