"""Refuse mathematics that no parser should see: too long, too deep, too large.

The bounds lie far above every gold answer of the benchmarks in config/datasets.yaml and far below
what exhausts SymPy. What passes still runs under limits of CPU time and memory.
"""

from __future__ import annotations

import math
import re

LENGTH = 3000  # characters
NESTING = 40  # brackets inside brackets
DIGITS = 300  # digits of one number
EXPONENT = 20_000  # a numeric power's exponent
RESULT_DIGITS = 20_000  # digits of a power of numbers
FACTORIAL = 3000
OPERATORS = 600

_DIGITS = re.compile(rf"\d{{{DIGITS + 1},}}")
_POWER = re.compile(r"(\d{1,300})\s*\}?\s*\)?\s*(?:\^|\*\*)\s*[{(\s]*-?(\d{1,300})")
_TOWER = re.compile(r"(\d{1,300})\s*(?:\^|\*\*)[{(\s]*(\d{1,300})\s*(?:\^|\*\*)[{(\s]*(\d{1,300})")
_FACTORIAL = re.compile(r"(\d{1,300})\s*[})]?\s*!")
_BINOMIAL = re.compile(r"binom\s*\{\s*(\d{1,300})")
_RANGE = re.compile(r"(?:\\sum|\\prod)[^\d]{0,20}(-?\d{1,300})[^\d]{0,20}(\d{1,300})")
_OPERATOR = re.compile(r"[-+*/^=<>]|\\[A-Za-z]+")
_OPEN, _CLOSE = "([{", ")]}"


def oversize(text: str) -> str | None:
    """Why ``text`` is refused (length, nesting, digits, operators, exponent), or None."""
    if len(text) > LENGTH:
        return "length"
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
    return any(abs(int(high) - int(low)) > 20_000 for low, high in _RANGE.findall(text))
