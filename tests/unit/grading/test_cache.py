import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from itc import tables
from itc.annotate import annotate_file
from itc.config.procedure import Settings
from itc.grading import _cache, _grade
from itc.grading._cache import Cache, opened, prune
from itc.grading._classes import classify
from itc.grading._grade import grade
from itc.grading._pool import Result, Task

PACKAGE = Path(__file__).resolve().parents[3] / "workflow/scripts"
SETTINGS = Settings.of({"kind": "sample", "prompt": "sample", "max_tokens": 9})
ANSWERS = [r"\frac{1}{2}+x", r"x+\frac{2}{4}", "2x-x", "y+1", r"9^{9^{9}}", "?", "7", r"\frac{x}{"]


def forget():
    _cache._opened.clear()


def tasks(start, count):
    return [Task("math", "equivalent", (str(i), "x", "{}")) for i in range(start, start + count)]


@pytest.fixture
def responses(tmp_path):
    """A file of responses to one problem, as table ``responses``."""
    frame = pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "procedure": "sample",
            "problem_id": "p0",
            "draw": range(len(ANSWERS)),
            "round": 0,
            "response_id": [f"r{i}" for i in range(len(ANSWERS))],
            "text": [rf"So \boxed{{{answer}}}." for answer in ANSWERS],
            "finish_reason": "stop",
        }
    )
    path = tmp_path / "responses.parquet"
    tables.write(frame, "responses", path)
    return path


def annotated(path, problems, target, cache):
    forget()
    tables.write(annotate_file(path, problems, SETTINGS, [], cache), "annotations", target)
    return target.read_bytes()


def test_annotations_are_the_same_bytes_without_with_new_and_with_filled_cache(
    responses, table, tmp_path, monkeypatch
):
    problems, folder = table(r"x+\frac{1}{2}"), tmp_path / "cache"
    plain = annotated(responses, problems, tmp_path / "plain.parquet", None)
    assert annotated(responses, problems, tmp_path / "new.parquet", folder) == plain
    assert list(folder.rglob("*.json"))
    with monkeypatch.context() as patch:
        patch.setattr(_grade, "shared", lambda workers: pytest.fail("worked twice"))
        assert annotated(responses, problems, tmp_path / "filled.parquet", folder) == plain
    verdicts = tables.read(tmp_path / "plain.parquet", "annotations")["verdict"]
    assert set(verdicts) == {"right", "wrong", "undecided"}


def test_classes_take_the_same_cache(responses, table, tmp_path, monkeypatch):
    problems, folder = table("3"), tmp_path / "cache"
    frame = grade(tables.read(responses, "responses"), problems)
    plain = classify(frame, problems).ids
    forget()
    pd.testing.assert_series_equal(classify(frame, problems, cache=folder).ids, plain)
    forget()
    monkeypatch.setattr(_grade, "shared", lambda workers: pytest.fail("worked twice"))
    pd.testing.assert_series_equal(classify(frame, problems, cache=folder).ids, plain)


@pytest.mark.parametrize("damage", ["{broken", "[1]", '{"a": 5}', '{"a": [true, 3]}', ""])
def test_a_damaged_file_is_made_again(tmp_path, damage, caplog):
    [task] = tasks(0, 1)
    store = Cache(tmp_path)
    store.put([task], [Result(True)])
    store.flush()
    [file] = tmp_path.rglob("*.json")
    file.write_text(damage)
    again = Cache(tmp_path)
    assert again.get(task) is None
    assert "it is made again" in caplog.text
    again.put([task], [Result(False)])
    again.flush()
    assert Cache(tmp_path).get(task) == Result(False)


def test_a_crash_is_never_kept(tmp_path):
    [task] = tasks(0, 1)
    store = Cache(tmp_path)
    store.put([task], [Result(cause="crash")])
    store.flush()
    assert opened(tmp_path).get(task) is None


def test_code_libraries_and_limits_are_part_of_the_address(tmp_path, monkeypatch):
    [task] = tasks(0, 1)
    store = Cache(tmp_path)
    store.put([task], [Result(True)])
    store.flush()
    for name, value in (
        ("fingerprint", lambda *modules: "another code"),
        ("libraries", lambda: {"sympy": "another"}),
        ("CPU_SECONDS", 3.0),
        ("MEMORY", 1),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(_cache, name, value)
            _cache.version_of.cache_clear()
            assert Cache(tmp_path).get(task) is None, name
        _cache.version_of.cache_clear()
    assert Cache(tmp_path).get(task) == Result(True)


def test_grading_goes_on_where_the_cache_cannot_be_written(tmp_path, table, caplog):
    (tmp_path / "file").write_text("")
    replies = pd.DataFrame({"problem_id": "p0", "text": [r"\boxed{1+x}"]})
    rows = grade(replies, table("x+1"), cache=tmp_path / "file" / "cache")
    assert rows["verdict"].item() == "right"
    assert "cannot be written" in caplog.text


WRITER = """
import sys
from pathlib import Path
from itc.grading import _cache
from itc.grading._cache import Cache
from itc.grading._pool import Result, Task

_cache.BUCKET_DIGITS = 1  # few files, in which the jobs meet
folder, start = Path(sys.argv[1]), int(sys.argv[2])
for number in range(start, start + 40):
    store = Cache(folder)
    tasks = [Task("math", "equivalent", (str(i), "x", "{}")) for i in range(number, number + 20)]
    store.put(tasks, [Result(i % 2 == 0) for i in range(number, number + 20)])
    store.flush()
    print(number, flush=True)
"""


def writer(folder, start):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(start)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        stdout=subprocess.PIPE,
    )


@pytest.fixture
def few_files(monkeypatch):
    monkeypatch.setattr(_cache, "BUCKET_DIGITS", 1)


def held(folder):
    """Number of stored results of tasks 0..79; each must be the true one."""
    store = Cache(folder)
    found = [(i, store.get(task)) for i, task in enumerate(tasks(0, 80))]
    for i, result in found:
        assert result is None or result == Result(i % 2 == 0)
    return sum(result is not None for _, result in found)


def test_several_jobs_at_once_never_store_a_false_result(tmp_path, few_files):
    jobs = [writer(tmp_path, start) for start in (0, 10, 20)]
    for job in jobs:
        job.communicate(timeout=120)
        assert job.returncode == 0
    assert held(tmp_path) > 0
    assert not list(tmp_path.rglob("*.partial"))
    # what was lost is computed again and then kept
    store = Cache(tmp_path)
    store.put(tasks(0, 80), [Result(i % 2 == 0) for i in range(80)])
    store.flush()
    assert held(tmp_path) == 80


def test_a_kill_in_the_middle_of_writing_leaves_only_whole_files(tmp_path, few_files):
    for attempt in range(3):
        job = writer(tmp_path, attempt)
        assert job.stdout is not None
        for _ in range(2 + attempt):
            job.stdout.readline()
        job.send_signal(signal.SIGKILL)
        job.communicate()
        for path in tmp_path.rglob("*.json"):
            json.loads(path.read_text())
        assert held(tmp_path) > 0


def test_the_cache_is_bounded_oldest_version_first_and_debris_goes(tmp_path):
    now = time.time()
    for version, age in (("old", 500), ("new", 10)):
        (tmp_path / version).mkdir()
        for bucket in "abc":
            path = tmp_path / version / f"{bucket}.json"
            path.write_text("x" * 1000)
            os.utime(path, (now - age - ord(bucket), now - age - ord(bucket)))
    debris = tmp_path / "new" / ".a.json.123.partial"
    fresh = tmp_path / "new" / ".a.json.456.partial"
    for path, age in ((debris, 2 * _cache.ABANDONED), (fresh, 1)):
        path.write_text("x")
        os.utime(path, (now - age, now - age))
    for version, age in (("old", 500), ("new", 10)):
        os.utime(tmp_path / version, (now - age, now - age))
    assert prune(tmp_path, 10**6) == 6000
    assert not debris.exists()
    assert fresh.exists()
    os.utime(tmp_path / "new", (now - 10, now - 10))
    assert prune(tmp_path, 2500) == 2000
    assert not (tmp_path / "old").exists()
    assert {p.name for p in (tmp_path / "new").glob("*.json")} == {"a.json", "b.json"}


def test_writing_prunes_once_per_job(tmp_path):
    store = Cache(tmp_path, max_bytes=300)
    store.put(tasks(0, 50), [Result(True)] * 50)
    store.flush()
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.json")) <= 300
