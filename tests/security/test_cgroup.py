"""Memory that no limit of a process counts: bounded by a cgroup where this user can make one."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from itc.grading import _bubblewrap, _cgroup, _cgroup_place, _sandbox
from itc.grading._pool import Pool, Result, Task

MIB = 2**20
SANDBOX = pytest.mark.skipif(
    _bubblewrap.available() is not None, reason=f"no sandbox: {_bubblewrap.available()}"
)


@pytest.fixture
def parent():
    """The real folder of groups, which must be as empty afterwards as before."""
    _cgroup._usable.cache_clear()
    with _cgroup.bound(MIB) as group:
        if group.folder is None:
            pytest.skip("this user can make no memory cgroup here")
        folder = group.folder.parent
    yield folder
    assert not list(folder.glob(f"itc-*-{os.getpid()}-*"))


@pytest.fixture
def sizes(monkeypatch):
    """Limit and peak of each group, read just before it is removed."""
    found, remove = [], _cgroup.Group.remove
    names = {1: ("memory.limit_in_bytes", "memory.max_usage_in_bytes"),
             2: ("memory.max", "memory.peak")}  # fmt: skip

    def look(group):
        if group.folder is not None:
            files = [group.folder / name for name in names[group.version]]
            found.append([int(f.read_text()) if f.exists() else 0 for f in files])
        remove(group)

    monkeypatch.setattr(_cgroup.Group, "remove", look)
    return found


def small(monkeypatch, mib):
    """Groups of ``mib`` MiB for programs of 256 MiB: far below what the watch from outside ends."""
    monkeypatch.setattr(_cgroup, "ALLOWANCE", (mib - 512) * MIB)


def ran(source, tests=1):
    """Tests that ended and that were accepted, and what ended the run."""
    inputs = [{"input": ""}] * tests
    source = "import os, time\n" + source
    return tuple(_sandbox.run(source, inputs, _right, None, 5.0, memory=256 * MIB))[:3]


def _right(_, report):
    return report.output == b"1\n"


RIGHT = (1, 1, None)
FILLS = {
    "socket buffers": """
import socket
def fill():
    held = []
    try:
        while True:
            held.append(socket.socketpair())
            for end in held[-1]:
                end.setblocking(False)
                try:
                    while True: end.send(b"x" * 65536)
                except BlockingIOError: pass
    except OSError: time.sleep(5); return held
for _ in range(5):
    if os.fork() == 0: held = fill(); os._exit(0)
held = fill()
""",
    "pages of /tmp": """
held = [os.open(f"/tmp/{n}", os.O_RDWR | os.O_CREAT) for n in range(9)]
for handle in held:
    for _ in range(7): os.write(handle, b"x" * 2**20)
""",
    "areas of address space": """
import ctypes
page = os.open("/tmp/page", os.O_RDWR | os.O_CREAT)
os.write(page, b"x" * 4096)
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_ssize_t
while libc.mmap(None, 4096, 1, 1, page, 0) != -1: pass
for _ in range(8):
    if os.fork() == 0: time.sleep(5); os._exit(0)
""",
    "a child, while the program lives": """
pid = os.fork()
if pid == 0: held = b"x" * (100 * 2**20); os._exit(0)
os.waitpid(pid, 0)
""",
}


@SANDBOX
@pytest.mark.parametrize("source", FILLS.values(), ids=FILLS.keys())
def test_memory_of_whatever_kind_is_bounded(source, parent, sizes, monkeypatch):
    small(monkeypatch, 48)
    before = (Path("/proc/self/cgroup").read_text(), _rss())
    beside = []
    thread = threading.Thread(target=lambda: beside.append(ran("print(1)")))
    thread.start()
    assert ran(source + "print(1)")[1:] == (0, "memory")
    thread.join()
    assert beside == [RIGHT]
    assert len(sizes) == 2 and all(limit == 48 * MIB >= peak for limit, peak in sizes)
    assert Path("/proc/self/cgroup").read_text() == before[0]
    assert _rss() - before[1] < 20 * MIB


def _rss():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@SANDBOX
def test_a_program_may_use_what_it_is_promised(parent, sizes):
    """200 of 256 MiB in one process, and all of /tmp, in each of two tests."""
    source = "held = b'x' * (200 * 2**20)\nfor n in range(8):\n"
    source += "    open(f'/tmp/{n}', 'wb').write(b'x' * 7 * 2**20)\nprint(1)"
    assert ran(source, tests=2) == (2, 2, None)
    assert [limit for limit, _ in sizes] == [(2 * 256 + 128) * MIB]


TASK = Task("reasoning_gym", "ready", ('{"metadata": {}}',))


@SANDBOX
def test_a_worker_without_memory_says_so_and_the_next_one_works(parent, monkeypatch):
    with Pool(memory=256 * MIB) as pool:
        with monkeypatch.context() as patch:
            small(patch, 16)
            assert pool.run([TASK]) == [Result(cause="memory")]
        assert pool.run([TASK])[0].cause not in ("memory", "crash")
        assert len(list(parent.glob(f"itc-*-{os.getpid()}-*"))) == 1  # of the idle worker


@SANDBOX
def test_groups_of_a_killed_grader_are_removed_by_the_next(parent):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\nfrom itc.grading import _sandbox\n"
        "_sandbox.run('while True: pass', [{'input': ''}], lambda *_: True, None, 60.0)"
    )
    package = Path(_sandbox.__file__).parents[2]
    grader = subprocess.Popen([sys.executable, "-c", script, str(package)])
    deadline = time.monotonic() + 30
    while not (found := list(parent.glob(f"itc-*-{grader.pid}-*"))):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    _cgroup.clean(parent)
    assert found[0].exists()  # its grader lives
    grader.kill()
    grader.wait()
    _cgroup._usable.cache_clear()
    _cgroup.bound(MIB).remove()
    assert not found[0].exists()


# -- where no group can be made, or somewhere else -------------------------------------------------


def tree(folder, monkeypatch, cgroup, mounts, files=()):
    """A made-up /proc and cgroup file system below ``folder``."""
    proc = folder / "proc"
    (proc / "ns").mkdir(parents=True)
    (proc / "ns/pid").touch()
    (proc / "cgroup").write_text(cgroup)
    (proc / "mountinfo").write_text(mounts.replace("SYS", str(folder / "sys")))
    for name, text in files:
        (folder / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "sys" / name).write_text(text)
    monkeypatch.setattr(_cgroup_place, "PROC", proc)
    _cgroup._usable.cache_clear()


@pytest.fixture(autouse=True)
def forget():
    yield
    _cgroup._usable.cache_clear()


TWO = "30 23 0:26 / SYS rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
ONE = "35 31 0:32 ROOT SYS/memory rw shared:1 - cgroup cgroup rw,memory\n"
SCOPE = "0::/user.slice/app.slice/run-1.scope\n"
HYBRID = "9:name=systemd:/x\n4:memory:/docker/12\n0::/x\n"


@pytest.mark.parametrize(
    ("cgroup", "mounts", "files", "expected"),
    [
        # Below a user's manager: the scope's parent hands the controller on.
        (SCOPE, TWO, [("user.slice/app.slice/cgroup.subtree_control", "memory pids\n"),
                      ("user.slice/app.slice/run-1.scope/cgroup.subtree_control", "\n")],
         ("user.slice/app.slice", 2)),
        # The root of all holds processes and groups.
        ("0::/\n", TWO, [("cgroup.subtree_control", "cpu memory\n")], ("", 2)),
        # Nobody hands it on; a name that holds the word does not count.
        (SCOPE, TWO, [("user.slice/app.slice/cgroup.subtree_control", "cpu memory_x\n")], None),
        # A container: the mount is the own cgroup, and there is no parent.
        ("0::/\n", TWO, [("cgroup.subtree_control", "\n")], None),
        # Version 1 has the controller although version 2 is there as well.
        (HYBRID, TWO + ONE.replace("ROOT", "/"), [], ("memory/docker/12", 1)),
        # A container of version 1: the mount begins at its own cgroup.
        (HYBRID, ONE.replace("ROOT", "/docker/12"), [], ("memory", 1)),
        ("4:cpu,memory:/docker/12/a\n", ONE.replace("ROOT", "/docker/12"), [], ("memory/a", 1)),
        (HYBRID, ONE.replace("ROOT", "/docker/1"), [], None),
        ("0::/../x\n", TWO, [("cgroup.subtree_control", "memory\n")], None),
        ("", "", [], None),
    ],
)  # fmt: skip
def test_where_groups_are_made(cgroup, mounts, files, expected, tmp_path, monkeypatch):
    tree(tmp_path, monkeypatch, cgroup, mounts, files)
    if expected is None:
        with pytest.raises(ValueError):
            _cgroup_place.place()
    else:
        assert _cgroup_place.place() == (tmp_path / "sys" / expected[0], expected[1])


@pytest.mark.parametrize(
    ("cgroup", "mounts"),
    [(HYBRID, ONE.replace("ROOT", "/docker/12")), ("0::/\n", TWO), ("0::/none\n", ""),
     ("no cgroups", TWO)],
)  # fmt: skip
def test_without_a_group_the_other_bounds_hold(cgroup, mounts, tmp_path, monkeypatch, caplog):
    """Folders that are no cgroups: nothing is left in them, and the log says it once."""
    tree(tmp_path, monkeypatch, cgroup, mounts, [("cgroup.subtree_control", "memory\n")])
    (tmp_path / "sys/memory").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert _cgroup.bound(MIB).folder is None
    assert caplog.text.count("no memory cgroup") == 1
    assert sorted(tmp_path.rglob("*")) == before
    if _bubblewrap.available() is None:
        assert ran("print(1)") == RIGHT
        monkeypatch.setattr(_sandbox, "TOGETHER", 0.2)  # 51 MiB: the watch from outside
        held = "held = b'x' * (100 * 2**20)\nwhile True: pass"
        assert ran(held) == (0, 0, "memory")


@SANDBOX
def test_a_group_of_version_2_is_limited_joined_and_read(tmp_path, monkeypatch):
    """On a made-up file system, as the kernel of this machine may have the controller in version 1.

    It fills new folders as the kernel does, and loses them with their files.
    """
    tree(tmp_path, monkeypatch, "0::/\n", TWO, [("cgroup.subtree_control", "memory\n")])
    files = dict.fromkeys(("memory.max", "memory.swap.max", "memory.oom.group", "cgroup.procs"), "")
    files["memory.events"] = "low 0\nmax 7\noom 2\noom_kill 0\n"
    mkdir, gone = Path.mkdir, []

    def fill(folder, *arguments, **options):
        mkdir(folder, *arguments, **options)
        if folder.name.startswith("itc-"):
            for name, text in files.items():
                (folder / name).write_text(text)

    def take(folder):
        gone.append({name: (folder / name).read_text().strip() for name in files})
        shutil.rmtree(folder)

    monkeypatch.setattr(Path, "mkdir", fill)
    monkeypatch.setattr(Path, "rmdir", take)
    assert ran("print(1)") == RIGHT
    trial, group = gone
    assert group["memory.max"] == str((2 * 256 + 128) * MIB)
    assert (group["memory.swap.max"], group["memory.oom.group"]) == ("0", "1")
    assert int(group["cgroup.procs"]) not in (os.getpid(), int(trial["cgroup.procs"]))
    files["memory.events"] = "oom_kill 1\n"
    assert ran("print(1)")[1:] == (0, "memory")
    del files["memory.swap.max"]  # a kernel without swap
    assert ran("print(1)")[1:] == (0, "memory")
    assert len(gone) == 4 and not list((tmp_path / "sys").glob("itc-*"))


def test_an_event_file_of_another_kernel_is_no_count(tmp_path):
    (tmp_path / "events").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
    assert _cgroup._kills(tmp_path / "events") == 3
    (tmp_path / "events").write_text("oom_kill_disable 0\nunder_oom 0\n")
    with pytest.raises(ValueError, match="does not count"):
        _cgroup._kills(tmp_path / "events")
