"""Inside the sandbox: run one program on several inputs and report what it printed or returned.

Standard library only; started as a script by ``_sandbox``, in a folder of its own. It knows no
expected output, so a program that takes it over can only spoil its own answers.
"""

import base64
import contextlib
import json
import os
import resource
import signal
import sys
from typing import Any

NOBODY = 65534
REPORT = 1  # the pipe to the parent
MISSING_MODULE = 4  # exit status of a program that imports what is not here


def drop() -> None:
    """Give up root for good, before anything of the program is read."""
    if os.getuid() == 0 and "--drop" in sys.argv:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def bound(limits: dict[str, Any]) -> None:
    """Limits of the child that runs the program."""
    for name, value in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["output"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, int(limits["cpu"]) + 1),
    ):
        resource.setrlimit(name, (value, value))
    signal.setitimer(signal.ITIMER_PROF, limits["cpu"])


def child(payload: dict[str, Any], test: dict[str, Any], out: str) -> None:
    """Run the program once, as a script on ``input`` or its function on ``args``; ends here."""
    code = 0
    try:
        target = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDWR)
        with open(".input", "wb") as handle:
            handle.write(test.get("input", "").encode("utf-8", "surrogateescape"))
        os.dup2(os.open(".input", os.O_RDONLY), 0)
        os.dup2(nothing if payload["name"] else target, 1)
        os.dup2(nothing, 2)
        bound(payload["limits"])
        sys.argv = ["program.py"]
        room = payload["room"]
        space: dict[str, Any] = {"__name__": room["module"], "__builtins__": __builtins__}
        space["exit"] = sys.exit  # what `site` defines, which is not loaded
        exec(room["prelude"], space)
        if room["recursion"]:
            sys.setrecursionlimit(room["recursion"])
        exec(compile(payload["code"], "program.py", "exec"), space)
        if payload["name"]:
            function = space.get(payload["name"])
            if function is None:
                function = getattr(space["Solution"](), payload["name"])
            os.write(target, json.dumps(function(*test["args"])).encode())
        sys.stdout.flush()
    except SystemExit as error:
        try:
            sys.stdout.flush()
        except OSError:
            code = 1
        fine = payload["room"]["any_exit"] or error.code in (None, 0)
        code = code or (0 if fine and not payload["name"] else 1)
    except MemoryError:
        code = 3
    except ModuleNotFoundError:
        code = MISSING_MODULE
    except BaseException:
        code = 1
    os._exit(code)


def main() -> None:
    """Read the payload from standard input, write one JSON line per test."""
    drop()
    payload = json.load(sys.stdin)
    sys.set_int_max_str_digits(0)
    reports = os.fdopen(os.dup(REPORT), "wb", buffering=0)
    os.set_inheritable(reports.fileno(), False)
    for number, test in enumerate(payload["tests"]):
        out = f".output{number}"
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            reports.close()
            child(payload, test, out)
        status = os.waitpid(pid, 0)[1]
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)  # what the program left running
        data = b""
        if os.path.isfile(out) and not os.path.islink(out):
            with open(out, "rb") as handle:
                data = handle.read(payload["limits"]["output"] + 1)
            os.unlink(out)
        report = {
            "exit": os.waitstatus_to_exitcode(status),
            "output": base64.b64encode(data).decode(),
        }
        reports.write(json.dumps(report).encode() + b"\n")
        if report["exit"] != 0 and payload["stop"]:
            break


if __name__ == "__main__":
    main()
