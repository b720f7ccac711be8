"""Lines of a journal: how one record is written, recognised and read. Standard library only."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HEAD = b'{"crc32": "'  # then 8 hex digits
_KEY = b'", "key": "'  # then 64 hex digits
_RECORD = b'", "record": '
BODY = len(_HEAD) + 8 + len(_KEY) + 64 + len(_RECORD)  # offset of the record's own JSON
_CHUNK = 1 << 20


def encode(key: str, record: dict[str, Any]) -> bytes:
    """One journal line, newline included."""
    body = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A lone surrogate cannot be written as UTF-8; engines replace them, this is the last guard.
    sealed = _KEY + key.encode("ascii") + _RECORD + body.encode("utf-8", "replace") + b"}"
    return _HEAD + b"%08x" % zlib.crc32(sealed) + sealed + b"\n"


def sound(line: bytes) -> bool:
    """Whether ``line`` (without newline) is a whole record with a fitting checksum."""
    start = len(_HEAD) + 8
    if len(line) <= BODY or not line.startswith(_HEAD):
        return False
    try:
        expected = int(line[len(_HEAD) : start], 16)
    except ValueError:
        return False
    return zlib.crc32(line[start:]) == expected


def key_of(line: bytes) -> str:
    """Key of a sound line."""
    start = len(_HEAD) + 8 + len(_KEY)
    return line[start : start + 64].decode("ascii")


def scan(path: Path, start: int = 0) -> Iterator[tuple[str, int, int]]:
    """Whole lines of a journal from offset ``start`` on: key, offset, length without newline.

    The key of a damaged line is empty. A last line without its newline is left out: it may be
    half written.
    """
    with path.open("rb") as file:
        file.seek(start)
        offset, rest = start, b""
        while chunk := file.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield key_of(line) if sound(line) else "", offset, len(line)
                offset += len(line) + 1


def sound_record(line: bytes, key: str) -> bytes | None:
    """JSON of the record in ``line`` (no newline) if its checksum fits and it is ``key``'s."""
    return line[BODY:-1] if sound(line) and key_of(line) == key else None
