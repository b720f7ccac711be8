"""Append-only journal of finished requests: the truth of what was generated.

One file per (model, procedure and its hash, shard). Each line is a JSON object

    {"crc32": "1f0c55aa", "key": "<64 hex digits>", "record": {...}}

whose checksum covers every byte behind it, so a torn or damaged record is recognised without
trusting its JSON. Records are found by key (see ``request_key``); a parquet shard is a view rebuilt
from them. Nothing read here is ever deleted silently: a torn tail is moved to ``*.damaged``
before the file is appended to, damaged lines in the middle stay where they are and are counted.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from itc.atomic import MENDS
from itc.config.identity import canonical
from itc.journal_lines import BODY, encode, key_of, sound

_CHUNK = 1 << 20
_NO_FLOCK = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}


class JournalError(RuntimeError):
    """A journal cannot be used; the message names the file and the mend."""


class JournalBusyError(JournalError):
    """Another job holds the journal."""


def request_key(content: Any) -> str:
    """Content address of a request: sha256 over its canonical JSON, 64 hex digits.

    ``content`` holds everything that decides the answer: messages, continuation prefix, sampling
    parameters with the seed, and the model's identity. Two draws of one prompt differ in the seed.
    """
    return hashlib.sha256(canonical(content)).hexdigest()


class Journal:
    """One journal file, opened for reading and appending under an exclusive lock.

    Use as a context manager. ``damaged`` counts lines whose checksum does not fit and ``torn``
    is the length in bytes of the incomplete tail that was set aside.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        wait: float | None = None,
        tell: Callable[[str], None] | None = None,
        sync_seconds: float = 1.0,
    ) -> None:
        """Open ``path``, made if missing.

        wait: seconds to wait for another job that holds the file; 0 refuses at once, None waits
        for ever. tell: receives messages for the log. sync_seconds: at most one fsync in so long.
        Raises JournalBusyError, and JournalError where the file system cannot lock or write.
        """
        self.path = Path(path)
        self.damaged = 0
        self.torn = 0
        self._tell = tell or (lambda message: None)
        self._sync_seconds = sync_seconds
        self._where: dict[str, tuple[int, int]] = {}  # key -> offset and length of the JSON
        with self._explained("cannot be opened for writing"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._lock(wait)
            with self._explained("cannot be mended after the last interruption"):
                self._end = self._scan()
        except BaseException:
            os.close(self._file)
            raise
        self._synced = time.monotonic()
        self._unsynced = False

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, key: str) -> bool:
        return key in self._where

    def keys(self) -> Iterator[str]:
        """Keys of all sound records, in the order they were first written."""
        return iter(self._where)

    def get(self, key: str) -> dict[str, Any] | None:
        """The record of ``key`` or None; read from the file each time, so memory stays flat."""
        found = self._where.get(key)
        if found is None:
            return None
        result: dict[str, Any] | None = json.loads(self._read(*found))
        return result

    def append(self, key: str, record: dict[str, Any]) -> None:
        """Write one record with a single system call; on a full disk nothing of it remains."""
        line = encode(key, record)
        try:
            self._write(line)
        except OSError as error:
            self._cut()
            raise JournalError(
                f"{self.path}: cannot write the response ({error.strerror}). The "
                f"{len(self)} responses before it are safe; make room and start the same "
                f"command again, it asks only for what is missing"
            ) from error
        self._where[key] = (self._end + BODY, len(line) - BODY - 2)
        self._end += len(line)
        self._unsynced = True
        if time.monotonic() - self._synced >= self._sync_seconds:
            self.sync()

    def sync(self) -> None:
        """Force what was appended onto the disk; raises JournalError where that fails."""
        if self._unsynced:
            with self._explained("the last responses may not have reached the disk"):
                os.fsync(self._file)
            self._unsynced = False
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync, release the lock and close; closing twice is harmless."""
        if self._file >= 0:
            file, self._file = self._file, -1
            try:
                if self._unsynced:
                    with self._explained("the last responses may not have reached the disk"):
                        os.fsync(file)
            finally:
                os.close(file)  # closing releases the lock

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Errors of the file system as JournalError: the file, what happened, the mend."""
        try:
            yield
        except OSError as error:
            raise JournalError(
                f"{self.path}: {what} ({error.strerror}); what it holds is untouched. "
                f"{MENDS.get(error.errno or 0, 'look at the disk').capitalize()} and start the "
                "same command again"
            ) from error

    def _lock(self, wait: float | None) -> None:
        started = time.monotonic()
        told = None
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                waited = time.monotonic() - started
                if wait is not None and waited >= wait:
                    raise JournalBusyError(
                        f"{self.path}: another job is writing this journal (waited {waited:.0f} s)."
                        f" Let it finish or cancel it, then start again"
                    ) from None
                if told is None or waited - told >= 60:
                    told = waited
                    self._tell(f"waiting for another job that holds {self.path}")
                time.sleep(0.2)
            except OSError as error:
                if error.errno not in _NO_FLOCK:
                    raise
                raise JournalError(
                    f"{self.path}: this file system has no file locks ({error.strerror}); put "
                    f"the journal on one that has (setting `journal` of the study)"
                ) from error

    def _read(self, offset: int, length: int) -> bytes:
        parts = []
        while length:
            part = os.pread(self._file, length, offset)
            if not part:
                raise JournalError(f"{self.path}: shorter than when it was opened; who cut it?")
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return b"".join(parts)

    def _write(self, line: bytes) -> None:
        done = 0
        while done < len(line):
            done += os.pwrite(self._file, line[done:], self._end + done)

    def _cut(self) -> None:
        """Take back a partly written record; where even that fails the next opening does it."""
        try:
            os.ftruncate(self._file, self._end)
        except OSError as error:
            self._tell(f"{self.path}: the torn record stays until the next start ({error})")

    def _scan(self) -> int:
        """Index all sound records, set a torn tail aside; returns where to append."""
        offset, rest = 0, b""
        position = 0
        while chunk := os.pread(self._file, _CHUNK, position):
            position += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._index(line, offset)
                offset += len(line) + 1
        if rest and sound(rest):  # whole but for its newline
            os.pwrite(self._file, b"\n", offset + len(rest))
            self._index(rest, offset)
            offset += len(rest) + 1
        elif rest:
            self._set_aside(rest, offset)
        if self.damaged:
            self._tell(
                f"{self.path}: {self.damaged} damaged records are left out and will be asked for "
                f"again; the damaged bytes stay in the file"
            )
        return offset

    def _index(self, line: bytes, offset: int) -> None:
        if sound(line):
            # The first record of a key wins, so a table never changes once it was written.
            self._where.setdefault(key_of(line), (offset + BODY, len(line) - BODY - 1))
        elif line:
            self.damaged += 1

    def _set_aside(self, rest: bytes, offset: int) -> None:
        self.torn = len(rest)
        side = self.path.with_name(self.path.name + ".damaged")
        with side.open("ab") as file:
            file.write(rest + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.ftruncate(self._file, offset)
        self._tell(
            f"{self.path}: the last record was torn ({self.torn} bytes, kept in {side.name}); "
            f"its request will be asked for again"
        )
