"""What graders share: their small contract, and the three-valued judgement.

A grader is a module ``grading/<answer type>.py`` with

``TITLE``
    its name.
``WORKER``
    True where its symbolic work may hang or grow, and so only runs in the bounded pool.
``METADATA`` (optional)
    the metadata keys it reads: of a problem's metadata it is given these and no others.
``SANDBOX`` (optional)
    True where its work is code of others: its workers are in the sandbox (``_bubblewrap``).
``extract(text, problem) -> Extraction``
    the answer in a visible reply. Runs in the parent, under ``itc.guard``: linear in ``text``.
``normal_form(answer, problem) -> str | None``
    a cheap canonical spelling; equal forms are equal answers. None where there is none.
``quick(a, b, problem) -> bool | None``
    equality of two normal forms where that needs no work, else None.
``equivalent(a, b, problem) -> bool``
    the whole relation, symmetric; may raise Undecidable, hang or grow where WORKER is True.
``judge(answer, problem) -> Judgement`` (optional)
    used instead of equivalence with the gold answer, by graders that score; ``judge_here`` is its
    cheap part, which returns None where the pool is needed.
``against_gold(gold, answer, problem) -> bool`` (optional)
    ``equivalent`` that tells faults of the gold answer apart.
``refuse(answer, problem) -> str | None`` (optional)
    cause for which an answer is not judged at all, found without work.
``prepare(problems) -> None`` (optional)
    raises GradingError where this machine cannot judge such answers at all.
``read_gold(gold, problem) -> str | None`` (optional)
    ``normal_form`` of a gold answer, where golds are spelled in more ways than answers.
``judge_row(correct, score, problem) -> Judgement`` (optional)
    used instead of all comparison, by the type whose recording holds the grade.
``signature(answer, problem) -> list | None`` (optional)
    numbers that equal answers share; keeps clearly different answers from being compared.

``problem`` holds ``problem_id``, ``gold``, all ``golds``, and those ``metadata`` that the grader
lists.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from itc.guard import Passing
from itc.guard import Undecidable as Undecidable

RIGHT, WRONG, UNDECIDED = "right", "wrong", "undecided"
# How an answer was found: by a box (or block of code), an announcing phrase, a tag, a JSON key, a
# box at the end of the thinking, the last value near the end, or not at all.
BOXED, PHRASE, TAG, JSON = "boxed", "phrase", "tag", "json"
THINKING, FALLBACK, NONE = "thinking", "fallback", "none"
NO_ANSWER = "no_answer"
# Judgements of other responses: ``answer_how`` of one with a score, and the causes that none of
# them is right or wrong.
SCORE = "score"
JUDGEMENT, NO_SCORE = "judgement", "no_score"
UNREADABLE_GOLD = "unreadable_gold"
# Longest answer kept; every grader refuses far shorter ones before parsing.
MAX_ANSWER = 4000

Problem = dict[str, Any]


class Extraction(NamedTuple):
    """An answer found in a reply (None where there is none) and how it was found."""

    answer: str | None
    how: str


class Unread(Extraction):
    """Nothing is known about the answer of a reply: the search failed, ``cause`` says why."""

    cause: str

    def __new__(cls, cause: str) -> Unread:
        """An extraction without an answer, with ``cause``."""
        made = super().__new__(cls, None, NONE)
        made.cause = cause
        return made


NOTHING = Extraction(None, NONE)


class Judgement(NamedTuple):
    """``verdict`` right, wrong or undecided; ``cause`` of the last; ``score`` in 0..1 or None."""

    verdict: str
    cause: str | None = None
    score: float | None = None


class GradingError(Passing, ValueError):
    """Responses cannot be graded as asked; the message names what is missing and the mend."""


def clean(answer: str) -> str:
    """``answer`` as it may be stored: stripped, no NUL, no lone surrogate, at most MAX_ANSWER.

    A longer one keeps its beginning and a digest of the whole, so that different answers differ.
    """
    answer = answer.strip().replace("\0", "�")
    answer = answer.encode("utf-8", "replace").decode("utf-8")
    if len(answer) > MAX_ANSWER:
        digest = hashlib.sha256(answer.encode()).hexdigest()[:16]
        answer = f"{answer[:MAX_ANSWER]}… {digest}"
    return answer
