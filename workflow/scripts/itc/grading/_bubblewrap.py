"""The sandbox itself: what bubblewrap shows to what runs in it, and whether it works here.

Two things run in it: programs that models wrote (``_sandbox``), and grading workers whose scorers
come from other packages (``_pool``). Both see the system's libraries and Python, read-only, their
own processes, and a small memory-backed /tmp; no network, no home folder, no environment. What
bubblewrap leaves open is closed inside, by ``_inside`` and ``_seccomp``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psutil

from itc.grading import _seccomp
from itc.grading._base import GradingError

log = logging.getLogger(__name__)
HERE = Path(__file__).resolve().parent
BOX = ("_inside.py", "_seccomp.py", "_runner.py")
TMP = 64 * 2**20
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
WAITING = (
    *(psutil.STATUS_SLEEPING, psutil.STATUS_STOPPED, psutil.STATUS_IDLE, psutil.STATUS_ZOMBIE),
    *(psutil.STATUS_TRACING_STOP, psutil.STATUS_DEAD),
)
_given_up = False


@contextlib.contextmanager
def given_up(really: bool) -> Iterator[None]:
    """Run what is graded inside without a sandbox, where ``really``.

    Only the configuration of the user decides this, by its key ``sandbox``: nothing that is graded
    can reach this switch, and no table holds one.
    """
    global _given_up
    before, _given_up = _given_up, really
    try:
        yield
    finally:
        _given_up = before


def contained() -> bool:
    """Whether what runs now runs in the sandbox."""
    return not _given_up


def require(what: str) -> None:
    """Raise GradingError where ``what`` cannot be contained; loud where containment is given up."""
    if _given_up:
        log.warning(
            "UNSANDBOXED: %s run with this user's rights, network and files, because the "
            "configuration says `sandbox: none`",
            what,
        )
        return
    reason = available()
    if reason:
        raise GradingError(
            f"{what} only run in a sandbox, but {reason}. Install it (Debian: apt install "
            "bubblewrap), or accept the risk for your own datasets, never for an archive, with the "
            "top-level key `sandbox: none` of your configuration"
        )


@cache
def available() -> str | None:
    """Why bubblewrap cannot be used here, or None."""
    machine = os.uname().machine
    if machine not in _seccomp.MACHINES:
        return f"no filter of system calls is known for machine {machine!r}"
    if shutil.which("bwrap") is None:
        return "bubblewrap (command bwrap) is not installed"
    probe = subprocess.run(
        [*command(), "-c", "import sys; sys.path.insert(0, '/box'); import _inside; "
         "_inside.enter(sys.argv)", *dropping()],
        capture_output=True, text=True, env={},
    )  # fmt: skip
    if probe.returncode:
        return f"bubblewrap does not work here: {probe.stderr.strip()[-300:]}"
    return None


def dropping() -> list[str]:
    """Argument by which a process inside learns that it is still root."""
    return ["--drop"] if os.geteuid() == 0 else []


def command(first: bool = False, libraries: bool = False) -> list[str]:
    """bubblewrap and the interpreter, up to the interpreter's own arguments.

    ``first``: the interpreter is process 1 of its namespace, which nothing in there can end.
    ``libraries``: this package and the environment's libraries are in sight, read-only.
    """
    arguments = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    arguments += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    arguments += ["--as-pid-1"] if first else []
    if os.geteuid() == 0:  # files of root stay in reach of the mounts; _inside does the rest
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
    if prefix not in ("/usr", "/usr/local"):  # below somebody's home, which stays hidden
        arguments += ["--ro-bind", prefix, "/python"]
        python = python.replace(prefix, "/python", 1)
        packages = Path(
            "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages"
        )
        if (Path(prefix) / packages).is_dir():
            arguments += ["--tmpfs", f"/python/{packages}"]
    for name in BOX:
        arguments += ["--ro-bind", str(HERE / name), f"/box/{name}"]
    for path in _covered():
        arguments += ["--tmpfs", path]
    if libraries:
        arguments += ["--ro-bind", sysconfig.get_path("purelib"), "/site"]
        arguments += ["--perms", "0755", "--dir", "/code"]
        arguments += ["--ro-bind", str(HERE.parent), "/code/itc"]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    # A shared map of /dev/zero is one without a file, which the filter refuses.
    arguments += ["--dev-bind", "/dev/null", "/dev/zero", "--remount-ro", "/dev"]
    arguments += ["--perms", "1777", "--size", str(TMP), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    arguments += ["--remount-ro", "/"]
    variables = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
    if python.startswith("/python/"):  # where its own library may lie, not another version's
        variables["LD_LIBRARY_PATH"] = "/python/lib"
    variables |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if libraries else {}
    for name, value in variables.items():
        arguments += ["--setenv", name, value]
    # Not -I: it would ignore PYTHONHASHSEED. There is no other variable, and -P hides the folder.
    return [*arguments, python, "-s", "-S", "-P"]


def _covered() -> list[str]:
    """Folders of the user that lie in a folder of the system, and are not to be seen: a checkout in
    /usr/src, results in /usr/local/work. Other folders of the user are not there at all.
    """
    homes = {HERE.parents[3], Path.cwd(), Path(os.path.expanduser("~"))}
    system = [Path(path).resolve() for path in SYSTEM]
    inside = [home for home in homes if any(home.is_relative_to(p) for p in system)]
    return sorted(str(home) for home in inside if home not in system)


def worker() -> list[str]:
    """Command of a grading worker in the sandbox."""
    return [*command(libraries=True), "/box/_inside.py", *dropping()]


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
                waiting &= process.status() in WAITING
        except psutil.Error:
            continue
        count += 1
    return cpu, used, count, waiting
