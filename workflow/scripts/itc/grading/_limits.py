"""Refuse mathematics that no parser should see: too long, too deep, too large.

The bounds lie far above every gold answer of the benchmarks in config/datasets.yaml and far below
what exhausts SymPy. What passes still runs under limits of CPU time and memory.
"""

from __future__ import annotations

import math
import re
from typing import Any

LENGTH = 3000  # characters
NESTING = 40  # brackets inside brackets
DIGITS = 300  # digits of one number
EXPONENT = 20_000  # a numeric power's exponent
RESULT_DIGITS = 20_000  # digits of a power of numbers
FACTORIAL = 3000
OPERATORS = 600

# Patterns below see text whose runs of blanks are one blank. Each starts where a run of digits or a
# word does, so no character is looked at from more than a few starts, and what is taken is not
# given back (``+`` after a bound): time is linear in the text.
_BLANKS = re.compile(r"\s+")
_NUMBER = r"(?<!\d)(\d{1,300}+)"
_OPENED, _CLOSED = r"[ {(]{0,90}+", r"[ })]{0,90}+"
_DIGITS = re.compile(rf"\d{{{DIGITS + 1}}}")
_POWER = re.compile(rf"{_NUMBER}{_CLOSED}(?=(?:\^|\*\*){_OPENED}-?(\d{{1,300}}+))")
_TOWER = re.compile(
    rf"{_NUMBER}{_CLOSED}(?=(?:\^|\*\*){_OPENED}(\d{{1,300}}+)"
    rf"{_CLOSED}(?:\^|\*\*){_OPENED}(\d{{1,300}}+))"
)
_FACTORIAL = re.compile(rf"{_NUMBER}{_CLOSED}!")
_BINOMIAL = re.compile(r"binom ?\{ ?(\d{1,300}+)")
_RANGE = re.compile(r"\\(?:sum|prod)([^\d]{0,20}+)(\d{1,300}+)[^\d]{0,20}+(\d{1,300}+)")
_OPERATOR = re.compile(r"[-+*/^=<>]|\\[A-Za-z]+")
_OPEN, _CLOSE = "([{", ")]}"


def oversize(text: str) -> str | None:
    """Why ``text`` is refused (length, nesting, digits, operators, exponent), or None."""
    if len(text) > LENGTH:
        return "length"
    text = _BLANKS.sub(" ", text)
    depth = 0
    for character in text:
        if character in _OPEN:
            depth += 1
            if depth > NESTING:
                return "nesting"
        elif character in _CLOSE:
            depth = max(0, depth - 1)
    if text.count("\\frac") + text.count("\\sqrt") > 4 * NESTING:
        return "nesting"
    if _DIGITS.search(text):
        return "digits"
    if len(_OPERATOR.findall(text)) > OPERATORS:
        return "operators"
    return "exponent" if _large(text) else None


def _large(text: str) -> bool:
    """Whether a power, factorial, binomial or range of plain numbers is out of bounds."""
    for base, exponent in _POWER.findall(text):
        if int(exponent) > EXPONENT or len(base) * int(exponent) > RESULT_DIGITS * 2:
            return True
    for _, middle, top in _TOWER.findall(text):
        if int(middle) > 1 and int(top) * math.log10(int(middle)) > math.log10(EXPONENT):
            return True
    numbers = (*_FACTORIAL.findall(text), *_BINOMIAL.findall(text))
    if any(int(number) > FACTORIAL for number in numbers):
        return True
    return any(
        abs(int(high) - int(low) * (-1 if before.endswith("-") else 1)) > 20_000
        for before, low, high in _RANGE.findall(text)
    )


def undefined(item: Any) -> bool:
    """Whether a SymPy object holds a quotient by zero, evaluated or not.

    It is no mathematical object, but SymPy compares what it makes of it as if it were one.
    """
    from sympy import Pow, nan, zoo

    if not hasattr(item, "has"):
        return False
    if item.has(zoo, nan):
        return True
    powers = item.atoms(Pow)
    return any(power.exp.is_negative and power.base.is_zero for power in powers)
