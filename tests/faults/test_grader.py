"""A grading worker killed from outside: its task is tried once more, others never notice."""

from __future__ import annotations

import os
import signal
import threading
import time

import pandas as pd
import psutil
import pytest
from itc.grading import _grade
from itc.grading._cache import Cache
from itc.grading._pool import Pool, Task
from itc.grading._pool import Result as PoolResult

# Pairs that need the symbolic worker, and no two of them the same task.
ANSWERS = [rf"\frac{{{n}x+{n}}}{{{n}}}" for n in range(2, 12)]
TASKS = [Task("math", "equivalent", (answer, "x+1", "{}")) for answer in ANSWERS]


class Killer(threading.Thread):
    """Kills the worker below this process each time one has started on a task, ``times`` times."""

    def __init__(self, times: int) -> None:
        super().__init__(daemon=True)
        self.left, self.killed, self.over = times, set(), False

    def run(self) -> None:
        me = psutil.Process()
        while self.left and not self.over:
            for child in me.children():
                if child.pid not in self.killed and "itc.grading._worker" in child.cmdline():
                    time.sleep(0.05)
                    os.kill(child.pid, signal.SIGKILL)
                    self.killed.add(child.pid)
                    self.left -= 1
            time.sleep(0.01)


@pytest.fixture
def pool():
    with Pool(1) as made:
        yield made


def with_kills(pool, times):
    killer = Killer(times)
    killer.start()
    results = pool.run(TASKS)
    killer.over = True
    killer.join()
    assert len(killer.killed) == times
    return results


def test_a_killed_workers_task_is_tried_again(pool):
    assert with_kills(pool, 1) == [PoolResult(True)] * len(TASKS)


def test_a_task_whose_worker_dies_twice_is_undecided_and_others_are_not(pool):
    results = with_kills(pool, 2)
    assert results.count(PoolResult(True)) == len(TASKS) - 1
    assert [r.cause for r in results if r.cause] == ["crash"]


def test_no_verdict_of_a_killed_worker_is_kept_on_disk(pool, tmp_path):
    """The next run decides what this one could not."""
    results = with_kills(pool, 2)
    cache = Cache(tmp_path)
    cache.put(TASKS, results)
    cache.flush()
    again = [Cache(tmp_path).get(task) for task in TASKS]
    assert again.count(None) == 1 and again.count(PoolResult(True)) == len(TASKS) - 1


def test_a_study_is_graded_to_the_end(monkeypatch):
    problems = pd.DataFrame(
        {"problem_id": ["p"], "gold": ["x+1"], "answer_type": "math", "metadata": ["{}"]}
    )
    texts = [rf"So \boxed{{{answer}}}." for answer in [*ANSWERS, "x+2"]]
    responses = pd.DataFrame({"problem_id": "p", "text": texts})
    with Pool(1) as pool:
        monkeypatch.setattr(_grade, "shared", lambda workers: pool)
        killer = Killer(2)
        killer.start()
        graded = _grade.grade(responses, problems)
        killer.over = True
    assert len(killer.killed) == 2
    undecided = graded["verdict"] == "undecided"
    assert undecided.sum() == 1 and set(graded.loc[undecided, "cause"]) == {"crash"}
    expected = ["right"] * len(ANSWERS) + ["wrong"]
    assert [v for v, u in zip(graded["verdict"], undecided, strict=True) if not u] == [
        e for e, u in zip(expected, undecided, strict=True) if not u
    ]
