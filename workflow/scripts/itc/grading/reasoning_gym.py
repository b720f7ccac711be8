"""Answers of reasoning-gym tasks, judged by the task's own scorer.

Scorers that are the package's string or decimal comparison are a line here, so most studies never
import the package. Any other scorer runs in the bounded pool; one that evaluates its input as an
expression only sees answers made of numbers, operators and known mathematical names.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from itc.grading._base import (
    RIGHT,
    WRONG,
    Extraction,
    Judgement,
    Problem,
    Undecidable,
)
from itc.grading._extract import final_answer
from itc.grading.text import extract as extract_text

TITLE = "reasoning-gym task"
WORKER = True

_DRESS = re.compile(r"^\\(?:text|mathrm|textbf|mathbf)\s*\{(.*)\}$", re.DOTALL)
_PLAIN = re.compile(r"[-+]?[\d,]{0,200}\.?\d{1,200}")
_NAMES = frozenset(
    (
        *("abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "cot", "csc", "e", "exp", "floor"),
        *("i", "ln", "log", "max", "min", "mod", "pi", "sec", "sin", "sinh", "sqrt", "tan", "tanh"),
        *("and", "or", "not", "true", "false"),
    )
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_SAFE = re.compile(r"[\w\s+\-*/^().,=<>!%√×÷¬∧∨→↔]*")
MAX_LENGTH = 2000


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """Last box, else phrase, else the last number (numeric gold) or the last line."""
    gold = str(problem.get("gold") or "")
    if _PLAIN.fullmatch(gold.strip()):
        found = final_answer(text, fallback, words=False)
        # "44 + 27 = 71" is a computation and its result
        side = (found.answer or "").rpartition("=")[2].strip(" $.")
        return Extraction(side, found.how) if _PLAIN.fullmatch(side) else found
    return extract_text(text, problem, fallback)


def normal_form(answer: str, problem: Problem) -> str | None:
    """The answer without LaTeX dress; plain numbers as the package's decimal scorer reads them."""
    form = _undress(answer)
    if _PLAIN.fullmatch(form):
        number = Decimal(form.replace(",", ""))
        return format(number.normalize() + 0, "f") if abs(number.adjusted()) < 300 else form
    return form or None


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both have the same normal form."""
    form = normal_form(a, problem)
    return form is not None and form == normal_form(b, problem)


def quick(a: str, b: str, problem: Problem) -> bool | None:
    """Equality of normal forms: the task's scorer knows golds only, so classes are by form."""
    return a == b


def judge_here(answer: str, problem: Problem) -> Judgement | None:
    """Judgement of the package's two plain scorers; None where the task has its own.

    Source: ``ProceduralDataset.score_answer`` and ``utils.compute_decimal_reward``, reasoning-gym
    0.1.25.
    """
    scorer = problem.get("metadata", {}).get("scorer", "own")
    gold = str(problem.get("gold") or "")
    if scorer == "own" or not gold:
        return None
    given = _undress(answer)
    if scorer == "decimal":
        given, gold = given.replace(",", ""), gold.replace(",", "")
        value = _decimal(given) if len(given) <= MAX_LENGTH else None
        if value is not None and value == _decimal(gold):
            return Judgement(RIGHT, None, 1.0)
    if given == gold:
        return Judgement(RIGHT, None, 1.0)
    return Judgement(WRONG, None, len(gold) / len(given) if gold in given else 0.0)


def _undress(answer: str) -> str:
    form = answer.strip().strip("$").strip()
    dressed = _DRESS.match(form)
    return dressed.group(1).strip() if dressed else form


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@lru_cache(maxsize=8)
def _task(name: str, settings: str) -> object:
    import json

    import reasoning_gym

    return reasoning_gym.create_dataset(name, seed=0, size=1, **json.loads(settings))


def judge(answer: str, problem: Problem) -> Judgement:
    """Judgement by the task's own scorer: right at a score of 1, the score kept in any case.

    Raises Undecidable: ``oversize``, or ``unsafe`` where the scorer would evaluate the answer and
    it holds more than mathematics.
    """
    import json

    metadata = problem["metadata"]
    given = _undress(answer)
    if len(given) > MAX_LENGTH:
        raise Undecidable("oversize")
    if metadata.get("evaluates") and not harmless(given):
        raise Undecidable("unsafe")
    task = _task(metadata["task"], json.dumps(metadata.get("config") or {}, sort_keys=True))
    score = float(task.score_answer(given, metadata["entry"]))  # type: ignore[attr-defined]
    return Judgement(RIGHT if score >= 1.0 else WRONG, None, score)


def harmless(answer: str) -> bool:
    """Whether ``answer`` holds only numbers, operators, one-letter names and known functions."""
    if not _SAFE.fullmatch(answer) or "__" in answer or re.search(r"[A-Za-z_)]\s*\.", answer):
        return False
    return all(len(word) == 1 or word.lower() in _NAMES for word in _WORD.findall(answer))
