"""Eleven silent defects seen in other systems, each with a test that this one does not have it."""

import inspect

import numpy as np
import pandas as pd
import pytest
from itc.grading import _bubblewrap, code
from itc.grading._classes import classify
from itc.grading._grade import grade
from itc.grading._pool import Pool, Task


def test_1_verdicts_do_not_depend_on_wall_clock_limits():
    # No limit in the pool is measured by a clock on the wall; test_math.py grades under load.
    from itc.grading import _pool, math

    assert "parsing_timeout=None" in inspect.getsource(math.parse)
    assert '"timeout_seconds": None' in inspect.getsource(math.equivalent)
    assert "ITIMER_PROF" in inspect.getsource(__import__("itc.grading._worker", fromlist=["main"]))
    assert _pool.STALL_SECONDS >= 60  # only for a worker that waits


def test_2_a_fractional_limit_judges_like_any_other():
    pair = Task("math", "against_gold", (r"\frac{1}{2}+x", r"x+\frac{2}{4}", "{}"))
    with Pool(1, cpu_seconds=0.75) as pool:
        assert pool.run([pair])[0].value is True


def test_3_golds_are_always_delimited(graded):
    verdicts = graded(r"3\sqrt{13}", r"\boxed{3}", r"\boxed{3\sqrt{13}}")["verdict"]
    assert list(verdicts) == ["wrong", "right"]


def test_4_pass_at_k_never_divides_by_draws_that_do_not_exist():
    from itc.estimators.coverage import coverage

    assert coverage(np.array([4]), 4, [1])[0, 0] == 1.0
    with pytest.raises(ValueError):
        coverage(np.array([4]), 4, [64])


def test_5_votes_count_answers_not_pairs_of_answer_and_verdict(graded, table):
    frame = graded("9", *[r"\boxed{7}"] * 4, *[r"\boxed{5}"] * 3, draw=range(7))
    frame.loc[:1, "verdict"] = "undecided"  # a judge that contradicts itself
    assert classify(frame, table("9")).ids.mode().item() == 0


def test_6_a_marker_before_a_comma_is_counted():
    from itc.features.markers import compute

    texts = pd.DataFrame(
        {
            "text": ["Wait, no. Alternatively, wait: 5", "Done"],
            "thinking_end": [None, None],
            "n_output_tokens": [9, 1],
            "n_thinking_tokens": [None, None],
        }
    )
    counts = compute(texts)["f_thinking_count"]
    assert counts[0] >= 3
    assert counts[1] == 0


def test_7_stopping_rules_are_finite_where_counts_are_large():
    from itc.estimators.stopping import beta_confidence

    table = beta_confidence(700)
    assert np.isfinite(table).all()
    assert 0.99 < table[700, 600] < 1.0
    assert table[600, 700] < 0.01


def test_8_no_python_code_can_swallow_the_limit():
    # SIGPROF keeps its default action: the kernel ends the worker, whatever the code catches.
    from itc.grading import _worker

    source = inspect.getsource(_worker.main)
    assert "signal.signal(signal.SIGPROF, signal.SIG_DFL)" in source
    hard = r"\int_0^1 \frac{\sin(x^{x}) e^{\cos(x)}}{\sqrt{1+x^5}} dx"
    with Pool(1, cpu_seconds=0.5, probe_seconds=0.2) as pool:
        result = pool.run([Task("math", "against_gold", (hard, r"\frac{\pi^2}{17}+1", "{}"))])[0]
    assert result.value is not True


@pytest.mark.skipif(_bubblewrap.available() is not None, reason="bubblewrap does not work here")
def test_9_a_program_that_is_killed_is_wrong_and_cannot_write_or_connect(tmp_path):
    problem = {"metadata": {"tests": [{"input": "", "output": "1"}]}}
    killed = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    assert code.judge(killed, problem).verdict == "wrong"
    writes = f"open({str(tmp_path / 'x')!r}, 'w')\nprint(1)"
    assert code.judge(writes, problem).verdict == "wrong"
    assert list(tmp_path.iterdir()) == []
    connects = "import socket\nsocket.create_connection(('127.0.0.1', 9))\nprint(1)"
    assert code.judge(connects, problem).verdict == "wrong"


def test_10_token_totals_do_not_depend_on_where_a_run_starts(table):
    # Grades hold no running totals: rows graded alone and together are the same rows.
    rows = pd.DataFrame({"problem_id": "p0", "text": [r"\boxed{1}", "none", r"\boxed{2}"]})
    together = grade(rows, table("1"))
    alone = pd.concat([grade(rows.iloc[[i]], table("1")) for i in (2, 0, 1)]).sort_index()
    pd.testing.assert_frame_equal(together, alone)
    assert grade(rows.iloc[:0], table("1")).empty


def test_11_an_unparsable_gold_stays_in_the_table_and_says_so(graded):
    row = graded(r"\frac{", r"\boxed{5}").iloc[0]
    assert (row["verdict"], row["cause"]) == ("undecided", "unparsable_gold")
    assert row["answer"] == "5"
