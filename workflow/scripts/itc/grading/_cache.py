"""Verdicts of symbolic comparisons on disk, addressed by content.

One small JSON file per grader version and left-hand side; a file is replaced whole, so readers
never see half of one, and two jobs that write at once lose a few entries at worst, never a truth.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from itc.fingerprint import fingerprint
from itc.grading._pool import CPU_SECONDS, MEMORY, Result, Task

log = logging.getLogger(__name__)
LIBRARIES = ("math-verify", "latex2sympy2_extended", "antlr4-python3-runtime", "sympy")
# Ends that say something about the machine, not about the task.
NOT_KEPT = frozenset({"crash", "stalled"})


@lru_cache(maxsize=1)
def libraries() -> dict[str, str]:
    """Versions of the libraries that verdicts depend on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


class Cache:
    """Results by task below ``folder``; without a folder it only remembers within the process."""

    def __init__(self, folder: Path | None):
        self.folder = folder
        self._known: dict[Path, dict[str, list[object]]] = {}
        self._changed: dict[Path, dict[str, list[object]]] = {}

    def _file(self, task: Task) -> Path:
        identity = [
            fingerprint(f"grading.{task.type}"),
            libraries(),
            CPU_SECONDS,
            MEMORY,
            task.call,
            task.args[0],
        ]
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        return (self.folder or Path()) / digest[:2] / f"{digest[2:34]}.json"

    @staticmethod
    def _entry(task: Task) -> str:
        return json.dumps(task.args[1:], sort_keys=True)

    def get(self, task: Task) -> Result | None:
        """Stored result of ``task``, or None."""
        path = self._file(task)
        if path not in self._known:
            self._known[path] = self._read(path)
        found = self._known[path].get(self._entry(task))
        return Result(*found) if found else None  # type: ignore[arg-type]

    def put(self, tasks: Iterable[Task], results: Iterable[Result]) -> None:
        """Remember results; written by ``flush``."""
        for task, result in zip(tasks, results, strict=True):
            if result.cause not in NOT_KEPT:
                path = self._file(task)
                self._known.setdefault(path, {})[self._entry(task)] = list(result)
                self._changed.setdefault(path, {})[self._entry(task)] = list(result)

    def flush(self) -> None:
        """Write what is new, beside what other jobs have written meanwhile."""
        changed, self._changed = self._changed, {}
        if self.folder is None:
            return
        for path, entries in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
            partial.write_text(json.dumps({**self._read(path), **entries}, sort_keys=True))
            os.replace(partial, path)

    def _read(self, path: Path) -> dict[str, list[object]]:
        if self.folder is None:
            return {}
        try:
            found = json.loads(path.read_text())
            return found if isinstance(found, dict) else {}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.warning("grading cache: %s is not readable (%s); it is made again", path, error)
            return {}


_opened: dict[Path | None, Cache] = {}


def opened(folder: Path | str | None) -> Cache:
    """The process's cache below ``folder``."""
    key = None if folder is None else Path(folder)
    return _opened.setdefault(key, Cache(key))
