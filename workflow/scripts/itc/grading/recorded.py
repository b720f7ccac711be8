"""Answers that only people or models can judge: the recording's own grade is the verdict.

The grade is true, false, or a share between 0 and 1 (``source_score``; right from metadata
``right_from`` on, by default at 1). Nothing is compared with the gold answer, which may be absent.
Responses that were sampled here have no such grade and are undecided.
"""

from __future__ import annotations

from typing import Any

from itc.grading import text
from itc.grading._base import RIGHT, UNDECIDED, WRONG, Extraction, Judgement, Problem

TITLE = "graded by its source"
METADATA = ("exact", "normalise", "right_from")
WORKER = False
NO_GRADE = "no_grade"


def extract(reply: str, problem: Problem, fallback: bool = True) -> Extraction:
    """The answer as for texts; it names the answer for votes, and decides nothing."""
    return text.extract(reply, problem, fallback)


def normal_form(answer: str, problem: Problem) -> str | None:
    """The answer's text without case, markup, articles and punctuation."""
    return text.normal_form(answer, problem)


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both are the same text."""
    return text.equivalent(a, b, problem)


def judge(answer: str, problem: Problem) -> Judgement:
    """No answer can be judged here by itself."""
    return Judgement(UNDECIDED, NO_GRADE)


def judge_row(correct: Any, score: Any, problem: Problem) -> Judgement:
    """Verdict of one response from its recorded grade: ``correct``, or the share ``score``."""
    share = score if score is not None and score == score else None
    if share is None:
        if correct is None or correct != correct:
            return Judgement(UNDECIDED, NO_GRADE)
        share = float(bool(correct))
    enough = float(problem["metadata"].get("right_from", 1.0))
    return Judgement(RIGHT if share >= enough else WRONG, None, float(share))
