r"""Value of a small expression of numbers: ``2^6``, ``\sqrt{36}``, ``2\frac12``, ``3 \cdot (4+1)``.

Exact where it can be, else a float. Everything is bounded: length, depth, and the size of powers.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

LENGTH = 200
DEPTH = 20
BITS = 8000  # of a power's value

Value = Fraction | float
_TOKEN = re.compile(
    r" {0,3}+(?:(\d++(?:\.\d*+)?|\.\d++)|(\\(?:frac|sqrt|pi|cdot|times|div)(?![A-Za-z]))"
    r"|([-+*/^(){}]))"
)


class _NoValueError(Exception):
    """The expression is none of numbers, or is out of bounds."""


def evaluate(form: str) -> Value | None:
    """Value of ``form``, LaTeX as ``_spelling.latex`` writes it; None for anything else."""
    if len(form) > LENGTH:
        return None
    tokens: list[str] = []
    at = 0
    while at < len(form.rstrip()):
        found = _TOKEN.match(form, at)
        if found is None:
            return None
        tokens.append(next(part for part in found.groups() if part))
        at = found.end()
    try:
        reader = _Reader(tokens)
        value = reader.sum(0)
    except (_NoValueError, ZeroDivisionError, OverflowError, ValueError):
        return None
    if reader.at < len(tokens) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


class _Reader:
    """Recursive descent over tokens; raises _NoValueError."""

    def __init__(self, tokens: list[str]):
        self.tokens, self.at = tokens, 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, token: str) -> bool:
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def sum(self, depth: int) -> Value:
        if depth > DEPTH:
            raise _NoValueError
        total = self.product(depth)
        while self.peek() in ("+", "-"):
            sign = 1 if self.take("+") else -1
            self.at += sign < 0
            total = total + sign * self.product(depth)
        return total

    def product(self, depth: int) -> Value:
        total = self.signed(depth)
        while True:
            if self.take("*") or self.take(r"\cdot") or self.take(r"\times"):
                total = total * self.signed(depth)
            elif self.take("/") or self.take(r"\div"):
                total = total / self.signed(depth)
            elif self.peek() in ("(", r"\sqrt", r"\pi"):
                total = total * self.power(depth)
            else:
                return total

    def signed(self, depth: int) -> Value:
        if self.take("-"):
            return -self.power(depth)
        self.take("+")
        return self.power(depth)

    def power(self, depth: int) -> Value:
        base = self.atom(depth)
        if not self.take("^"):
            return base
        exponent = self.group(depth) if self.peek() == "{" else self.short(depth)
        if (
            isinstance(base, Fraction)
            and isinstance(exponent, Fraction)
            and exponent.denominator == 1
        ):
            size = max(base.numerator.bit_length(), base.denominator.bit_length())
            if size * abs(exponent) > BITS:
                raise _NoValueError
            return Fraction(base ** int(exponent))
        if base < 0:
            raise _NoValueError
        return math.pow(float(base), float(exponent))

    def short(self, depth: int) -> Value:
        sign = -1 if self.take("-") else 1
        return sign * self.atom(depth)

    def atom(self, depth: int) -> Value:
        token = self.peek()
        self.at += 1
        if token == "(":
            value = self.sum(depth + 1)
            if not self.take(")"):
                raise _NoValueError
            return value
        if token == "{":
            self.at -= 1
            return self.group(depth)
        if token == r"\frac":
            above = self.group(depth)
            return above / self.group(depth)
        if token == r"\sqrt":
            return _root(self.group(depth))
        if token == r"\pi":
            return math.pi
        if token[:1].isdigit() or token[:1] == ".":
            value = Fraction(token)
            if self.peek() == r"\frac":  # a mixed number
                if value.denominator != 1:
                    raise _NoValueError
                value = value + self.atom(depth)
            return value
        raise _NoValueError

    def group(self, depth: int) -> Value:
        if not self.take("{"):
            raise _NoValueError
        value = self.sum(depth + 1)
        if not self.take("}"):
            raise _NoValueError
        return value


def _root(value: Value) -> Value:
    if value < 0:
        raise _NoValueError
    if isinstance(value, Fraction):
        above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if above * above == value.numerator and below * below == value.denominator:
            return Fraction(above, below)
    return math.sqrt(value)
