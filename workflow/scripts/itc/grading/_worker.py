"""The other end of the pool: one process that runs one bounded task after another.

Reads a JSON object per line, writes one per line. The kernel ends the process when a task has
used its CPU time: SIGPROF keeps its default action, so no Python code can swallow the limit.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import signal
import sys
from typing import Any

from itc import registry
from itc.guard import cause_of

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
    grader = registry.load("grading", task["type"])
    random.seed(0)
    _seed_sympy()
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as handle:
            handle.write("5")  # forget the peak of earlier tasks
    except OSError:
        pass
    *args, problem = task["args"]
    try:
        value = getattr(grader, task["call"])(*args, json.loads(problem))
    except Exception as error:
        return {"cause": cause_of(error), "detail": repr(error)[:300]}
    # A library that catches MemoryError answers "different": the peak tells.
    if status("VmHWM") - base > limit:
        return {"cause": "memory"}
    return {"value": value}


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
        reply = run(task, base, start["memory"])
        signal.setitimer(signal.ITIMER_PROF, 0)
        replies.write(json.dumps(reply).encode() + b"\n")


if __name__ == "__main__":
    main()
