"""Constants are compared in proportion: small numbers are no zero, near ones are not equal.

Math-Verify subtracts and drops what is below 1e-15, so that all small constants are equal. While
``verify`` runs, its numerical comparison is replaced by the one here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from itc.grading._numbers import near

DIGITS = 60  # of the values of exact constants
SAME = 1e-40  # what two equal ones may differ by, in proportion


def same_constants(a: Any, b: Any) -> bool | None:
    """Whether two SymPy constants are equal; None where one is no finite number.

    Exact ones have to agree in forty digits, decimals by the rule of ``_numbers.near``.
    """
    from sympy import Float

    if a.free_symbols or b.free_symbols:
        return None
    values = [_value(item) for item in (a, b)]
    if values[0] is None or values[1] is None:
        return None
    x, y = values[0], values[1]
    if not a.has(Float) and not b.has(Float):
        if all(item.is_Rational for item in (a, b)):
            return bool(a == b)
        size = max(abs(x[0]), abs(x[1]), abs(y[0]), abs(y[1]))
        return size == 0 or all(abs(p - q) <= SAME * size for p, q in zip(x, y, strict=True))
    return all(near(_decimal(p), _decimal(q)) for p, q in zip(x, y, strict=True))


def _value(item: Any) -> tuple[Fraction, Fraction] | None:
    """Real and imaginary part with DIGITS digits; what evaluation cannot tell from zero is zero."""
    if not getattr(item, "is_number", False):
        return None
    found = item.evalf(DIGITS)
    parts = found.as_real_imag()
    if not all(part.is_Float or part.is_Rational for part in parts):
        return None
    exact = []
    for part in parts:
        if part.is_Float and (part._prec == 1 or not part.is_finite):
            if not part.is_finite:
                return None
            exact.append(Fraction(0))
        elif part.is_Rational:
            exact.append(Fraction(int(part.p), int(part.q)))
        else:
            sign, mantissa, exponent, _ = part._mpf_
            value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
            exact.append(-value if sign else value)
    return exact[0], exact[1]


def _decimal(value: Fraction) -> Fraction:
    """The decimal fraction of sixteen digits next to ``value``, as a reader would write it."""
    if value == 0 or value.denominator == 1:
        return value
    return Fraction(f"{float(value):.16g}") if 1e-300 < abs(value) < 1e300 else value


def numeric_eq(a: Any, b: Any, float_rounding: int, numeric_precision: int) -> bool:
    """Replacement of ``math_verify.grader.sympy_numeric_eq``: same arguments, same meaning."""
    from math_verify.grader import get_pct_val, safe_sympy_doit
    from sympy import MatrixBase

    first, second = safe_sympy_doit(a), safe_sympy_doit(b)
    if isinstance(first, MatrixBase) or isinstance(second, MatrixBase):
        if not (isinstance(first, MatrixBase) and isinstance(second, MatrixBase)):
            return False
        return first.shape == second.shape and all(
            numeric_eq(x, y, float_rounding, numeric_precision)
            for x, y in zip(first.flat(), second.flat(), strict=True)
        )
    shares = [safe_sympy_doit(get_pct_val(item, item)) for item in (a, b)]
    decided = None
    for x, y in ((first, second), (shares[0], shares[1])):
        decided = same_constants(x, y)
        if decided:
            return True
    if decided is not None:
        return False
    return _same_everywhere(first, second, numeric_precision)


def _same_everywhere(a: Any, b: Any, digits: int) -> bool:
    """Whether the difference of two expressions vanishes, at a point as well as in form."""
    from sympy import Rational

    try:
        if (a - b).evalf(chop=True, n=digits) != 0:
            return False
        names = sorted(a.free_symbols | b.free_symbols, key=str)
        point = {name: Rational(7 + 3 * i, 5 + i) for i, name in enumerate(names)}
        return same_constants(a.subs(point).doit(), b.subs(point).doit()) is not False
    except Exception:
        return False


@contextmanager
def relative() -> Iterator[None]:
    """Math-Verify with ``numeric_eq``, for as long as the context lasts."""
    from math_verify import grader

    before = grader.sympy_numeric_eq
    grader.sympy_numeric_eq = numeric_eq
    try:
        yield
    finally:
        grader.sympy_numeric_eq = before
