"""One answer ends no job: what code raises about it is a cause, and a clock bounds it."""

from __future__ import annotations

import decimal
import signal
import threading
import time

import pandas as pd
import pytest
from itc import guard
from itc.features import _all, answers
from itc.grading import _grade, math, number, text
from itc.grading._base import Extraction, GradingError
from itc.grading._classes import classify
from itc.grading._grade import grade
from itc.grading._worker import run

# Short answers that ended or held up a job; an honest model may write the first.
SHORT = {
    "a quotient by zero": (r"\boxed{1/0}", "unparsable"),
    "two zeros": (r"\boxed{0/0}", "unparsable"),
    "a zero of another script": ("\\boxed{5/\u0660}", "unparsable"),
    "a fraction by zero": (r"\boxed{\frac{1}{0}}", "unparsable"),
    "by a zero that has to be worked out": (r"\boxed{\frac{3}{1-1}}", "unparsable"),
    "inside a set": (r"\boxed{\{1/0, 2\}}", "unparsable"),
    "digits, then blanks": (rf"\boxed{{{'1' * 300}{' ' * 2500}x}}", None),
    "a power behind blanks": (rf"\boxed{{9{' ' * 2000}^{' ' * 500}99999}}", "oversize"),
}


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("answer_type", ["math", "number", "text"])
def test_short_answers_neither_end_nor_hold_up_a_job(name, answer_type):
    reply, cause = SHORT[name]
    problems = pd.DataFrame({"problem_id": ["p"], "gold": ["7"], "answer_type": answer_type})
    start = time.process_time()
    rows = grade(pd.DataFrame({"problem_id": "p", "text": [reply, r"\boxed{7}"]}), problems)
    classes = classify(rows.assign(draw=range(2)), problems)
    assert time.process_time() - start < 5
    assert rows["verdict"].iloc[1] == "right"
    if answer_type == "math":
        assert rows["verdict"].iloc[0] in ("wrong", "undecided")
        assert cause is None or rows["cause"].iloc[0] == cause
    assert classes.ids.iloc[0] != classes.ids.iloc[1]


RAISED = [
    (ZeroDivisionError("x"), "number"),
    (OverflowError("x"), "number"),
    (decimal.InvalidOperation("x"), "number"),
    (RecursionError("x"), "nesting"),
    (MemoryError("x"), "memory"),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), "encoding"),
    (AssertionError("x"), "error"),
    (KeyError("x"), "error"),
    (ValueError("x"), "error"),
    (type("OfALibrary", (Exception,), {})("x"), "error"),
]


@pytest.fixture(params=RAISED, ids=lambda pair: type(pair[0]).__name__)
def raised(request):
    return request.param


def raises_on(trigger, error, real):
    """``real``, but raises ``error`` where an argument holds ``trigger``."""

    def call(*args):
        if any(isinstance(a, str) and trigger in a for a in args):
            raise error
        return real(*args)

    return call


REPLIES = pd.DataFrame(
    {"problem_id": "p", "text": [r"\boxed{bad one}", r"\boxed{7}"], "draw": [0, 1]}
)


def problems(answer_type):
    return pd.DataFrame({"problem_id": ["p"], "gold": ["7"], "answer_type": answer_type})


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (math, "extract"),
        (math, "normal_form"),
        (math, "quick"),
        (number, "extract"),
        (number, "normal_form"),
        (text, "equivalent"),
        (text, "extract"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_whatever_a_grader_raises_is_a_cause_of_that_answer(module, name, raised, monkeypatch):
    error, cause = raised
    answer_type = module.__name__.rsplit(".", 1)[1]
    monkeypatch.setattr(module, name, raises_on("bad", error, getattr(module, name)))
    rows = grade(REPLIES, problems(answer_type))
    assert list(rows["verdict"]) == ["undecided", "right"]
    assert rows["cause"].iloc[0] == cause
    assert rows["cause"].isna().iloc[1]
    classify(rows, problems(answer_type))


def test_a_worker_names_the_same_causes(raised, monkeypatch):
    error, cause = raised
    monkeypatch.setattr(math, "signature", raises_on("bad", error, math.signature))
    reply = run({"type": "math", "call": "signature", "args": ["bad", "{}"]}, 0, 2**60)
    assert reply["cause"] == cause


def test_a_relation_that_fails_is_unknown(raised, monkeypatch):
    error, _ = raised
    replies = pd.DataFrame(
        {"problem_id": "p", "text": [rf"\boxed{{{a}}}" for a in (5, 6, 6, 8)], "draw": range(4)}
    )
    rows = grade(replies, problems("number"))
    monkeypatch.setattr(number, "quick", raises_on("6", error, number.quick))
    assert list(classify(rows, problems("number")).ids) == [0, 1, 1, 2]


def test_what_no_answer_is_to_blame_for_still_ends_the_job(monkeypatch):
    def refuse(*_):
        raise GradingError("no sandbox")

    monkeypatch.setattr(text, "equivalent", refuse)
    with pytest.raises(GradingError, match="no sandbox"):
        grade(REPLIES, problems("text"))


def test_a_gold_answer_that_fails_is_named_as_the_fault(raised, monkeypatch):
    error, cause = raised
    monkeypatch.setattr(math, "normal_form", raises_on("7", error, math.normal_form))
    rows = grade(REPLIES.iloc[:1], problems("math"))
    assert rows["cause"].iloc[0] == f"{cause}_gold"


def test_a_feature_that_fails_on_one_reply_is_missing_there_only(raised, monkeypatch, caplog):
    error, cause = raised
    monkeypatch.setattr(answers, "statements", raises_on("bad", error, answers.statements))
    found = _all.compute_features(REPLIES, ["answers", "length"])
    assert found["f_answer_statements"].isna().tolist() == [True, False]
    assert found["f_characters"].tolist() == [15.0, 9.0]
    assert "'answers'" in caplog.text
    assert cause in caplog.text


def test_a_feature_that_always_fails_is_a_fault_of_its_own(monkeypatch):
    def broken(_):
        raise KeyError("column")

    monkeypatch.setattr(answers, "compute", broken)
    with pytest.raises(KeyError, match="column"):
        _all.compute_features(REPLIES, ["answers"])


def slow(*_):
    while True:
        pass


def test_the_clock_of_this_process_ends_a_loop_and_a_pattern_that_backtracks(monkeypatch):
    import re

    def backtrack(*_):
        re.match(r"(a+)+$", "a" * 40 + "b")

    for call in (slow, backtrack):
        start = time.process_time()
        with pytest.raises(guard.Undecidable, match="timeout"):
            guard.guarded(call, seconds=0.2)
        assert time.process_time() - start < 1.5
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_a_slow_answer_is_undecided_and_the_next_is_judged(monkeypatch):
    monkeypatch.setattr(
        _grade, "guarded", lambda *a, **k: guard.guarded(*a, **k | {"seconds": 0.3})
    )
    real = math.extract
    monkeypatch.setattr(math, "extract", lambda t, *a: slow() if "bad" in t else real(t, *a))
    rows = grade(REPLIES, problems("math"))
    assert list(rows["cause"].fillna("")) == ["timeout", ""]
    assert list(rows["verdict"]) == ["undecided", "right"]


def test_a_guard_inside_a_guard_leaves_the_outer_clock():
    def inner():
        return guard.guarded(slow, seconds=100.0)

    with pytest.raises(guard.Undecidable, match="timeout"):
        guard.guarded(inner, seconds=0.2)


def test_an_exception_that_swallows_all_does_not_swallow_the_clock():
    def stubborn():
        while True:
            try:
                slow()
            except Exception:
                continue

    with pytest.raises(guard.Undecidable, match="timeout"):
        guard.guarded(stubborn, seconds=0.2)


def test_other_threads_have_no_clock_but_the_same_causes():
    found = []

    def work():
        try:
            guard.guarded(lambda: 1 / 0)
        except guard.Undecidable as error:
            found.append(error.cause)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["number"]


def test_an_interrupt_is_no_answer_s_cause():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guard.guarded(interrupt)


def test_an_answer_told_by_a_recording_is_cut_like_any_other():
    rows = pd.DataFrame({"problem_id": "p", "text": [None], "source_answer": ["9" * 100_000]})
    [found] = _grade.extract_all(rows, _grade.by_id(problems("math")))
    assert found.how == "source"
    assert len(found.answer) < 5000


def test_an_extraction_stays_a_pair():
    assert Extraction("1", "boxed") == ("1", "boxed")
