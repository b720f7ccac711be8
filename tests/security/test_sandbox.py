"""Programs that models wrote: what a sandbox keeps from them, and from each other.

Runs in the mode of whoever runs it: as root the runner becomes nobody, as another user bubblewrap
makes the user namespace.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from itc.grading import _bubblewrap, _sandbox, _seccomp, code
from itc.grading._grade import grade

pytestmark = pytest.mark.skipif(
    _bubblewrap.available() is not None, reason=f"no sandbox: {_bubblewrap.available()}"
)
HEAD = "import ctypes, os, sys, time\nlibc = ctypes.CDLL(None, use_errno=True)\n"


def outputs(source, tests=1, cpu=2.0, **options):
    """What a program prints on each test, and the limit that ended it."""
    found = []

    def accept(_, report):
        found.append(report.output.decode())
        return True

    ran = _sandbox.run(HEAD + source, [{"input": "in"}] * tests, accept, None, cpu, **options)
    assert ran.ended or ran.stopped, "the sandbox did not report"
    return found, ran.stopped


def printed(source, **options):
    found, stopped = outputs(source, **options)
    assert found and stopped is None, (found, stopped)
    return found[0].strip()


def program(source, *tests, **more):
    tests = tests or ({"input": "", "output": "1"},)
    return code.judge(source, {"problem_id": "p", "metadata": {"tests": list(tests), **more}})


# -- system calls -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("memfd_create", "b'x', 0"),
        ("shmget", "0, 4096, 0o1777"),
        ("semget", "0, 1, 0o1777"),
        ("msgget", "0, 0o1777"),
        ("mq_open", "b'x', 0o102, 0o600, 0"),
        ("add_key", "b'user', b'name', b'data', 4, -4"),
        ("keyctl", "0, -4, 1"),
        ("request_key", "b'user', b'name', 0, 0"),
        ("io_uring_setup", "1, 0"),
        ("io_uring_enter", "1, 0, 0, 0, 0"),
        ("io_uring_register", "1, 0, 0, 0"),
        ("unshare", "0x10000000"),
        ("unshare", "0x00020000"),
        ("setns", "0, 0"),
        ("mount", "b'tmpfs', b'/tmp', b'tmpfs', 0, 0"),
        ("fsopen", "b'tmpfs', 0"),
        ("move_mount", "0, 0, 0, 0, 0"),
        ("chroot", "b'/tmp'"),
        ("inotify_init1", "0"),
        ("setxattr", "b'/tmp', b'user.x', b'y', 1, 0"),
        ("userfaultfd", "1"),
        ("bpf", "0, 0, 0"),
        ("perf_event_open", "0, 0, -1, -1, 0"),
        ("ptrace", "0, 0, 0, 0"),
        ("process_vm_readv", "1, 0, 0, 0, 0, 0"),
    ],
)
def test_calls_that_no_program_needs_are_refused(call, arguments):
    number = _seccomp.DENIED[call][_seccomp.MACHINES[os.uname().machine][1]]
    source = f"print(libc.syscall({number}, {arguments}), ctypes.get_errno())"
    assert printed(source) == "-1 1"


def test_no_way_leads_to_a_new_namespace_or_a_call_that_is_not_known():
    column = _seccomp.MACHINES[os.uname().machine][1]
    flags = (0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x02000000)
    clones = f"[libc.syscall({_seccomp.CLONE[column]}, f | 17, 0, 0, 0, 0) for f in {flags}]"
    assert printed(f"print(set({clones}), ctypes.get_errno())") == "{-1} 1"
    source = "print([(libc.syscall(n, 0, 0), ctypes.get_errno()) for n in (435, 463, 5000)])"
    assert printed(source) == "[(-1, 38), (-1, 38), (-1, 38)]"
    families = "import socket\nfor family in (2, 10, 16, 17, 40):\n try: socket.socket(family)\n"
    families += " except OSError as error: print(error.errno)\nprint(*socket.socketpair())"
    assert printed(families).split()[:5] == ["97"] * 5


def test_no_socket_gets_larger_buffers():
    """A thousand of the largest that a system allows can take gigabytes."""
    source = "import socket\na, b = socket.socketpair()\n"
    source += "for option in (7, 8, 32, 33, socket.SO_REUSEADDR, socket.SO_PASSCRED):\n"
    source += "  try: a.setsockopt(1, option, 1 << 22); print(0)\n"
    source += "  except OSError as error: print(error.errno)"
    assert printed(source).split() == ["1"] * 4 + ["0"] * 2


def test_no_memory_is_shared_but_that_of_files():
    """A shared map without a file costs the kernel a file, and no limit counts these."""
    source = """
import mmap
zero = os.open("/dev/zero", os.O_RDWR)
for handle, flags in ((-1, 1), (-1, 3), (zero, 1)):
    try: mmap.mmap(handle, 4096, flags); print("made")
    except OSError as error: print(error.errno)
with open("/tmp/file", "w+b") as file:
    file.write(b"x" * 4096); file.flush()
    shared = mmap.mmap(file.fileno(), 4096)
    if os.fork() == 0: shared[0] = 65; os._exit(0)
    os.wait(); print(chr(shared[0]), mmap.mmap(-1, 4096, mmap.MAP_PRIVATE)[0])
"""
    assert printed(source).split() == ["1", "1", "19", "A", "0"]


def test_every_number_is_that_of_the_kernel():
    """Against the headers of the machine, where they are installed."""
    places = {
        0: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
        1: "/usr/include/asm-generic/unistd.h",
    }
    for column, place in places.items():
        if not Path(place).is_file():
            pytest.skip(f"no {place} here")
        found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(place).read_text())
        numbers = {name: int(number) for name, number in found}
        calls = {**_seccomp.DENIED, "clone": _seccomp.CLONE, "socket": _seccomp.SOCKETS[0]}
        calls |= {
            "setsockopt": _seccomp.SET_OPTION,
            "mmap": _seccomp.MAP,
            "socketpair": _seccomp.SOCKETS[1],
            "rt_sigaction": _seccomp.SIGNAL_ACTION,
        }
        for name, ours in calls.items():
            assert name not in numbers or numbers[name] == ours[column], name


def test_threads_processes_and_pipes_work():
    source = """
import concurrent.futures, subprocess, asyncio, tempfile, bisect
with concurrent.futures.ThreadPoolExecutor(8) as pool: print(sum(pool.map(int, "1234")))
print(subprocess.run(["/bin/echo", "x"], capture_output=True).stdout)
async def main(): await asyncio.sleep(0); return 5
print(asyncio.run(main()))
print(len(tempfile.NamedTemporaryFile("w").name) > 3, open("/dev/stdin").read(), os.getpid() > 1)
"""
    assert printed(source) == "10\nb'x\\n'\n5\nTrue in True"


# -- memory -----------------------------------------------------------------------------------


def test_memory_beside_the_address_space_is_bounded():
    """Files of /tmp by size and number, descriptors, and no other place to write."""
    big = "n = 0\ntry:\n  while True: n += os.write(os.open(f'/tmp/{n}', 65), b'x' * 2**20)\n"
    mib = int(printed(big + "except OSError: print(n >> 20)"))
    assert 55 <= mib <= 64
    files = "n = 0\nwhile True:\n  os.mknod(f'/tmp/{n}')\n  n += 1\n  if n % 100 == 0: print(n)"
    found, stopped = outputs(files, cpu=20.0)
    assert not found and stopped is None  # ended from inside, long before its CPU time
    pipes = "n = 0\ntry:\n  while True: os.pipe(); n += 2\nexcept OSError: print(n)"
    assert int(printed(pipes)) < 64
    places = "('/dev/x', '/dev/shm/x', '/dev/mqueue/x', '/run/x', '/var/tmp/x', '/x', '/proc/x')"
    wrote = f"done = []\nfor p in {places}:\n  try: open(p, 'w'); done.append(p)\n"
    assert printed(wrote + "  except OSError: pass\nprint(done)") == "[]"


def test_the_grader_does_not_grow_with_what_programs_print():
    row = "x" * 1023
    many = [{"input": "", "output": "\n".join([row] * 8000)}] * 4
    source = f"print('\\n'.join(['{row}'] * 8000))"
    me = psutil.Process()
    assert program(source, *many[:1]).verdict == "right"
    before, peak, over = me.memory_info().rss, [0], threading.Event()

    def watch():
        while not over.wait(0.02):
            peak[0] = max(peak[0], me.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    used = time.process_time()
    assert program(source, *many).verdict == "right"
    used = time.process_time() - used
    over.set()
    watcher.join()
    assert peak[0] - before < 80 * 2**20
    assert used < 4.0
    # What is far longer than the right output is not even read.
    assert program("print('x' * 8_000_000)", {"input": "", "output": "x"}).verdict == "wrong"


# -- time -------------------------------------------------------------------------------------

BURN = """
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
"""


@pytest.mark.parametrize(
    "source",
    [
        "for _ in range(3):\n  pid = os.fork()\n  if pid == 0: burn(0.4); os._exit(0)\n  os.wait()",
        "r, w = os.pipe()\nfor _ in range(3):\n  if os.fork() == 0:\n    if os.fork() == 0: "
        "burn(0.4)\n    os._exit(0)\n  os.wait()\nos.close(w); os.read(r, 1)",
        "r, w = os.pipe()\nfor _ in range(3):\n  if os.fork() == 0: os.setsid(); burn(0.4); "
        "os._exit(0)\nos.close(w); os.read(r, 1)",
    ],
    ids=["one after another", "orphans", "sessions"],
)
def test_the_cpu_time_of_a_test_is_that_of_all_its_processes(source):
    found, stopped = outputs(BURN + source + "\nprint(1)", cpu=0.5)
    assert not found and stopped is None
    assert outputs(BURN + source + "\nprint(1)", cpu=2.0)[0] == ["1\n"]


def test_no_child_vanishes_with_its_cpu_time():
    source = "import signal\ntry: signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
    assert printed(source + "except OSError as error: print(error.errno)") == "1"


def test_a_program_that_waits_is_ended_however_it_waits(monkeypatch):
    monkeypatch.setattr(_sandbox, "WAIT_SECONDS", 1.0)
    for source in (
        "while True: time.sleep(0.2)",
        BURN + "while True: time.sleep(0.9); burn(0.02)",
        "os.read(os.pipe()[0], 1)",
        "import signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ):
        start = time.monotonic()
        assert outputs(source, cpu=5.0) == ([], "waits")
        assert time.monotonic() - start < 15.0
    assert program("import time\ntime.sleep(60)").verdict == "wrong"


def test_a_machine_that_gives_no_time_leaves_a_program_undecided(monkeypatch):
    monkeypatch.setattr(_sandbox, "WALL_FACTOR", 0.0)
    monkeypatch.setattr(_sandbox, "WALL_SECONDS", 0.5)
    assert program("while True: pass")[:2] == ("undecided", "stalled")


# -- one test and the next ----------------------------------------------------------------------


def test_nothing_of_a_test_survives_it():
    source = """
left = os.listdir("/tmp")
alive = [p for p in os.listdir("/proc") if p.isdecimal() and int(p) not in (1, os.getpid())]
print(left, alive, flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(1)
    os._exit(0)
os.mkdir("/tmp/a"); os.chdir("/tmp/a")
for _ in range(1500):
    open("file", "w").close(); os.mkdir("d"); os.chdir("d"); os.chmod("..", 0)
os.symlink("/usr", "/tmp/.1"); os.symlink("/tmp/a", "/tmp/.2"); os.mkfifo("/tmp/.output")
"""
    assert outputs(source, tests=3, cpu=5.0) == (["[] []\n"] * 3, None)


def test_a_program_sees_no_later_test_and_not_its_reports():
    tests = [{"input": f"number {n * 7919}"} for n in range(3)]
    source = (
        HEAD
        + """
import gc, re
text = open("/dev/stdin").read()
seen = {text}
frame = sys._getframe()
while frame:
    seen.add(repr(frame.f_locals)); frame = frame.f_back
for item in gc.get_objects():
    if isinstance(item, (dict, list, tuple)): seen.add(repr(item)[:10000])
for fd in range(64):
    for place in (f"/proc/self/fd/{fd}", f"/proc/1/fd/{fd}"):
        try: seen.add(os.readlink(place)); seen.add(open(place).read())
        except (OSError, ValueError): pass
    try: seen.add(os.pread(fd, 10000, 0).decode())
    except (OSError, ValueError): pass
for line in open("/proc/self/maps"):
    start, end = (int(x, 16) for x in line.split()[0].split("-"))
    if " rw" in line and end - start < 2**26 and "[v" not in line:
        seen.add(ctypes.string_at(start, end - start).decode("latin-1"))
print(sorted({int(n) for item in seen for n in re.findall(r"number (\\d+)", item)}))
"""
    )
    found = []
    _sandbox.run(
        source, tests, lambda _, report: not found.append(report.output.decode()), None, 9.0
    )
    for number, text in enumerate(found):
        assert str((number + 1) * 7919) not in text, text
    assert len(found) == 3


def test_a_program_cannot_end_its_runner_or_write_its_reports():
    source = """
import signal
for number in range(1, 65):
    for pid in (1, os.getppid()):
        try: os.kill(pid, number)
        except OSError: pass
for fd in range(3, 64):
    for place in (f"/proc/1/fd/{fd}", f"/proc/self/fd/{fd}"):
        try: os.write(os.open(place, os.O_WRONLY), b"0 2 2\\n1\\n" * 9)
        except OSError: pass
    try: os.write(fd, b"0 2 2\\n1\\n" * 9)
    except OSError: pass
for place in ("/proc/1/mem", "/proc/1/environ", "/proc/1/maps"):
    try: open(place, "rb").read(10); print(place)
    except OSError: pass
print(2)
"""
    found, stopped = outputs(source, tests=2)
    assert len(found) == 2 and stopped is None  # its own output is what it reached
    assert not [text for text in found if "/proc/1" in text]
    two = [{"input": "", "output": "1"}] * 2
    assert program(HEAD + source, *two) == ("wrong", None, 0.0)


def test_programs_leave_nothing_for_each_other():
    add = _seccomp.DENIED["add_key"][_seccomp.MACHINES[os.uname().machine][1]]
    source = f"print(libc.syscall({add}, b'user', b'left', b'data', 4, -4))"
    assert printed(source) == "-1"
    assert printed("print(open('/proc/keys').read().count('left'))") == "0"


# -- one program and another ----------------------------------------------------------------------

THREADED = """
from threading import Thread
found = []
def work(n): found.append(sum(range(n)))
for _ in range(3):
    threads = [Thread(target=work, args=(1000,)) for _ in range(12)]
    for t in threads: t.start()
    for t in threads: t.join()
    time.sleep(0.3)
print(len(found))
"""
BOMB = """
while True:
  try:
    if os.fork() == 0: time.sleep(30); os._exit(0)
  except OSError: pass
"""


def test_a_fork_bomb_beside_them_does_not_change_four_right_programs():
    stop, answers = threading.Event(), []

    def bomb():
        while not stop.is_set():
            outputs(BOMB, cpu=1.0)

    def right():
        answers.append(program(HEAD + THREADED, {"input": "", "output": "36"}))

    bombs = [threading.Thread(target=bomb) for _ in range(2)]
    threads = [threading.Thread(target=right) for _ in range(4)]
    for thread in bombs:
        thread.start()
    time.sleep(0.5)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    for thread in bombs:
        thread.join()
    assert answers == [("right", None, 1.0)] * 4


def test_processes_of_one_program_are_bounded():
    bounded = "n = 0\ntry:\n  while n < 500:\n    if os.fork() == 0: time.sleep(5); os._exit(0)\n"
    count = int(printed(bounded + "    n += 1\nexcept OSError: print(n)"))
    assert 30 < count <= _sandbox.PROCESSES


# -- what it prints -------------------------------------------------------------------------------


def test_output_that_is_nested_too_deep_is_wrong_and_ends_nothing():
    source = "import sys\nsys.setrecursionlimit(10**6)\ndef f():\n x = []\n"
    source += " for _ in range(5000): x = [x]\n return x"
    assert program(source, {"args": [], "output": 1}, function="f").verdict == "wrong"
    raw = "import os\ndef f(): os._exit(0 if os.write(OUT, b'[' * 200000) else 1)"
    for number in range(3, 12):
        found = program(raw.replace("OUT", str(number)), {"args": [], "output": 1}, function="f")
        assert found.verdict == "wrong"
    assert not code.same_value(json.loads("[" * 900 + "]" * 900), [])


@pytest.mark.parametrize(
    ("output", "expected", "same"),
    [("1_0", "10", False), ("\u0661\u0660", "10", False), ("\uff11\uff10", "10", False),
     ("1e1", "10", True), ("+10.0", "10", True), ("1E999999999999999999999", "10", False),
     ("1e999999", "10e999998", True), ("0x10", "16", False), ("inf", "Infinity", False),
     ("sNaN", "sNaN 1", False), ("sNaN", "sNaN", True), (".5 5.", "0.5 5", True)],
)  # fmt: skip
def test_numbers_are_compared_by_their_ascii_digits(output, expected, same):
    assert code.same_output(output, expected) is same


@pytest.mark.parametrize(
    ("value", "expected", "same"),
    [(True, 1, False), (1, True, False), ([True, 0], [1, 0], False), ([1.0], [1], True),
     ({"a": False}, {"a": 0}, False), (None, False, False), ("1", 1, False), (True, True, True),
     ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, True), ([[]], [], False)],
)  # fmt: skip
def test_a_truth_value_is_no_number(value, expected, same):
    assert code.same_value(value, expected) is same


def test_tests_of_a_stranger_are_checked_before_anything_runs():
    good = {"input": "", "output": "1"}
    for metadata in (
        {"tests": 5},
        {"tests": [5]},
        {"tests": [{"input": "x"}]},
        {"tests": [{"output": "x"}]},
        {"tests": [{"input": 5, "output": "x"}]},
        {"tests": [good], "cpu_seconds": 1e9},
        {"tests": [good], "cpu_seconds": "1"},
        {"tests": [good], "cpu_seconds": -1},
        {"tests": [good], "cpu_seconds": float("nan")},
        {"tests": [good], "function": 7},
        {"tests": [good], "function": "f"},
        {"tests": [good] * 5000},
    ):
        assert code.judge("print(1)", {"metadata": metadata})[:2] == ("undecided", "bad_tests")


# -- what it sees ---------------------------------------------------------------------------------


def test_a_program_sees_no_file_of_the_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("s3cret")
    source = "found = []\nfor folder, _, names in os.walk('/'):\n  if folder.startswith('/proc'): "
    source += "continue\n  found += [n for n in names if n in ('secret', 'Snakefile', 'pandas')]\n"
    shown = printed(source + "print(found, *os.environ)", cpu=20.0).split()
    ours = {"HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "PWD", "PYTHONHASHSEED"}
    assert shown[0] == "[]" and set(shown[1:]) <= ours


def test_folders_of_the_user_below_the_systems_are_covered(monkeypatch):
    monkeypatch.setattr(_bubblewrap.Path, "cwd", lambda: _bubblewrap.Path("/usr/share"))
    monkeypatch.setattr(_bubblewrap, "HERE", _bubblewrap.Path("/usr/src/a/b/c/d"))
    assert _bubblewrap._covered() == ["/usr/share", "/usr/src"]


def test_no_table_turns_the_sandbox_off(tmp_path):
    target = tmp_path / "written"
    tests = {"tests": [{"input": "", "output": "1"}]}
    source = f"open({str(target)!r}, 'w').write('x')\nprint(1)"
    problems = pd.DataFrame(
        {"problem_id": ["p"], "gold": [None], "answer_type": "code",
         "metadata": [json.dumps({**tests, "sandbox": "none", "data": {"sandbox": "none"}})]}
    )  # fmt: skip
    rows = pd.DataFrame({"problem_id": ["p"], "text": [f"```python\n{source}\n```"]})
    assert grade(rows, problems)["verdict"].item() == "wrong"
    assert not target.exists()


def test_the_sandbox_ends_with_the_grader():
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\nfrom itc.grading import _sandbox\n"
        "_sandbox.run('while True: pass', [{'input': ''}], lambda *_: True, None, 60.0)"
    )
    package = Path(_sandbox.__file__).parents[2]
    grader = subprocess.Popen([sys.executable, "-c", script, str(package)])
    tree, deadline = [], time.monotonic() + 30
    while len(tree) < 3 and time.monotonic() < deadline:  # bubblewrap, runner, program
        time.sleep(0.1)
        tree = psutil.Process(grader.pid).children(recursive=True)
    assert len(tree) >= 3
    grader.kill()
    grader.wait()
    _, alive = psutil.wait_procs(tree, timeout=20)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
