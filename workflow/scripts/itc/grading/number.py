"""One number: integer, decimal, ratio, percent, power, word up to twelve, with or without unit."""

from __future__ import annotations

import re
from fractions import Fraction

from itc.grading._base import Extraction, Problem, Undecidable
from itc.grading._expression import evaluate
from itc.grading._extract import final_answer
from itc.grading._formulas import NUMBER
from itc.grading._numbers import number
from itc.grading._spelling import latex

METADATA = ("tolerance",)
TITLE = "number"
WORKER = False

MAX_LENGTH = 1000
APPROXIMATE = "~"  # first character of the form of a value that is no ratio, such as a root
CLOSE = 1e-9  # such a value equals a number within this proportion
_COMMA_DECIMAL = re.compile(r"[-+]?(?<!\d)\d++,(?:\d{4,}+|\d{1,2}(?!\d))")
_PERCENT = re.compile(r" ?(?:\\?%|percent|pct)$")
# Signs beside a number that make it a part of something larger.
_PART = re.compile(r"[\^\\*/+√!:_<>]|\d,|\d ?- ?\d")


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """Last format or box, else announcing phrase, else (with ``fallback``) last number."""
    return final_answer(text, fallback, words=False)


def value(answer: str) -> Fraction | float | None:
    """Value of ``answer``, behind its last equals sign; None where it holds none, or several.

    A float is the value of an expression that is no ratio of integers.
    """
    if len(answer) > MAX_LENGTH:
        return None
    form = latex(answer).rsplit("=", 1)[-1].strip().rstrip(".")
    bare = _PERCENT.sub("", form)
    if _COMMA_DECIMAL.fullmatch(bare):
        bare = bare.replace(",", ".")
    found = number(bare)
    if found is not None:
        return found
    made = evaluate(bare)
    if made is not None:
        return made
    matches = list(NUMBER.finditer(form))
    if len(matches) != 1 or _PART.search(form.replace(matches[0].group(), "0", 1)):
        return None
    text = _PERCENT.sub("", matches[0].group())
    return number(text.replace("−", "-"))


def normal_form(answer: str, problem: Problem) -> str | None:
    """The value as a reduced fraction, such as ``-3/2``; None without one number."""
    found = value(answer)
    if isinstance(found, float):
        return f"{APPROXIMATE}{found!r}"
    return None if found is None else str(found)


def tolerance(problem: Problem) -> float:
    """Relative tolerance that the problem's metadata grant (``tolerance``); 0 by default."""
    return float(problem.get("metadata", {}).get("tolerance") or 0.0)


def quick(a: str, b: str, problem: Problem) -> bool | None:
    """Equality of two values, exact or within the problem's relative tolerance."""
    if a == b:
        return True
    allowed = tolerance(problem)
    if a.startswith(APPROXIMATE) or b.startswith(APPROXIMATE):
        allowed = max(allowed, CLOSE)
    x, y = (Fraction(form.removeprefix(APPROXIMATE)) for form in (a, b))
    return abs(x - y) <= Fraction(allowed) * max(abs(x), abs(y)) if allowed else False


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both hold the same number (see ``quick``); Undecidable where one holds none."""
    forms = normal_form(a, problem), normal_form(b, problem)
    if None in forms:
        raise Undecidable("unparsable")
    return bool(quick(str(forms[0]), str(forms[1]), problem))
