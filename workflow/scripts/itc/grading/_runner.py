"""Inside the sandbox: run one program on several inputs and report what it printed or returned.

Standard library only; started as a script by ``_sandbox``. It knows no expected output, so a
program that takes it over can only spoil its own answers, and it reads one input at a time, so a
program sees no later one. In the sandbox it is process 1: nothing in there can end it, all orphans
become its children, and after each test it ends every other process and empties /tmp.
"""

import contextlib
import fcntl
import json
import os
import resource
import select
import signal
import sys
from typing import Any

MISSING_MODULE = 4  # exit of a program that imports what is not here
FILES = 64  # open at once in one process: each may hold buffers of the kernel
TICK = 0.1  # seconds between looks at what a test has used
INODES = 10_000  # files in /tmp: each takes memory beside its content
SLACK = 0.25  # CPU seconds by which the sum over processes may be seen too late
TIME, MANY_FILES = -signal.SIGPROF, -signal.SIGXFSZ  # exits of a test that was ended here


def bound(limits: dict[str, Any]) -> None:
    """Limits of the child that runs the program."""
    for name, value in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["output"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, int(limits["cpu"]) + 1),
    ):
        resource.setrlimit(name, (value, value))
    signal.setitimer(signal.ITIMER_PROF, limits["cpu"])


def child(payload: dict[str, Any], test: dict[str, Any], source: int, target: int) -> None:
    """Run the program once, as a script on ``input`` or its function on ``args``; ends here."""
    code = 0
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        result = os.dup(target) if payload["name"] else target
        os.dup2(source, 0)
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
            data = json.dumps(function(*test["args"])).encode()
            while data:
                data = data[os.write(result, data) :]
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


class Watch:
    """Looks, while a test runs, at what all processes of the sandbox have used together."""

    def __init__(self, cpu: float):
        self.cpu, self.ended = cpu, 0

    def look(self, *_: object) -> None:
        """Signal handler: end the test where a limit is passed."""
        about = os.statvfs("/tmp")
        if about.f_files - about.f_ffree > INODES:
            self.ended = MANY_FILES
        elif used() > self.cpu + SLACK:
            self.ended = TIME
        if self.ended:
            end_all()


def used() -> float:
    """CPU seconds of all processes but this one, with what their children had used.

    No process is lost: a child that nothing waited for stays as a zombie, since the filter of
    system calls keeps programs from ignoring the signal of its end.
    """
    ticks = 0
    for name in os.listdir("/proc"):
        if name.isdecimal() and name != "1":
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as handle:
                ticks += sum(map(int, handle.read().rpartition(b")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def end_all() -> None:
    """End every other process of the sandbox, all at once."""
    with contextlib.suppress(OSError):
        os.kill(-1, signal.SIGKILL)


def empty(folder: bytes = b"/tmp") -> None:
    """Delete all that a program left, however deep and whatever its permissions.

    Folders are taken apart level by level in one place, so no path is long and nothing recurs.
    """
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o1777)
    todo, number = os.listdir(folder), 0
    while todo:
        path = folder + b"/" + todo.pop()
        if not os.path.isdir(path) or os.path.islink(path):
            os.unlink(path)
            continue
        os.chmod(path, 0o700)
        for name in os.listdir(path):
            inner = path + b"/" + name
            if os.path.islink(inner) or not os.path.isdir(inner):
                os.unlink(inner)
                continue
            os.chmod(inner, 0o700)  # a folder that moves is written
            number += 1
            todo.append(b".%d" % number)
            while os.path.lexists(folder + b"/" + todo[-1]):
                number += 1
                todo[-1] = b".%d" % number
            os.rename(inner, folder + b"/" + todo[-1])
        os.rmdir(path)


def private(name: str, data: bytes = b"") -> tuple[int, int]:
    """A file without a name, holding ``data``: descriptors to write it and to read it."""
    target = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    source = os.open(name, os.O_RDONLY)
    os.unlink(name)
    while data:
        data = data[os.write(target, data) :]
    return target, source


def run(
    payload: dict[str, Any], test: dict[str, Any], reports: int, alone: bool
) -> tuple[int, int]:
    """One test: exit of the program, and a descriptor from which its output can be read."""
    full, source = private(".input", test.get("input", "").encode("utf-8", "surrogateescape"))
    os.close(full)
    target, output = private(".output")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    watch = Watch(payload["limits"]["cpu"])
    if alone:
        signal.signal(signal.SIGALRM, watch.look)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        for name in (signal.SIGALRM, signal.SIGIO):
            signal.signal(name, signal.SIG_DFL)
        os.close(reports)
        if alone:
            os.close(int(sys.argv[-1]))
        os.close(output)
        child(payload, test, source, target)
    os.close(source)
    os.close(target)
    if alone:
        signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
    status = os.waitpid(pid, 0)[1]
    signal.setitimer(signal.ITIMER_REAL, 0)
    if alone:
        end_all()
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
    else:
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    code = os.waitstatus_to_exitcode(status)
    if alone and not watch.ended and spent > payload["limits"]["cpu"] + SLACK:
        watch.ended = TIME
    return watch.ended or code, output


def live_with_the_grader(pipe: int) -> None:
    """End with the grader, however that ends: it alone holds the other end of ``pipe``.

    bubblewrap's own way needs the right to signal this process, which in the end of root it lacks.
    """

    def look(*_: object) -> None:
        if select.select([pipe], [], [], 0)[0]:
            os._exit(9)

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which process 1 does not feel
    signal.signal(signal.SIGIO, look)
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(pipe, fcntl.F_GETFL)
    fcntl.fcntl(pipe, fcntl.F_SETFL, flags | os.O_ASYNC)
    look()


def exactly(size: int) -> bytes:
    """The next ``size`` bytes of the input, and not one more."""
    data = bytearray()
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            raise EOFError("the tests break off")
        data += chunk
    return bytes(data)


def main() -> None:
    """Read what to run, then each test in turn; write a line and the output for each.

    Input: 16 digits, so many bytes of JSON (``code``, ``name``, ``room``, ``limits``, ``sizes``,
    ``most``), then the tests as JSON, each as long as ``sizes`` says. Output per test: exit, size
    and number of the bytes that follow, which are left out where there are more than ``most``.
    """
    alone = "--contained" in sys.argv and os.getpid() == 1
    if alone:
        live_with_the_grader(int(sys.argv[-1]))
    payload = json.loads(exactly(int(exactly(16))))
    sys.set_int_max_str_digits(0)
    reports = os.dup(1)
    for size, most in zip(payload["sizes"], payload["most"], strict=True):
        test = json.loads(exactly(size))
        code, output = run(payload, test, reports, alone)
        found = os.fstat(output).st_size
        data = b""
        while len(data) < found <= most and (chunk := os.pread(output, most, len(data))):
            data += chunk
        os.close(output)
        report = b"%d %d %d\n" % (code, found, len(data)) + data
        while report:
            report = report[os.write(reports, report) :]
        if code != 0:
            break
        if alone:
            empty()


if __name__ == "__main__":
    if "--contained" in sys.argv:
        sys.path.insert(0, "/box")
        import _inside

        _inside.enter(sys.argv)
        sys.path.remove("/box")
    main()
