"""Thousands of answers that no model wrote: nothing is raised, nothing takes long, nothing grows.

2,000 for each extractor, each comparison of answers and all features. In ``make test-full`` there
are 200,000, and 500 programs for the sandbox.
"""

from __future__ import annotations

import json
import resource
import time
from collections import Counter
from itertools import islice

import pandas as pd
import pytest
from itc import guard, registry
from itc.features._all import compute_features
from itc.grading import _grade
from itc.grading._base import GradingError, Unread
from itc.grading._relation import _quick

from .mutants import mutants

SHORT, LONG = 2_000, 200_000
SLOWEST = 1.0  # CPU seconds of one answer: half the clock that would end it
GROWTH = 400 * 2**20  # bytes over all of them; the caches of normal forms are bounded, not empty
# What an exception that a grader raised is called; none of these may come of an answer.
RAISED = {*(cause for _, cause in guard.CAUSES), guard.ERROR, "timeout"}
COUNTS = [
    pytest.param(SHORT, id="short"),
    pytest.param(LONG, marks=[pytest.mark.full, pytest.mark.timeout(3600)], id="long"),
]


def about(answer_type):
    metadata = {
        "choice": {"choices": ["three", "4", "the fifth", "\\frac{1}{2}"]},
        "number": {"tolerance": 0.01},
        "reasoning_gym": {"scorer": "decimal"},
    }.get(answer_type, {})
    gold = {"choice": "B", "text": "east", "code": None}.get(answer_type, "\\frac{7}{3}")
    return {"problem_id": "p", "gold": gold, "answer_type": answer_type, "metadata": metadata}


def raised_for(answer_type, count, seed):
    """(text, what was raised or took long) of each answer of ``count`` that is at fault."""
    module, problem = _grade.grader(answer_type), about(answer_type)
    forms: list[str] = []
    for number, text in enumerate(mutants(count, seed)):
        start = time.process_time()
        reason = "length" if number % 11 == 0 else "stop"
        end = len(text) // 3 if number % 5 == 0 else None
        found = _grade.extract_one(module, problem, text, end, None, reason)
        cause = found.cause if isinstance(found, Unread) else None
        for answer in (found.answer, text[:4000]):
            if answer is None or cause:
                continue
            try:
                form = guard.guarded(module.normal_form, answer, problem)
                guard.guarded(_grade.cheap, module, problem, answer, form)
                if form is not None:
                    form.encode()  # it will be stored
                    forms.append(form)
                    for other in forms[-4:-1]:
                        guard.guarded(_quick, module, (form, other), problem)
            except guard.Undecidable as error:
                cause = error.cause if error.cause.removesuffix("_gold") in RAISED else None
        spent = time.process_time() - start
        if cause or spent > SLOWEST:
            yield text, cause or f"{spent:.1f} s"


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("answer_type", registry.names("grading"))
def test_no_answer_makes_a_grader_raise_or_hang_or_grow(answer_type, count):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    faults = list(islice(raised_for(answer_type, count, seed=count), 20))
    assert not faults, (
        f"{len(faults)} or more, {Counter(c for _, c in faults)}: {faults[0]!r:.1500}"
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < GROWTH


@pytest.mark.parametrize("count", COUNTS)
def test_no_answer_makes_a_feature_raise_or_hang_or_grow(count, caplog):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    texts = mutants(count, seed=3)
    while batch := list(islice(texts, 2_000)):
        frame = pd.DataFrame({"problem_id": "p", "draw": range(len(batch)), "text": batch})
        frame["thinking_end"] = pd.array(
            [len(t) // 2 if len(t) % 3 else None for t in batch], "Int32"
        )
        frame["n_thinking_tokens"] = pd.array([len(t) % 2 or None for t in batch], "Int32")
        start = time.process_time()
        found = compute_features(frame)
        assert len(found) == len(batch)
        assert time.process_time() - start < 60
    assert not [r for r in caplog.records if "missing for some responses" in r.getMessage()]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < GROWTH


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(40, id="short"),
        pytest.param(1_000, marks=[pytest.mark.full, pytest.mark.timeout(3600)], id="long"),
    ],
)
def test_whole_gradings_of_mathematics_end_with_a_verdict_for_each(count):
    replies = pd.DataFrame({"problem_id": "p", "text": list(mutants(count, seed=4))})
    problems = pd.DataFrame({"problem_id": ["p"], "gold": ["x+1"], "answer_type": "math"})
    rows = _grade.grade(replies, problems, workers=2)
    assert set(rows["verdict"]) <= {"right", "wrong", "undecided"}
    assert not set(rows["cause"].dropna()) & {"crash", "stalled"}


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_mutated_programs_end_with_a_verdict_for_each():
    tests = [{"input": "2", "output": "3"}, {"input": "5", "output": "6"}]
    metadata = json.dumps({"tests": tests, "cpu_seconds": 1})
    problems = pd.DataFrame(
        {"problem_id": ["p"], "gold": [None], "answer_type": "code", "metadata": [metadata]}
    )
    texts = [f"```python\nprint(int(input()) + 1)\n{t[:2000]}\n```" for t in mutants(500, seed=5)]
    try:
        rows = _grade.grade(pd.DataFrame({"problem_id": "p", "text": texts}), problems, workers=2)
    except GradingError as error:
        pytest.skip(f"programs cannot be contained here: {error}")
    assert set(rows["verdict"]) <= {"right", "wrong", "undecided"}
    assert not set(rows["cause"].dropna()) & RAISED
