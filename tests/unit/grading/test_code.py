import json
import os
import shutil
import socket
import threading
import time

import psutil
import pytest
from itc.grading import _bubblewrap, _sandbox, code
from itc.grading._base import GradingError

CONTAINED = pytest.mark.skipif(
    _bubblewrap.available() is not None, reason=f"no sandbox: {_bubblewrap.available()}"
)


def problem(tests, **more):
    return {"problem_id": "p", "gold": None, "metadata": {"tests": tests, **more}}


def ran(source, cpu=1.0):
    """Exit status and output of a program run without input, and the limit that ended it."""
    reports = []
    result = _sandbox.run(
        source, [{"input": ""}], lambda _, report: bool(reports.append(report)), cpu_seconds=cpu
    )
    if reports:
        return 0, reports[0].output.decode(), result.stopped
    return (1 if result.ended else None), "", result.stopped


def test_the_last_python_block_is_the_program():
    text = "```python\nx=1\n```\nbetter:\n```py\nprint(2)\n```\n```bash\nls\n```"
    assert code.extract(text, problem([])).answer == "print(2)"
    assert code.extract("print(3)", problem([])).answer == "print(3)"
    assert code.extract("I would print it.", problem([])).answer is None


def lingering(within: float) -> list[str]:
    """Processes of the sandbox that are still there after ``within`` seconds; the kernel may need
    a moment to end a whole namespace on a busy machine."""
    deadline = time.monotonic() + within
    while True:
        left = [
            p.info["name"]
            for p in psutil.process_iter(["name", "cmdline", "ppid"])
            if "/box/_runner.py" in (p.info["cmdline"] or [])
            and p.info["ppid"] in (1, os.getpid())  # not those of other graders beside
        ]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("output", "expected", "same"),
    [("1 2\n", "1 2", True), ("1.0", "1", True), ("a\nb", "a b", False), ("x", "y", False),
     ("1\n\n2", "1\n2", False), (" yes \n", "yes", True), ("nan", "1", False)],
)  # fmt: skip
def test_outputs_are_compared_line_by_line_and_by_value(output, expected, same):
    assert code.same_output(output, expected) is same


@CONTAINED
def test_programs_and_functions_are_judged_by_their_tests():
    doubling = [{"input": "3\n", "output": "6"}, {"input": "4", "output": "8\n"}]
    assert code.judge("print(int(input())*2)", problem(doubling)) == ("right", None, 1.0)
    assert code.judge("print(6)", problem(doubling)) == ("wrong", None, 0.5)
    assert code.judge("print(", problem(doubling)) == ("wrong", None, 0.0)
    adding = problem([{"args": [1, 2], "output": 3}], function="add")
    assert code.judge("def add(a, b): return a + b", adding).verdict == "right"
    assert (
        code.judge("class Solution:\n def add(self, a, b): return a+b", adding).verdict == "right"
    )
    assert code.judge("def add(a, b): return object()", adding).verdict == "wrong"
    assert code.judge("x", problem([])) == ("undecided", "no_tests", None)
    killed = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    assert code.judge(killed, problem(doubling)).verdict == "wrong"


@CONTAINED
def test_the_network_is_out_of_reach():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reached = []
        threading.Thread(target=lambda: reached.append(server.accept()), daemon=True).start()
        source = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)\nprint('in')"
        assert ran(source)[:2] == (1, "")
        assert not reached


@CONTAINED
def test_home_and_environment_are_out_of_sight(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    (tmp_path / "secret").write_text("s3cret")
    tried = [os.path.expanduser("~"), str(tmp_path / "secret"), "/etc/passwd", "/proc/1/environ"]
    source = f"""
import os
print(sorted(os.environ))
for path in {tried!r}:
    try:
        print(os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError as error:
        print(type(error).__name__)
"""
    status, output, _ = ran(source)
    assert status == 0
    assert "s3cret" not in output and "SECRET_TOKEN" not in output and "root:" not in output


@CONTAINED
def test_nothing_outside_its_own_tmp_can_be_written(tmp_path):
    places = [
        "/x",
        "/usr/x",
        "/box/_runner.py",
        "/dev/x",
        "/dev/shm/x",
        "/python/x",
        str(tmp_path / "x"),
        "/proc/sys/kernel/x",
    ]
    source = f"""
import os
done = []
for path in {places!r}:
    try:
        open(path, "a").write("x"); done.append(path)
    except OSError:
        pass
os.symlink({str(tmp_path)!r}, "/tmp/link")
try:
    open("/tmp/link/y", "w"); done.append("link")
except OSError:
    pass
open("/tmp/mine", "w").write("x")
print(done)
"""
    assert ran(source)[:2] == (0, "[]\n")
    assert list(tmp_path.iterdir()) == []
    assert not os.path.exists("/tmp/mine")


@CONTAINED
@pytest.mark.parametrize(
    "source",
    [
        "import os\nwhile True:\n    os.fork()",
        "import os\nwhile True:\n    if os.fork() == 0: os.setsid()",
        "kept = []\nwhile True: kept.append(bytearray(10**7))",
        "while True: print('a' * 10**6)",
        "while True: pass",
        "import signal\nsignal.signal(signal.SIGPROF, signal.SIG_IGN)\nwhile True: pass",
        "import os, signal\nfor pid in (1, os.getppid(), -1): os.kill(pid, signal.SIGKILL)",
        "import os\nos.symlink('/etc/shadow', '/tmp/a')\nprint(open('/tmp/a').read())",
        "open('/tmp/big', 'wb').write(bytes(10**9))",
        "raise SystemExit(2)",
    ],
    ids=["forks", "sessions", "memory", "output", "loop", "deaf loop", "kill", "symlink", "disk",
         "exit"],
)  # fmt: skip
def test_attacks_are_contained_and_leave_nothing(source):
    status, output, stopped = ran(source)
    assert status != 0 or stopped
    assert "root:" not in output
    assert not lingering(within=20.0)
    assert ran("print(1)")[:2] == (0, "1\n")


@CONTAINED
def test_native_code_gains_nothing():
    source = (
        "import ctypes, os\nlibc = ctypes.CDLL(None)\nprint(libc.setuid(0), os.listdir('/tmp'))"
    )
    status, output, _ = ran(source)
    assert status == 0
    assert output.startswith("-1 ")


def test_without_a_sandbox_programs_share_no_file_and_no_count_of_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(_sandbox, "PROCESSES", 4)  # of the program alone
    source = "import os\nprint(os.getcwd(), flush=True)\nos._exit(os.fork() and 0)"
    folders = set()
    with _bubblewrap.given_up(True):
        for _ in range(2):
            exit_code, printed, _ = ran(source)
            assert exit_code == 0
            folders.add(printed.split()[0])
    assert len(folders) == 2 and all(name.startswith(str(tmp_path)) for name in folders)
    assert not list(tmp_path.iterdir())


def test_without_a_sandbox_the_grader_refuses_unless_the_user_gave_it_up(
    graded, monkeypatch, caplog
):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    _bubblewrap.available.cache_clear()
    reply = "```python\nprint(6)\n```"
    tests = json.dumps({"tests": [{"input": "", "output": "6"}]})
    try:
        with pytest.raises(GradingError, match=r"apt install bubblewrap.*`sandbox: none`"):
            graded(None, reply, answer_type="code", metadata=tests)
        with _bubblewrap.given_up(True):
            rows = graded(None, reply, answer_type="code", metadata=tests)
        assert rows["verdict"].item() == "right"
        assert "UNSANDBOXED" in caplog.text
    finally:
        _bubblewrap.available.cache_clear()
