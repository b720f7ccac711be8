"""Which journal holds the answer to a request: found by the request's key, whatever path.

A folder ``{model}/{procedure}-{hash}`` is a convenience. The same request may lie under another
hash: a later version words an identity otherwise, or somebody renamed the folder. Beside every
journal lies a file of its keys, ``{shard}.keys``: sorted, with the place of each record, and up to
where the journal was read. It is made when first wanted and extended by what was added since, so a
start reads no journal twice. It is derived from one file alone and replaced as a whole: two jobs
that write it at once write the same, and where it cannot be written it is made in memory.

Nothing found here is believed: a record counts only if its own checksum and key fit.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from itc.atomic import replaced
from itc.journal_lines import scan, sound_record

_HEAD = struct.Struct(">8sQQ")  # magic, bytes of the journal that were read, its inode
_ENTRY = struct.Struct(">32sQQ")  # key, offset and length of the line
_MAGIC = b"itckeys1"


def path_beside(journal: Path) -> Path:
    """File of the keys of a journal."""
    return journal.with_suffix(".keys")


def procedure_of(folder: str) -> str:
    """Name of the procedure in a folder's name ``{procedure}-{hash}``."""
    return folder.rpartition("-")[0]


class Keys:
    """Sorted keys of one journal."""

    def __init__(self, journal: Path) -> None:
        """Bring the keys of ``journal`` up to date; raises OSError where it cannot be read."""
        self.journal = journal
        status = journal.stat()
        read, data = _load(path_beside(journal), status.st_ino)
        if read > status.st_size:  # it was cut: begin anew
            read, data = 0, b""
        if read < status.st_size:
            known = {data[i : i + 32] for i in range(0, len(data), _ENTRY.size)}
            entries = [data[i : i + _ENTRY.size] for i in range(0, len(data), _ENTRY.size)]
            end = read
            for key, offset, length in scan(journal, read):
                end = offset + length + 1
                if key and (raw := bytes.fromhex(key)) not in known:
                    known.add(raw)  # the first record of a key wins, as in the journal itself
                    entries.append(_ENTRY.pack(raw, offset, length))
            data = b"".join(sorted(entries))
            if end > read:
                _store(path_beside(journal), end, status.st_ino, data)
        self._data = data
        starts = range(0, len(data), _ENTRY.size)
        self._heads = array("Q", (int.from_bytes(data[i : i + 8], "big") for i in starts))

    def __len__(self) -> int:
        return len(self._heads)

    def find(self, key: str) -> tuple[int, int] | None:
        """Offset and length of the line of ``key``, or None."""
        raw = bytes.fromhex(key)
        head = int.from_bytes(raw[:8], "big")
        number = bisect_left(self._heads, head)
        while number < len(self) and self._heads[number] == head:
            found, offset, length = _ENTRY.unpack_from(self._data, number * _ENTRY.size)
            if found == raw:
                return offset, length
            number += 1
        return None

    def read(self, key: str) -> dict[str, Any] | None:
        """The record of ``key``; None where there is none, or its checksum or key does not fit."""
        place = self.find(key)
        if place is None:
            return None
        with self.journal.open("rb") as file:
            file.seek(place[0])
            line = file.read(place[1])
        body = sound_record(line, key)
        if body is None:
            return None
        record: dict[str, Any] = json.loads(body)
        return record


class Elsewhere:
    """Journals of one model and procedure, except those that the asking job holds itself."""

    def __init__(
        self,
        root: str | Path,
        model: str,
        procedure: str,
        own: set[Path],
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """own: journals that the job has open. tell: receives one message per journal at fault."""
        self._found = [p for p in journals(root, model, procedure) if p not in own]
        self._tell = tell or (lambda message: print(message, file=sys.stderr, flush=True))
        self._keys: list[Keys] | None = None  # made when a first answer is missed

    def get(self, key: str) -> tuple[dict[str, Any], Path] | None:
        """The record of ``key`` and the journal that holds it, or None."""
        if self._keys is None:
            self._keys = list(self._opened())
        for keys in self._keys:
            try:
                record = keys.read(key)
            except OSError as error:
                self._tell(f"{keys.journal}: not read ({error.strerror}); nothing is taken from it")
                self._keys = [other for other in self._keys if other is not keys]
                continue
            if record is not None:
                return record, keys.journal
        return None

    def _opened(self) -> Iterator[Keys]:
        for path in self._found:
            try:
                keys = Keys(path)
            except OSError as error:
                self._tell(f"{path}: not read ({error.strerror}); nothing is taken from it")
                continue
            if len(keys):
                yield keys


def journals(root: str | Path, model: str, procedure: str) -> list[Path]:
    """Journals of a model and procedure below ``root``, whatever the hash of their folder."""
    place = Path(root) / model
    if not place.is_dir():
        return []
    folders = sorted(f for f in place.iterdir() if procedure_of(f.name) == procedure)
    return [path for folder in folders for path in sorted(folder.glob("*.jsonl"))]


def _load(path: Path, inode: int) -> tuple[int, bytes]:
    try:
        content = path.read_bytes()
    except OSError:
        return 0, b""
    if len(content) < _HEAD.size or (len(content) - _HEAD.size) % _ENTRY.size:
        return 0, b""
    magic, read, of = _HEAD.unpack_from(content)
    return (read, content[_HEAD.size :]) if (magic, of) == (_MAGIC, inode) else (0, b"")


def _store(path: Path, read: int, inode: int, data: bytes) -> None:
    if os.access(path.parent, os.W_OK):
        try:
            replaced(path, _HEAD.pack(_MAGIC, read, inode) + data)
        except OSError:
            return  # a full or read-only disk: it is made again next time
