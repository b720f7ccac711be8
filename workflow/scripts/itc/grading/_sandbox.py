"""Run untrusted programs in bubblewrap: no network, nothing writable but a small private /tmp.

What a program may reach: the system's libraries and Python, read-only, its own processes, 64 MB of
memory-backed /tmp. No home folder, no environment, no other process. Limits: CPU time and address
space of each process, processes, file size, and, watched by the parent, CPU time, memory and
number of processes of the whole sandbox. CPU time, not wall-clock time, so load changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from itc.grading._base import GradingError
from itc.grading._room import room as plain_room

log = logging.getLogger(__name__)
RUNNER = Path(__file__).resolve().with_name("_runner.py")
MEMORY = 1024 * 2**20
OUTPUT = 8 * 2**20
TMP = 64 * 2**20
PROCESSES = 64
POLL_SECONDS = 0.05
STALL_SECONDS = 20.0  # waiting without using CPU time: a program that sleeps for ever
WALL_SECONDS = 1800.0  # nothing real comes near
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")


class Ran(NamedTuple):
    """``reports`` per test as the runner wrote them; ``stopped`` says which limit ended the run."""

    reports: list[dict[str, Any]]
    stopped: str | None


@cache
def available() -> str | None:
    """Why bubblewrap cannot be used here, or None."""
    if shutil.which("bwrap") is None:
        return "bubblewrap (command bwrap) is not installed"
    probe = subprocess.run([*command(), "-c", ""], capture_output=True, text=True)
    if probe.returncode:
        return f"bubblewrap does not work here: {probe.stderr.strip()[-300:]}"
    return None


def require(unsandboxed: bool = False) -> None:
    """Raise GradingError where programs cannot be contained; loud where containment is given up."""
    if unsandboxed:
        log.warning(
            "UNSANDBOXED: programs written by models run with this user's rights, network and "
            "files, because the dataset says `sandbox: none`"
        )
        return
    reason = available()
    if reason:
        raise GradingError(
            f"answers of type 'code' are programs and only run in a sandbox, but {reason}. "
            "Install it (Debian: apt install bubblewrap), or accept the risk with `sandbox: none` "
            "in the dataset's entry"
        )


def command() -> list[str]:
    """bubblewrap and the interpreter, up to the interpreter's own arguments."""
    arguments = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    arguments += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    if os.geteuid() == 0:  # the runner becomes nobody, whom the process limit binds, unlike root
        arguments += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        arguments += ["--unshare-user", "--disable-userns", "--cap-drop", "ALL"]
    for path in SYSTEM:
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            arguments += ["--ro-bind", path, path]
    python = os.path.realpath(sys.executable)
    prefix = os.path.realpath(sys.base_prefix)
    if not prefix.startswith("/usr/"):  # a Python below somebody's home, which stays hidden
        arguments += ["--ro-bind", prefix, "/python"]
        python = python.replace(prefix, "/python", 1)
    arguments += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", str(TMP)]
    arguments += ["--tmpfs", "/tmp", "--chdir", "/tmp", "--ro-bind", str(RUNNER), "/runner.py"]
    arguments += ["--remount-ro", "/"]
    arguments += ["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp"]
    arguments += ["--setenv", "LANG", "C.UTF-8", "--setenv", "PYTHONHASHSEED", "0"]
    return [*arguments, python, "-I", "-S"]


def run(
    code: str,
    tests: list[dict[str, Any]],
    name: str | None = None,
    cpu_seconds: float = 6.0,
    memory: int = MEMORY,
    unsandboxed: bool = False,
    room: Mapping[str, Any] | None = None,
) -> Ran:
    """Run ``code`` on each test (``input`` as standard input, or ``args`` of function ``name``).

    Stops at the first test that fails to end well. ``cpu_seconds`` is per test. ``room`` is what
    ``_room.room`` describes: names and limits that the program finds.
    """
    # without a sandbox the kernel counts all that the user runs, so what runs already is added
    processes = PROCESSES + (_running() if unsandboxed else 0)
    limits = {"cpu": cpu_seconds, "memory": memory, "output": OUTPUT, "processes": processes}
    payload = {"code": code, "tests": tests, "name": name, "limits": limits, "stop": True}
    payload["room"] = dict(room or plain_room(name, livecodebench=False))
    line = [sys.executable, "-I", "-S"] if unsandboxed else command()
    line += [str(RUNNER) if unsandboxed else "/runner.py"]
    line += ["--drop"] if os.geteuid() == 0 and not unsandboxed else []
    with tempfile.TemporaryFile() as handle, tempfile.TemporaryDirectory() as folder:
        handle.write(json.dumps(payload).encode())
        handle.seek(0)
        process = subprocess.Popen(
            line,
            stdin=handle,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd=folder,  # a sandbox has its own
            start_new_session=True,
        )
        budget = (cpu_seconds + 1.0) * max(1, len(tests)) + 5.0
        try:
            data, stopped = _collect(process, budget, memory, OUTPUT * 2 * max(1, len(tests)))
        finally:
            process.kill()
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]
    reports = []
    for report in data.split(b"\n"):
        try:
            reports.append(json.loads(report))
        except ValueError:
            continue
    return Ran([r for r in reports if isinstance(r, dict)], stopped)


def _running() -> int:
    """Threads of this user, as the kernel's limit of processes counts them."""
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            count += process.num_threads() if process.uids().real == os.getuid() else 0
    return count


def _collect(
    process: subprocess.Popen[bytes], cpu_budget: float, memory: int, most: int
) -> tuple[bytes, str | None]:
    """Read the reports while watching the sandbox; ends it at a limit."""
    chunks: list[bytes] = []
    size = 0
    start = progress = time.monotonic()
    seen = -1.0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]
        while True:
            for _ in selector.select(POLL_SECONDS):
                chunk = os.read(process.stdout.fileno(), 1 << 16)  # type: ignore[union-attr]
                if not chunk:
                    return b"".join(chunks), None
                chunks.append(chunk)
                size += len(chunk)
            now = time.monotonic()
            cpu, used, count, waiting = usage(process.pid)
            if cpu != seen or not waiting:
                seen, progress = cpu, now
            stopped = None
            if size > most:
                stopped = "output"
            elif cpu > cpu_budget:
                stopped = "time"
            elif used > memory * 2:
                stopped = "memory"
            elif count > PROCESSES * 2:
                stopped = "processes"
            elif now - progress > STALL_SECONDS or now - start > WALL_SECONDS:
                stopped = "stalled"
            if stopped:
                return b"".join(chunks), stopped


def usage(pid: int) -> tuple[float, int, int, bool]:
    """CPU seconds, resident bytes, processes below ``pid``, and whether all of them wait."""
    cpu, used, count, waiting = 0.0, 0, 0, True
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0, 0, 0, True
    for process in tree:
        try:
            with process.oneshot():
                times = process.cpu_times()
                cpu += times.user + times.system + times.children_user + times.children_system
                used += process.memory_info().rss
                waiting &= process.status() not in (psutil.STATUS_RUNNING, psutil.STATUS_WAKING)
        except psutil.Error:
            continue
        count += 1
    return cpu, used, count, waiting
