"""Results of symbolic work on disk, addressed by content.

``folder/<version>/<bucket>.json``: the version is a digest of all that decides a result beside the
task itself (code of the grader and of its worker, versions of libraries and of Python, limits), a
bucket holds the tasks whose digest starts alike. A bucket is replaced whole, so a reader never sees
half of one and a kill leaves the old one; of two jobs that write the same bucket at once one loses
new entries, which are then computed again: never a wrong one. The cache is no output: deleting it,
or a folder that cannot be written, changes the time and no verdict.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import platform
import time
import uuid
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from itc.fingerprint import fingerprint
from itc.grading._pool import CPU_SECONDS, MEMORY, Result, Task

log = logging.getLogger(__name__)
LIBRARIES = (
    "math-verify",
    "latex2sympy2_extended",
    "antlr4-python3-runtime",
    "sympy",
    "mpmath",
    "gmpy2",
    "reasoning-gym",
)
# Ends that say something about the machine, not about the task.
NOT_KEPT = frozenset({"crash", "stalled"})
BUCKET_DIGITS = 3  # at most 4,096 files of one version
MAX_BYTES = 512 * 2**20
ABANDONED = 3600.0  # seconds after which the unfinished file of a killed job is removed

Bucket = dict[str, list[object]]


@lru_cache(maxsize=1)
def libraries() -> dict[str, str]:
    """Versions of what verdicts depend on beside our own code."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


@cache
def version_of(answer_type: str) -> str:
    """Digest of what decides a result of this grader: code, libraries, limits."""
    code = fingerprint(f"grading.{answer_type}", "grading._worker", "grading._pool")
    identity = [answer_type, code, libraries(), CPU_SECONDS, MEMORY]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


class Cache:
    """Results by task below ``folder``; without a folder it only remembers within the process."""

    def __init__(self, folder: Path | None, max_bytes: int = MAX_BYTES):
        self.folder, self.max_bytes = folder, max_bytes
        self._known: dict[tuple[str, str], Bucket] = {}
        self._changed: dict[tuple[str, str], Bucket] = {}
        self._pruned = False

    @staticmethod
    def _place(task: Task) -> tuple[tuple[str, str], str]:
        """(version, bucket) and the entry within it."""
        text = json.dumps([task.call, *task.args]).encode()
        digest = hashlib.sha256(text).hexdigest()
        at = version_of(task.type), digest[:BUCKET_DIGITS]
        return at, digest[BUCKET_DIGITS:40]

    def get(self, task: Task) -> Result | None:
        """Stored result of ``task``, or None."""
        at, entry = self._place(task)
        if at not in self._known:
            self._known[at] = self._read(at)
        found = self._known[at].get(entry)
        return Result(*found) if found else None  # type: ignore[arg-type]

    def put(self, tasks: Iterable[Task], results: Iterable[Result]) -> None:
        """Remember results; written by ``flush``."""
        for task, result in zip(tasks, results, strict=True):
            if result.cause not in NOT_KEPT:
                at, entry = self._place(task)
                self._known.setdefault(at, {})[entry] = list(result)
                self._changed.setdefault(at, {})[entry] = list(result)

    def flush(self) -> None:
        """Write what is new, beside what other jobs have written meanwhile."""
        changed, self._changed = self._changed, {}
        if self.folder is None or not changed:
            return
        try:
            for at, entries in changed.items():
                self._write(at, {**self._read(at), **entries})
            if not self._pruned:
                self._pruned = True
                prune(self.folder, self.max_bytes)
        except OSError as error:
            log.warning("grading cache: %s cannot be written (%s)", self.folder, error)

    def _file(self, at: tuple[str, str]) -> Path:
        return (self.folder or Path()) / at[0] / f"{at[1]}.json"

    def _write(self, at: tuple[str, str], entries: Bucket) -> None:
        path = self._file(at)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unique among the machines that share the folder, so not the process's number.
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
        try:
            partial.write_text(json.dumps(entries, sort_keys=True), encoding="utf-8")
            os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def _read(self, at: tuple[str, str]) -> Bucket:
        if self.folder is None:
            return {}
        path = self._file(at)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(found, dict) and all(map(_is_result, found.values())):
                return found
            log.warning("grading cache: %s holds no results; it is made again", path)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError, MemoryError) as error:
            log.warning("grading cache: %s is not readable (%s); it is made again", path, error)
        return {}


def _is_result(entry: object) -> bool:
    """Whether an entry is a result: a truth value, a judgement or constants, and a cause."""
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str | None)):
        return False
    value = entry[0]
    if not isinstance(value, list):
        return isinstance(value, bool | None)
    if value and isinstance(value[0], str):
        return len(value) == 3 and isinstance(value[1], str | None)
    return all(isinstance(pair, list) and len(pair) == 2 for pair in value)


def prune(folder: Path, max_bytes: int = MAX_BYTES) -> int:
    """Bound the cache below ``folder``; returns the bytes that are left.

    Removes unfinished files that a killed job left, then buckets until ``max_bytes`` are kept:
    those of the version written longest ago first, within a version the oldest. Safe beside jobs
    that read and write: what one of them misses it computes again.
    """
    files: list[tuple[float, float, int, Path]] = []
    for home in [path for path in folder.iterdir() if path.is_dir()]:
        written = home.stat().st_mtime  # replacing a bucket touches its folder
        for path in home.iterdir():
            with contextlib.suppress(FileNotFoundError):
                about = path.stat()
                if path.suffix != ".partial":
                    files.append((written, about.st_mtime, about.st_size, path))
                elif time.time() - about.st_mtime > ABANDONED:
                    path.unlink()
    total = sum(size for *_, size, _ in files)
    for *_, size, path in sorted(files):
        if total <= max_bytes:
            break
        path.unlink(missing_ok=True)
        total -= size
        with contextlib.suppress(OSError):  # not empty yet
            path.parent.rmdir()
    return total


_opened: dict[Path | None, Cache] = {}


def opened(folder: Path | str | None) -> Cache:
    """The process's cache below ``folder``."""
    key = None if folder is None else Path(folder)
    return _opened.setdefault(key, Cache(key))
