"""Run untrusted programs in the sandbox, within limits that do not depend on the machine's load.

Limits: CPU time of each test with all its processes, address space of each process, processes,
file size, files, and, watched from outside, CPU time, memory and number of processes of the whole
sandbox. A program that only waits is ended, by the time it waits. Wall-clock time bounds what is
left, and says nothing of the program: a machine that busy leaves it undecided.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import psutil

from itc.grading import _cgroup
from itc.grading._bubblewrap import HERE, command, contained, dropping, usage
from itc.grading._room import room as plain_room

RUNNER = HERE / "_runner.py"
MEMORY = 1024 * 2**20
TOGETHER = 2  # times the memory of one process: all processes of the sandbox
OUTPUT = 8 * 2**20
PROCESSES = 64
POLL_SECONDS = 0.05
WAIT_SECONDS = 10.0  # in which no process wants to run: a program that sleeps
WALL_FACTOR, WALL_SECONDS = 3.0, 10.0  # of the CPU time of all tests, and beside it
LINE = 100  # bytes of a report's first line


class Report(NamedTuple):
    """How a test ended: ``output`` is None where its ``size`` is more than was asked for."""

    exit: int
    size: int
    output: bytes | None


class Ran(NamedTuple):
    """Tests that ended at all, those that were accepted, which limit ended the run, if any, and the
    exit of the last test that ended.

    ``stopped``: ``time``, ``memory``, ``processes``, ``waits``, or ``stalled`` (the machine).
    """

    ended: int
    accepted: int
    stopped: str | None
    exit: int | None = None


def run(
    code: str,
    tests: list[dict[str, Any]],
    accept: Callable[[int, Report], bool],
    name: str | None = None,
    cpu_seconds: float = 6.0,
    memory: int = MEMORY,
    most: list[int] | None = None,
    room: Mapping[str, Any] | None = None,
) -> Ran:
    """Run ``code`` on each test (``input`` as standard input, or ``args`` of function ``name``).

    ``accept`` is given each test's number and report as soon as it ends; the run ends at the first
    that it does not accept, or that ends badly. ``cpu_seconds`` is per test, ``most`` the bytes of
    output that are read of each (OUTPUT if not given). ``room`` is what ``_room.room`` describes:
    names and limits that the program finds.
    """
    inside = contained()
    # without a sandbox the kernel counts all that the user runs, so what runs already is added
    processes = PROCESSES + (0 if inside else _running())
    limits = {"cpu": cpu_seconds, "memory": memory, "output": OUTPUT, "processes": processes}
    texts = [json.dumps(test).encode() for test in tests]
    most = [OUTPUT] * len(tests) if most is None else most
    found = dict(room or plain_room(name, livecodebench=False))
    header = {"code": code, "name": name, "limits": limits, "most": most, "room": found}
    text = json.dumps({**header, "sizes": [len(t) for t in texts]}).encode()
    line = [sys.executable, "-I", "-S", str(RUNNER)]
    if inside:
        line = [*command(first=True), "/box/_runner.py", "--contained", *dropping()]
    with (
        tempfile.TemporaryFile() as handle,
        tempfile.TemporaryDirectory() as folder,
        _lifeline() as lifeline,
        _cgroup.bound(TOGETHER * memory) if inside else _cgroup.Group() as group,
    ):
        handle.write(b"%016d" % len(text))
        handle.writelines([text, *texts])
        handle.seek(0)
        process = subprocess.Popen(
            group.entering([*line, str(lifeline)]),
            stdin=handle,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd=folder,  # a sandbox has its own
            start_new_session=True,
            pass_fds=[lifeline],
        )
        try:
            cpu = cpu_seconds * max(1, len(tests))
            return _Followed(process, accept, cpu, memory, group).to_the_end()
        finally:
            _end(process)


@contextlib.contextmanager
def _lifeline() -> Iterator[int]:
    """The end of a pipe by which a runner sees that this process has ended."""
    lifeline, held = os.pipe()
    try:
        yield lifeline
    finally:
        os.close(lifeline)
        os.close(held)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End bubblewrap and what is below it."""
    tree = []
    with contextlib.suppress(psutil.Error):
        tree = psutil.Process(process.pid).children()
    process.kill()
    for below in tree:  # as process 1 of its namespace its end is that of all others in there
        with contextlib.suppress(psutil.Error):
            below.kill()
    process.wait()
    process.stdout.close()  # type: ignore[union-attr]


def _running() -> int:
    """Threads of this user, as the kernel's limit of processes counts them."""
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            count += process.num_threads() if process.uids().real == os.getuid() else 0
    return count


class _Followed:
    """A run that is read and watched; nothing of what it writes is kept longer than one test."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        accept: Callable[[int, Report], bool],
        cpu: float,
        memory: int,
        group: _cgroup.Group,
    ):
        self.process, self.accept, self.cpu, self.memory = process, accept, cpu, memory
        self.group = group
        self.buffer = bytearray()
        self.ended = self.accepted = 0
        self.exit: int | None = None
        self.waited = 0.0

    def to_the_end(self) -> Ran:
        """Read reports until the run ends, one is not accepted, or a limit is reached."""
        start = looked = time.monotonic()
        pipe = self.process.stdout.fileno()  # type: ignore[union-attr]
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while True:
                for _ in selector.select(POLL_SECONDS):
                    chunk = os.read(pipe, 1 << 16)
                    self.buffer += chunk
                    if not chunk or not self._reports():
                        full = self.group.exhausted()
                        stopped = "memory" if full else None
                        return Ran(self.ended, self.accepted, stopped, self.exit)
                now = time.monotonic()
                if now - looked >= POLL_SECONDS:
                    stopped = self._look(now - start, now - looked)
                    looked = time.monotonic()
                    if stopped:
                        return Ran(self.ended, self.accepted, stopped)

    def _reports(self) -> bool:
        """Take the whole reports out of the buffer; whether the run goes on."""
        while (end := self.buffer.find(b"\n", 0, LINE)) >= 0:
            try:
                code, size, sent = map(int, self.buffer[:end].split())
            except ValueError:
                return False
            if len(self.buffer) < end + 1 + sent:
                return 0 <= sent <= OUTPUT
            output = bytes(self.buffer[end + 1 : end + 1 + sent]) if sent == size else None
            del self.buffer[: end + 1 + sent]
            self.ended, self.exit = self.ended + 1, code
            if code != 0 or self.group.exhausted():
                return False
            if not self.accept(self.ended - 1, Report(code, size, output)):
                return False
            self.accepted += 1
        return len(self.buffer) < LINE

    def _look(self, elapsed: float, since: float) -> str | None:
        """Which limit is reached, if any."""
        cpu, used, count, waiting = usage(self.process.pid)
        if waiting:  # a late look says nothing of the time before it
            self.waited += min(since, 2 * POLL_SECONDS)
        if cpu > self.cpu + 1.0 * (self.ended + 1) + 5.0:
            return "time"
        if used > self.memory * TOGETHER or self.group.exhausted():
            return "memory"
        if count > PROCESSES * 2:
            return "processes"
        if self.waited > WAIT_SECONDS:
            return "waits"
        return "stalled" if elapsed > WALL_FACTOR * self.cpu + WALL_SECONDS else None
