"""One number: integers, decimals, ratios, percent, scientific notation, with or without units."""

from __future__ import annotations

import re
from fractions import Fraction

from itc.grading._base import Extraction, Problem
from itc.grading._extract import NUMBER, final_answer

METADATA = ("tolerance",)
TITLE = "number"
WORKER = False

_SCIENTIFIC = re.compile(
    r"([-+]?\d+(?:\.\d+)?)\s*(?:[eE]|(?:\\times|\\cdot|×|\*)\s*10\s*\^)\s*\{?\s*([-+]?\d{1,3})\s*\}?"
)
_RATIO = re.compile(r"([-+]?)\s*\\[dtc]?frac\s*\{\s*([-+]?\d{1,200})\s*\}\s*\{\s*(\d{1,200})\s*\}")
_NOISE = re.compile(
    r"\\(?:text|mathrm|textbf|mbox)\s*\{[^{}]*\}|\\[,;:! $]|\\(?:left|right)(?![A-Za-z])|[$€£¥~]"
)
MAX_LENGTH = 1000


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """Last box, else announcing phrase, else (with ``fallback``) last number."""
    return final_answer(text, fallback)


def value(answer: str) -> Fraction | None:
    """Value of the last number in ``answer`` (behind the last equals sign); None without one."""
    if len(answer) > MAX_LENGTH:
        return None
    bare = _NOISE.sub("", answer.replace("−", "-").replace("{,}", ",")).strip()
    bare = bare.rsplit("=", 1)[-1].strip().rstrip(".")
    scientific = _SCIENTIFIC.search(bare)
    if scientific:
        return Fraction(scientific.group(1)) * Fraction(10) ** int(scientific.group(2))
    ratio = _RATIO.search(bare)
    if ratio:
        below = int(ratio.group(3))
        signed = -1 if ratio.group(1) == "-" else 1
        return Fraction(signed * int(ratio.group(2)), below) if below else None
    matches = list(NUMBER.finditer(bare))
    if not matches:
        return None
    text = re.sub(r"\s*(?:\\?%|percent|pct)$", "", matches[-1].group())
    above, _, below_text = text.partition("/")
    above = re.sub(r"[ ,](?=\d{3}(?:\D|$))", "", above).replace(",", ".")
    if below_text and int(below_text) == 0:
        return None
    return Fraction(above) / (int(below_text) if below_text else 1)


def normal_form(answer: str, problem: Problem) -> str | None:
    """The value as a reduced fraction, such as ``-3/2``; None without a number."""
    found = value(answer)
    return None if found is None else str(found)


def tolerance(problem: Problem) -> float:
    """Relative tolerance that the problem's metadata grant (``tolerance``); 0 by default."""
    return float(problem.get("metadata", {}).get("tolerance") or 0.0)


def quick(a: str, b: str, problem: Problem) -> bool | None:
    """Equality of two values, exact or within the problem's relative tolerance."""
    if a == b:
        return True
    allowed = tolerance(problem)
    x, y = Fraction(a), Fraction(b)
    return abs(x - y) <= Fraction(allowed) * max(abs(x), abs(y)) if allowed else False


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both hold the same number (see ``quick``)."""
    forms = normal_form(a, problem), normal_form(b, problem)
    return None not in forms and bool(quick(str(forms[0]), str(forms[1]), problem))
