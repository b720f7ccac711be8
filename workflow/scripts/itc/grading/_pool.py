"""Persistent worker processes with a limit of CPU time and memory for every task.

Wall-clock limits make verdicts depend on the load of the machine, so there is none here: a task
has limits of CPU time and memory, and a worker that exceeds either is replaced. Each task first has
a small part of its time on a warm worker; one that needs more starts again on a fresh worker.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from itc.grading import _bubblewrap
from itc.grading._cgroup import Group
from itc.grading._start import apart, start

CPU_SECONDS = 2.0
PROBE_SECONDS = 0.5
MEMORY = 1024 * 2**20  # bytes above the worker's own size
TOGETHER = 2  # times as much: the worker and all that it starts
TASKS_PER_WORKER = 400
RECYCLE = 2000  # tasks after which a worker is replaced, as its caches have grown
# A worker that waits (not: that gets no CPU) for so long is dead. Load never causes this.
STALL_SECONDS = 60.0
POLL_SECONDS = 0.1
PACKAGE_PARENT = Path(__file__).resolve().parents[2]


class Task(NamedTuple):
    """Function ``call`` of grader ``type``; the last of ``args`` is the problem as JSON text."""

    type: str
    call: str
    args: tuple[str, ...]


class Result(NamedTuple):
    """``value`` of a task, or the ``cause`` that it has none.

    ``timeout`` (CPU time), ``memory``, ``crash`` (on two workers), ``stalled``, a grader's own.
    """

    value: Any = None
    cause: str | None = None


@dataclass
class _Worker:
    type: str
    process: subprocess.Popen[bytes]
    watch: psutil.Process
    group: Group
    contained: bool = False  # in the sandbox: the process is bubblewrap, the worker is below it
    ready: bool = False
    done: int = 0
    job: int | None = None  # index of the task under way
    cpu_limit: float = 0.0
    buffer: bytes = b""
    started: float = 0.0  # CPU seconds when the task began
    seen: tuple[float, float] = (0.0, 0.0)  # CPU seconds, and when they last changed
    killed: str | None = None
    died: bool = False  # ended by itself or by others, not for a limit of ours
    pending: bytes = field(default=b"")


class Pool:
    """Bounded workers; close it, or use it as a context manager. Not for several threads."""

    def __init__(
        self,
        workers: int = 1,
        cpu_seconds: float = CPU_SECONDS,
        memory: int = MEMORY,
        probe_seconds: float = PROBE_SECONDS,
    ):
        if workers < 1 or cpu_seconds <= 0:
            raise ValueError(f"workers {workers} and cpu_seconds {cpu_seconds} must be positive")
        self.workers, self.cpu_seconds, self.memory = workers, cpu_seconds, memory
        self.probe_seconds = min(probe_seconds, cpu_seconds)
        self._idle: list[_Worker] = []
        self.replaced = 0  # workers ended for exceeding a limit

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, tasks: Sequence[Task]) -> list[Result]:
        """Run all tasks; results in their order. Never raises for what a task does."""
        results: list[Result | None] = [None] * len(tasks)
        warm = deque(range(len(tasks)))
        fresh: deque[int] = deque()
        lost: set[int] = set()  # tasks whose worker died once: another process's doing, perhaps
        active: list[_Worker] = []
        # Starting a worker costs as much as many easy tasks.
        wanted = min(self.workers, 1 + len(tasks) // TASKS_PER_WORKER)
        with selectors.DefaultSelector() as selector:
            while warm or fresh or active:
                while (warm or fresh) and len(active) < wanted:
                    active.append(self._assign(tasks, warm, fresh, selector))
                for key, _ in selector.select(POLL_SECONDS):
                    self._receive(key.data, selector)
                for worker in list(active):
                    self._watch(worker)
                    outcome = self._outcome(worker)
                    if outcome is None:
                        continue
                    active.remove(worker)
                    selector.unregister(worker.process.stdout)  # type: ignore[arg-type]
                    job = worker.job
                    assert job is not None
                    if outcome.cause == "timeout" and worker.cpu_limit < self.cpu_seconds:
                        fresh.append(job)
                    elif worker.died and job not in lost:
                        lost.add(job)
                        fresh.append(job)
                    else:
                        results[job] = outcome
                    self._release(worker)
        return [result if result is not None else Result(cause="crash") for result in results]

    def close(self) -> None:
        """End all workers."""
        while self._idle:
            self._end(self._idle.pop())

    # -- one worker -------------------------------------------------------------------------------

    def _assign(
        self,
        tasks: Sequence[Task],
        warm: deque[int],
        fresh: deque[int],
        selector: selectors.BaseSelector,
    ) -> _Worker:
        """Give the next task to a worker; tasks that timed out before get a new one."""
        again = bool(fresh)
        job = fresh.popleft() if again else warm.popleft()
        task = tasks[job]
        worker = None
        for candidate in self._idle:
            fit = candidate.type == task.type
            fit = fit and candidate.contained == (apart(task.type) and _bubblewrap.contained())
            if fit and (not again or candidate.done == 0):
                worker = candidate
                self._idle.remove(candidate)
                break
        if worker is None:
            while len(self._idle) >= self.workers:
                self._end(self._idle.pop(0))
            worker = self._start(task.type)
        worker.job = job
        # A worker that handles each task in a process of its own is always fresh.
        worker.cpu_limit = self.cpu_seconds if again or apart(task.type) else self.probe_seconds
        request = {**task._asdict(), "cpu": worker.cpu_limit}
        worker.pending = json.dumps(request).encode() + b"\n"
        if worker.ready:
            self._send(worker)
        selector.register(worker.process.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type]
        return worker

    def _start(self, kind: str) -> _Worker:
        process, contained, group = start(kind, PACKAGE_PARENT, TOGETHER * self.memory)
        worker = _Worker(kind, process, psutil.Process(process.pid), group, contained)
        assert process.stdin is not None
        how = {"type": kind, "memory": self.memory, "apart": apart(kind), "contained": contained}
        self._write(worker, json.dumps(how).encode() + b"\n")
        return worker

    def _send(self, worker: _Worker) -> None:
        # Looking into a sandbox takes longer than most tasks, so only what lasts is looked at.
        worker.started = -1.0 if worker.contained else self._cpu(worker)
        worker.seen = (worker.started, time.monotonic())
        self._write(worker, worker.pending)

    @staticmethod
    def _write(worker: _Worker, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):  # its end is seen when its replies are read
            worker.process.stdin.write(data)  # type: ignore[union-attr]
            worker.process.stdin.flush()  # type: ignore[union-attr]

    def _receive(self, worker: _Worker, selector: selectors.BaseSelector) -> None:
        data = os.read(worker.process.stdout.fileno(), 1 << 16)  # type: ignore[union-attr]
        if not data:
            if not worker.killed:
                worker.killed = self._epitaph(worker)
                worker.died = worker.killed == "crash"
            return
        worker.buffer += data
        if not worker.ready and b"\n" in worker.buffer:
            worker.ready = True
            worker.buffer = worker.buffer.split(b"\n", 1)[1]
            self._send(worker)

    @staticmethod
    def _epitaph(worker: _Worker) -> str:
        worker.process.wait()
        code = worker.process.returncode
        if worker.contained and code > 128:  # how bubblewrap passes a signal on
            code = 128 - code
        if code == -signal.SIGPROF:
            return "timeout"
        # SIGKILL is not ours, which are noted before: somebody's, or the kernel's for want of
        # memory on a full machine. It says nothing of the task, so it is no verdict to keep.
        return "memory" if code == -signal.SIGABRT else "crash"

    def _watch(self, worker: _Worker) -> None:
        """End a worker beyond its limits that the kernel has not ended (second line of defence)."""
        if not worker.ready or worker.killed or b"\n" in worker.buffer:
            return
        try:
            if worker.contained:
                cpu, memory, _, waiting = _bubblewrap.usage(worker.process.pid)
            else:
                cpu, memory = self._cpu(worker), worker.watch.memory_info().rss
                waiting = worker.watch.status() not in (psutil.STATUS_RUNNING, psutil.STATUS_WAKING)
        except psutil.Error:
            return
        now = time.monotonic()
        if worker.started < 0:
            worker.started = cpu
        if cpu != worker.seen[0] or not waiting:
            worker.seen = (cpu, now)
        if cpu - worker.started > worker.cpu_limit + 1.0:
            self._kill(worker, "timeout")
        elif memory > self.memory * TOGETHER:
            self._kill(worker, "memory")
        elif now - worker.seen[1] > STALL_SECONDS:
            self._kill(worker, "stalled")

    @staticmethod
    def _cpu(worker: _Worker) -> float:
        try:
            times = worker.watch.cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    @staticmethod
    def _kill(worker: _Worker, cause: str) -> None:
        worker.killed = cause
        worker.process.kill()

    @staticmethod
    def _outcome(worker: _Worker) -> Result | None:
        over = worker.killed == "crash" or b"\n" in worker.buffer
        if over and worker.group.exhausted():  # the task's doing: it alone runs in the group
            worker.killed, worker.died = "memory", False
        if worker.killed:
            return Result(cause=worker.killed)
        if not worker.ready or b"\n" not in worker.buffer:
            return None
        line, worker.buffer = worker.buffer.split(b"\n", 1)
        reply = json.loads(line)
        return Result(reply.get("value"), reply.get("cause"))

    def _release(self, worker: _Worker) -> None:
        worker.done += 1
        worker.job = None
        if worker.killed:
            self.replaced += 1
            self._end(worker)
        elif worker.done >= RECYCLE:
            self._end(worker)
        else:
            self._idle.append(worker)

    @staticmethod
    def _end(worker: _Worker) -> None:
        worker.process.kill()
        worker.process.wait()
        for pipe in (worker.process.stdin, worker.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]
        worker.group.remove()


_shared: dict[int, Pool] = {}


def shared(workers: int = 1) -> Pool:
    """The process's own pool of so many workers; started when first used, ended at exit."""
    if workers not in _shared:
        _shared[workers] = Pool(workers)
        atexit.register(_shared[workers].close)
    return _shared[workers]
