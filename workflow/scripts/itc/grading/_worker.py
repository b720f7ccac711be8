"""The other end of the pool: one process that runs one bounded task after another.

Reads a JSON object per line, writes one per line. The kernel ends the process when a task has
used its CPU time: SIGPROF keeps its default action, so no Python code can swallow the limit.

A grader that calls code of others (``SANDBOX``) has each task done by a process of its own, a copy
of this one, and everything else in the sandbox is ended after it: what an answer does to its
process, no other answer meets.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import random
import resource
import select
import signal
import sys
import time
from typing import Any

from itc import registry
from itc.guard import cause_of

FIRST_OTHER = 3  # descriptor after input, output and errors
LARGEST = 64 * 2**20  # bytes of one reply

# Address space may grow further than memory is allowed to: what lies between is seen afterwards.
HEADROOM = 2


def status(field: str) -> int:
    """A size of this process in bytes, from the kernel; 0 where the system does not say."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith(field):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def bound_memory(limit: int) -> int:
    """Cap the address space; returns the resident size from which tasks are counted."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        size = status("VmSize") + HEADROOM * limit
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ValueError, OSError):  # a system without this limit keeps the parent's watch
        pass
    return status("VmRSS")


def run(task: dict[str, Any], base: int, limit: int) -> dict[str, Any]:
    """Run one task; returns its ``value`` or the ``cause`` that it has none."""
    random.seed(0)
    _seed_sympy()
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as handle:
            handle.write("5")  # forget the peak of earlier tasks
    except OSError:
        pass
    value = attempt(task)
    # A library that catches MemoryError answers "different": the peak tells.
    if "value" in value and status("VmHWM") - base > limit:
        return {"cause": "memory"}
    return value


def attempt(task: dict[str, Any]) -> dict[str, Any]:
    """``value`` of a task, or the ``cause`` of whatever it raised."""
    grader = registry.load("grading", task["type"])
    *args, problem = task["args"]
    try:
        return {"value": getattr(grader, task["call"])(*args, json.loads(problem))}
    except Exception as error:
        return {"cause": cause_of(error), "detail": repr(error)[:300]}


def run_apart(task: dict[str, Any], base: int, limit: int, contained: bool) -> dict[str, Any]:
    """Run one task in a copy of this process; what it shares with others is made here first."""
    grader = registry.load("grading", task["type"])
    if task["call"] == "judge" and hasattr(grader, "ready"):
        made = attempt({**task, "call": "ready", "args": task["args"][-1:]})
        if "cause" in made:
            return made
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        _alone(task["cpu"], target)
        reply = json.dumps(run(task, base, limit)).encode()
        while reply:
            reply = reply[os.write(target, reply) :]
        os._exit(0)
    os.close(target)
    signal.setitimer(signal.ITIMER_PROF, 0)  # from here on the copy has its own
    data = _read(source, 3.0 * task["cpu"] + 10.0)
    os.close(source)
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1 if contained else child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    if data is None:
        return {"cause": "stalled"}
    try:
        reply = json.loads(data)
    except (ValueError, RecursionError):
        signals = {
            -signal.SIGPROF: "timeout",
            -signal.SIGXCPU: "timeout",
            -signal.SIGABRT: "memory",
        }
        return {"cause": signals.get(code, "crash")}
    return reply if isinstance(reply, dict) else {"cause": "crash"}


def _alone(cpu: float, pipe: int) -> None:
    """Limits of the copy; it keeps no descriptor but the pipe for its reply."""
    for number in range(FIRST_OTHER, pipe):
        with contextlib.suppress(OSError):
            os.close(number)
    os.closerange(pipe + 1, 256)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu) + 2, int(cpu) + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    signal.setitimer(signal.ITIMER_PROF, cpu)


def _read(source: int, seconds: float) -> bytes | None:
    """All that comes through a pipe, at most LARGEST bytes; None after so many seconds."""
    data, end = bytearray(), time.monotonic() + seconds
    while len(data) <= LARGEST:
        if not select.select([source], [], [], max(0.0, end - time.monotonic()))[0]:
            return None
        chunk = os.read(source, 1 << 16)
        if not chunk:
            break
        data += chunk
    return bytes(data)


def _seed_sympy() -> None:
    """SymPy decides some equalities by trying random numbers: make them the same every time."""
    if "sympy.core.random" in sys.modules:
        sys.modules["sympy.core.random"].seed(0)


def main() -> None:
    """Serve tasks until the parent closes the pipe."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    sys.setrecursionlimit(3000)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start = json.loads(sys.stdin.buffer.readline())
    grader = registry.load("grading", start["type"])
    if hasattr(grader, "warm_up"):
        grader.warm_up()
    # The imported libraries never become garbage; parsers make much that dies young.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    base = bound_memory(start["memory"])
    replies.write(b'{"ready": true}\n')
    for line in sys.stdin.buffer:
        task = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, task["cpu"])
        if start["apart"]:
            reply = run_apart(task, base, start["memory"], start["contained"])
        else:
            reply = run(task, base, start["memory"])
        signal.setitimer(signal.ITIMER_PROF, 0)
        replies.write(json.dumps(reply).encode() + b"\n")


if __name__ == "__main__":
    main()
