import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from itc.grading import _pool
from itc.grading._pool import Pool, Result, Task

# A grader made of everything that may go wrong. Bare `except` swallows what Python raises.
BAD = """
import os, sys, time
TITLE, WORKER = "bad", True
def _swallow(f):
    while True:
        try:
            f()
        except BaseException:
            pass
def spin(problem): _swallow(lambda: None)
def native(problem): return len(str(7 ** (10 ** 8)))
def eat(problem): return len(bytearray(700 * 2**20).replace(b"\\0", b"x"))
def swallowed(problem):
    kept = []
    try:
        while True: kept.append(bytearray(16 * 2**20))
    except MemoryError:
        kept.clear()
    return False
def die(problem): os._exit(3)
def segfault(problem):
    import ctypes; ctypes.string_at(0)
def raises(problem): raise RuntimeError("x")
def deep(problem): return deep(problem)
def prints(problem): print("noise"); os.write(1, b"noise\\n"); return 5
def fine(value, problem): return value
def seconds(value, problem):
    end = time.process_time() + float(value)
    while time.process_time() < end: pass
    return True
"""


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    package = Path(_pool.__file__).resolve().parents[1]
    shutil.copytree(package, folder / "itc", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "itc/grading/bad.py").write_text(BAD)
    before = _pool.PACKAGE_PARENT
    _pool.PACKAGE_PARENT = folder
    with Pool(1, cpu_seconds=1.0, memory=256 * 2**20, probe_seconds=0.3) as pool:
        yield pool
    _pool.PACKAGE_PARENT = before


def run(pool, call, *args):
    return pool.run([Task("bad", call, (*args, "{}"))])[0]


@pytest.mark.parametrize(
    ("call", "causes"),
    [
        ("spin", {"timeout"}),
        ("native", {"timeout"}),
        ("eat", {"memory"}),
        ("swallowed", {"memory"}),
        ("die", {"crash"}),
        ("segfault", {"crash"}),
        ("raises", {"error"}),
        ("deep", {"nesting"}),
    ],
)
def test_every_way_to_fail_is_contained_and_named(bad, call, causes):
    assert run(bad, call).cause in causes
    assert run(bad, "fine", "next") == Result("next")


def test_output_of_a_library_does_not_mix_with_replies(bad):
    assert run(bad, "prints").value == 5


def test_results_keep_the_order_of_their_tasks_around_failures(bad):
    calls = [("fine", str(i)) if i % 3 else ("die",) for i in range(12)]
    results = bad.run([Task("bad", name, (*args, "{}")) for name, *args in calls])
    assert [r.value for r in results] == [str(i) if i % 3 else None for i in range(12)]


def test_a_slow_task_gets_its_whole_budget_on_a_fresh_worker(bad):
    assert run(bad, "seconds", "0.6").value is True  # more than the probe, less than the budget
    assert run(bad, "seconds", "1.6").cause == "timeout"


def test_a_worker_that_is_only_slow_on_the_clock_is_not_ended(bad):
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)]
    try:
        start = time.monotonic()
        assert run(bad, "seconds", "0.6").value is True
        assert time.monotonic() - start > 0.6
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_no_process_is_left_behind():
    pool = Pool(2)
    assert pool.run([Task("math", "normal_form", ("1", "{}"))] * 3)[0].value == "1"
    workers = [psutil.Process(w.process.pid) for w in pool._idle]
    pool.close()
    assert workers
    assert not [w for w in workers if w.is_running()]


def test_workers_end_when_their_parent_is_killed():
    code = (
        "import json, sys\n"
        "from itc.grading._pool import Pool, Task\n"
        "pool = Pool(1); pool.run([Task('number', 'normal_form', ('1', '{}'))])\n"
        "print(pool._idle[0].process.pid, flush=True)\n"
        "import time; time.sleep(600)\n"
    )
    environment = {"PYTHONPATH": str(_pool.PACKAGE_PARENT), "PATH": "/usr/bin:/bin"}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    worker = psutil.Process(json.loads(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    psutil.wait_procs([worker], timeout=60)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def test_sizes_must_be_positive():
    with pytest.raises(ValueError, match="workers 0"):
        Pool(0)
