"""Text that models write is bounded: patterns do not backtrack for ever, numbers do not explode."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from itc import registry
from itc.features._all import compute_features
from itc.grading._grade import grade

# Pieces that make a pattern of nested repetitions try every way to split them.
PIECES = (
    *(
        "a",
        "9",
        " ",
        "\n",
        "(",
        "{",
        "$",
        "\\",
        ",",
        "1,",
        "9.",
        "\\boxed{",
        "\\frac{",
        "is ",
        "**",
    ),
    *("answer: ", "The answer is ", "\\text{", "A) ", "```python\n", "wait, ", "x = ", "\\left("),
    *("1 ", "and ", "-", "\u2019", "<think>", "####", "%", "'", "no", "hmm "),
)
SIZE = 60_000  # characters; a response of 32k tokens has about twice as many
SECONDS = 2.0  # CPU time of one text of that size: real ones take milliseconds


def texts():
    for piece in PIECES:
        yield piece * (SIZE // len(piece))
    yield "".join(PIECES) * (SIZE // 200)
    yield "The answer is " + "(" * SIZE + "1" + ")" * SIZE


def problem(kind):
    choices = {"choices": ["a", "b", "c", "d"]} if kind == "choice" else {}
    return {"problem_id": "p", "gold": "A", "answer_type": kind, "metadata": choices}


@pytest.mark.parametrize("kind", registry.names("grading"))
def test_no_text_holds_up_the_search_for_an_answer(kind):
    grader = registry.load("grading", kind)
    slowest = 0.0
    for text in texts():
        started = time.process_time()
        grader.extract(text, problem(kind))
        slowest = max(slowest, time.process_time() - started)
    assert slowest < SECONDS


def test_no_text_holds_up_a_feature():
    rows = list(texts())
    frame = pd.DataFrame({"problem_id": "p", "draw": range(len(rows)), "round": 0, "text": rows})
    frame["dataset"], frame["model"], frame["procedure"] = "d", "m", "sample"
    for name in ("n_prompt_tokens", "n_output_tokens", "n_thinking_tokens", "thinking_end"):
        frame[name] = pd.array([None] * len(rows), dtype="Int32")
    for name in ("cumulative_logprob", "mean_entropy", "confidence_mean", "confidence_tail"):
        frame[name] = float("nan")
    for name in ("confidence_lowest", "confidence_bottom10"):
        frame[name] = float("nan")
    frame["finish_reason"] = "stop"
    frame["token_ids"] = [[] for _ in rows]
    started = time.process_time()
    compute_features(frame, list(registry.names("features")))
    assert time.process_time() - started < SECONDS * len(rows)


BOMBS = [
    "9**9**9",
    "9^{9^{9}}",
    "10^{10^{10}}",
    "(((9!)!)!)",
    r"\sum_{n=1}^{10^{12}} n!",
    r"\binom{10^9}{10^8}",
    "7^" * 500 + "7",
    "(" * 5000 + "1" + ")" * 5000,
    r"\frac{1}{" * 300 + "1" + "}" * 300,
    "9" * 100_000,
    r"x^{99999}-(x-1)^{99999}",
    r"\int_0^1 e^{e^{e^{e^{x}}}} dx",
]
# Not refused at sight: each takes a worker's whole time.
SLOW = [BOMBS[-1], BOMBS[-2], BOMBS[4]]


@pytest.mark.parametrize(
    "bombs",
    [
        pytest.param([b for b in BOMBS if b not in SLOW] + SLOW[:1], id="some"),
        pytest.param(SLOW[1:], marks=pytest.mark.full, id="slow"),
    ],
)
def test_numbers_that_explode_are_undecided_or_wrong_and_others_still_judged(bombs):
    problems = pd.DataFrame(
        {"problem_id": ["p"], "gold": ["x+1"], "answer_type": "math", "metadata": ["{}"]}
    )
    replies = [rf"So \boxed{{{bomb}}}" for bomb in [*bombs, "1+x"]]
    started = time.process_time()
    graded = grade(pd.DataFrame({"problem_id": "p", "text": replies}), problems)
    here = time.process_time() - started  # workers apart, whose time is bounded by the kernel
    assert here < 10
    assert set(graded["verdict"].iloc[:-1]) <= {"undecided", "wrong"}
    assert graded["verdict"].iloc[-1] == "right"
