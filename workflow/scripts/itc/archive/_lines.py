"""Lines of JSON from plain, gzip or zstd files, and names of columns that lie inside objects."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from itc import bounds

ABSENT = object()


class DamagedFileError(ValueError):
    """A recording breaks off or is in another format; the message names the file and the line."""


def open_text(path: Path) -> io.TextIOBase:
    """Text of a plain, ``.gz`` or ``.zst`` file, decompressed as it is read.

    Bytes that are no UTF-8 become the replacement character. A compressed file that breaks off
    raises EOFError or OSError where it does, one that becomes too large OversizeError.
    """
    raw: Any
    if path.suffix == ".gz":
        raw = gzip.open(path, "rb")  # noqa: SIM115 (closed with the wrapper)
    elif path.suffix == ".zst":  # unlike zstandard's reader, arrow's tells a truncated stream
        raw = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
    else:
        raw = path.open("rb")
    if path.suffix in (".gz", ".zst"):
        raw = bounds.Bounded(raw, path.stat().st_size)
    return io.TextIOWrapper(io.BufferedReader(raw, 1 << 16), encoding="utf-8", errors="replace")


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) of ``path``; blank lines are skipped, memory is one line.

    Raises DamagedFileError for a line that is no JSON object or a file that breaks off.
    """
    number = 0
    with open_text(path) as lines:
        try:
            for number, line in enumerate(_bounded(lines, path.stat().st_size), start=1):
                if line.strip():
                    row = json.loads(line)
                    if not isinstance(row, dict):
                        raise ValueError("not an object")
                    yield number, row
        except (ValueError, EOFError, OSError, RecursionError) as error:
            if isinstance(error, DamagedFileError):
                raise
            unread = isinstance(error, EOFError | OSError | bounds.OversizeError)
            at = number + 1 if unread else number
            raise DamagedFileError(
                f"{path}: line {at}: {error}; the file is damaged or in another format: fetch it "
                "again or set its `format`"
            ) from error


def _bounded(lines: io.TextIOBase, size: int) -> Iterator[str]:
    """Lines of a file of ``size`` bytes, each, and the time of all, within bounds."""
    pace, blank, number = bounds.Pace(size), 0, 0
    while line := lines.readline(bounds.LINE):
        number += 1
        if number % 1024 == 0:
            pace.check()
        blank = 0 if line.strip() else blank + 1
        if blank > bounds.BLANK_LINES:
            raise ValueError(f"more than {bounds.BLANK_LINES:,} blank lines in a row")
        if len(line) == bounds.LINE:
            raise bounds.OversizeError("a line", bounds.LINE, len(line), "line")
        yield line


def reach(row: Any, name: str) -> Any:
    """Value under a dotted name (``doc.answer``, ``choices.0.text``); ABSENT where there is none.

    A key that holds the dots itself comes first.
    """
    if isinstance(row, Mapping) and name in row:
        return row[name]
    head, dot, rest = name.partition(".")
    if isinstance(row, Mapping) and head in row:
        inner = row[head]
    elif isinstance(row, list) and head.isdecimal() and int(head) < len(row):
        inner = row[int(head)]
    else:
        return ABSENT
    return reach(inner, rest) if dot else inner


def mapped(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """Our columns from theirs, ``columns`` (ours: theirs) where the row has them."""
    found = {ours: reach(row, theirs) for ours, theirs in columns.items()}
    return {ours: value for ours, value in found.items() if value is not ABSENT}
