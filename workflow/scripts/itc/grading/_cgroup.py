"""A memory cgroup for each sandboxed program or worker, where this user can make one.

The kernel charges to it what no limit of a process counts: buffers of sockets and pipes, pages of
/tmp, page tables. At the limit it ends processes of this group and of no other. Version 1 makes the
group below the grader's own. Version 2 allows no group below one that holds processes, so it is
made beside the grader's own, if the parent hands the controller ``memory`` on. The grader itself
never moves: a shell joins the group and becomes the program.

Where no group can be made, the other bounds of the sandbox hold alone, and the log says so once.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import itertools
import logging
import os
import signal
import subprocess
import threading
import time
from functools import cache
from pathlib import Path

import psutil

from itc.grading._cgroup_place import namespace, place

log = logging.getLogger(__name__)
# Beside the limit of a program's own memory: 64 MiB of /tmp, the runner, tables of the kernel.
ALLOWANCE = 128 * 2**20
REMOVE_SECONDS = 10.0  # a loaded machine takes long to free what processes held
JOIN = 'echo $$ > "$0" && exec "$@"'
EVENTS = {1: "memory.oom_control", 2: "memory.events"}  # how many processes it ended
# What is written, in this order: the limit, then what a kernel may lack.
LIMIT = {1: "memory.limit_in_bytes", 2: "memory.max"}
MORE: dict[int, dict[str, str | None]] = {
    1: {"memory.memsw.limit_in_bytes": None},  # of memory and swap together
    2: {"memory.swap.max": "0", "memory.oom.group": "1"},  # all of the group end together
}
_numbers = itertools.count()
_lock = threading.Lock()


class Group:
    """A cgroup, or none: then it changes no command and is never exhausted."""

    def __init__(self, folder: Path | None = None, version: int = 1):
        self.folder, self.version = folder, version

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def entering(self, line: list[str]) -> list[str]:
        """``line`` as a command that joins the group first; it does not run if it cannot join."""
        if self.folder is None:
            return line
        return ["/bin/sh", "-c", JOIN, str(self.folder / "cgroup.procs"), *line]

    def exhausted(self) -> bool:
        """Whether the kernel ended a process of the group because its memory was used up."""
        return self.folder is not None and _kills(self.folder / EVENTS[self.version]) > 0

    def remove(self) -> None:
        """End what is left in the group and remove it; one that stays is removed by ``clean``."""
        deadline = time.monotonic() + REMOVE_SECONDS
        while self.folder is not None:
            try:
                self.folder.rmdir()
            except OSError as error:  # processes that still end
                with contextlib.suppress(OSError):
                    for pid in map(int, (self.folder / "cgroup.procs").read_text().split()):
                        if pid > 0:  # 0: of another namespace
                            os.kill(pid, signal.SIGKILL)
                if time.monotonic() < deadline and error.errno == errno.EBUSY:
                    time.sleep(0.005)
                    continue
            self.folder = None


def bound(memory: int) -> Group:
    """A new group of ``memory`` and ALLOWANCE bytes; the empty Group where none can be made."""
    with _lock:  # a second trial would clean away what the first made
        found = _usable()
    try:
        return Group() if found is None else _make(*found, memory + ALLOWANCE)
    except (OSError, ValueError) as error:
        log.warning("no memory cgroup for once (%s); the sandbox's other bounds hold", error)
        return Group()


def _make(parent: Path, version: int, limit: int) -> Group:
    folder = parent / f"itc-{namespace()}-{os.getpid()}-{next(_numbers)}"
    folder.mkdir()
    try:
        _write(folder / LIMIT[version], str(limit))
        for name, value in MORE[version].items():
            if (folder / name).exists():
                _write(folder / name, value or str(limit))
        _kills(folder / EVENTS[version])
    except (OSError, ValueError):
        folder.rmdir()
        raise
    return Group(folder, version)


@cache
def _usable() -> tuple[Path, int] | None:
    """Where groups can be made and the version, or None; tried once, with a process that joins."""
    try:
        parent, version = place()
        clean(parent)
        with _make(parent, version, ALLOWANCE) as group:
            line = group.entering(["/bin/true"])
            subprocess.run(line, check=True, capture_output=True, env={})
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.info("no memory cgroup here (%s); the sandbox's other bounds of memory hold", error)
        return None
    atexit.register(clean, parent)
    return parent, version


def clean(parent: Path) -> None:
    """Remove groups of this process, and of graders that ended and left them."""
    for folder in parent.glob(f"itc-{namespace()}-*"):
        pid = int(folder.name.split("-")[2])
        if pid == os.getpid() or not psutil.pid_exists(pid):
            Group(folder).remove()


def _kills(events: Path) -> int:
    """Processes that the kernel ended for want of memory; ValueError if the file does not say."""
    for line in events.read_text().splitlines():
        name, _, number = line.partition(" ")
        if name == "oom_kill":
            return int(number)
    raise ValueError(f"{events} does not count ended processes: a kernel before 4.13")


def _write(path: Path, text: str) -> None:
    """Write to a file that is there: an unknown one is an error, not a new file."""
    with open(os.open(path, os.O_WRONLY), "wb", buffering=0) as file:
        file.write(text.encode())
