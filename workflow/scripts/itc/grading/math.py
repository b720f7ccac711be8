"""Mathematical answers: numbers, expressions, sets, intervals, matrices, relations.

Parsing and equivalence are Math-Verify's (https://github.com/huggingface/Math-Verify, Apache-2.0)
with its own wall-clock limits switched off: it only runs inside the bounded pool. In front of it
stands a normal form that decides most pairs, plain numbers above all, without any symbolic work.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

from itc.grading._base import Extraction, Problem, Undecidable, clean
from itc.grading._extract import final_answer
from itc.grading._limits import oversize, undefined

TITLE = "mathematics"
WORKER = True
WARM_UP = (r"\frac{1}{2}+\sqrt{3}x", r"\{1, (2,3]\}")

_SPELLING = {
    "−": "-", "–": "-", "×": r"\times ", "·": r"\cdot ", "÷": "/", "π": r"\pi ", "∞": r"\infty ",
    "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "√": r"\sqrt ", "∪": r"\cup ", "∈": r"\in ",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "°": r"^\circ ",
}  # fmt: skip
_TRANSLATE = str.maketrans(_SPELLING)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACING = re.compile(
    r"\\[,;:! ]|\\(?:left|right|displaystyle|q?quad|bigl?|bigr?|Bigl?|Bigr?)(?![A-Za-z])|~"
)
_FRACTION = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_SHORT_FRACTION = re.compile(r"\\frac\s*(\d)\s*(\d)")
_SHORT_ROOT = re.compile(r"\\sqrt\s*(\d)(?!\d)")
_TEXT_ONLY = re.compile(r"\\(?:text|mathrm|textbf|mathbf|textnormal|mbox)\s*\{([^{}]*)\}")
_SPACE = re.compile(r"\s+")
_LOOSE_SPACE = re.compile(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])")
_WRAPPERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))

_EQUALS = re.compile(r"(?<![<>!\\])=")
_LETTER = re.compile(r"[A-Za-z,;|]")
_COMMAND = re.compile(r"\\(?:frac|sqrt|times|cdot|pi|div)(?![A-Za-z])")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_SPACED = re.compile(r"[-+]?[1-9]\d{0,2}(?: \d{3})+(?:\.\d+)?")
_DECIMAL = re.compile(r"[-+]?(?:\d++(?:\.\d*+)?|\.\d++)")
_RATIO = re.compile(
    r"((?<!\d)\d++|[-+]\d++) ?/ ?(\d++)|([-+]?) ?\\frac ?\{ ?([-+]?\d++) ?\} ?\{ ?(\d++) ?\}"
)
_COMMA_DECIMAL = re.compile(r"(?:(?<!\d)|-)\d++,\d++")
_FORM = re.compile(r"(?:(?<!\d)|-)[0-9]++(?:/0*[1-9][0-9]*)?")
NUMBER_DIGITS = 1000
# Math-Verify rounds to six decimals where one side is a decimal number.
ROUNDING = Fraction(2, 10**6)


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """Last box, else announcing phrase, else (with ``fallback``) last formula or number."""
    return final_answer(text, fallback)


def normal_form(answer: str, problem: Problem) -> str | None:
    """Canonical spelling; numbers become a reduced fraction such as ``-3/2``. None if empty."""
    return _normal_form(answer)


@lru_cache(maxsize=65536)
def _normal_form(answer: str) -> str | None:
    form = _INVISIBLE.sub("", clean(answer)).translate(_TRANSLATE).strip()
    form = _unwrap(form)
    for written, plain in ((r"\!", ""), ("{,}", ","), (r"\$", ""), (r"\%", "%")):
        form = form.replace(written, plain)
    form = _SPACING.sub(" ", form)
    form = _FRACTION.sub(r"\\frac", form).strip().rstrip(".").strip()
    value = number(form.strip())
    if value is None and "=" in form:
        # "1/2 + 11/18 = 10/9" is a computation and its result, unlike "x + y = 1"
        sides = _EQUALS.split(form)
        if not any(_LETTER.search(_COMMAND.sub("", side)) for side in sides[:-1]):
            value = number(sides[-1].strip())
    if value is not None:
        return str(value)
    form = _SHORT_FRACTION.sub(r"\\frac{\1}{\2}", form)
    form = _SHORT_ROOT.sub(r"\\sqrt{\1}", form)
    alone = _TEXT_ONLY.fullmatch(form)
    if alone:
        form = alone.group(1).strip()
    form = _LOOSE_SPACE.sub("", _SPACE.sub(" ", form))
    return form or None


def _unwrap(form: str) -> str:
    """``form`` without math delimiters, a box or one pair of braces around all of it."""
    for _ in range(4):
        before = form
        for left, right in _WRAPPERS:
            inner = form[len(left) : -len(right)]
            if (
                form.startswith(left)
                and form.endswith(right)
                and inner.strip()
                and "$" not in inner
            ):
                form = inner.strip()
        if form.startswith(r"\boxed{") and form.endswith("}") and form.count("{") == 1:
            form = form[7:-1].strip()
        if form == before:
            break
    return form


def number(form: str) -> Fraction | None:
    """Value of a plain integer, decimal, or ratio of integers; None for anything else."""
    if len(form) > NUMBER_DIGITS:
        return None
    if _THOUSANDS.fullmatch(form):
        form = form.replace(",", "")
    elif _SPACED.fullmatch(form):
        form = form.replace(" ", "")
    if _DECIMAL.fullmatch(form):
        return Fraction(form)
    ratio = _RATIO.fullmatch(_SPACE.sub(" ", form))
    if ratio is None:
        return None
    plain, below, sign, above, under = ratio.groups()
    if int(below or under) == 0:
        return None
    value = Fraction(int(plain or above), int(below or under))
    return -value if sign == "-" else value


def quick(a: str, b: str, problem: Problem) -> bool | None:
    """Equality of two normal forms without symbolic work, or None.

    Equal forms are equal. Two plain numbers differ unless rounding a decimal could join them.
    A bare ``1,22`` is also read as a decimal comma.
    """
    if a == b:
        return True
    a_number, b_number = _FORM.fullmatch(a), _FORM.fullmatch(b)
    if a_number and b_number:
        x, y = Fraction(a), Fraction(b)
        if not (decimal(x) or decimal(y)) or abs(x - y) > ROUNDING:
            return False
        return None
    for form, other in ((a, b_number), (b, a_number)):
        if other is None or not _COMMA_DECIMAL.fullmatch(form):
            continue
        if Fraction(form.replace(",", ".")) == Fraction(other.group()):
            return True
    return None


def decimal(value: Fraction) -> bool:
    """Whether ``value`` may have been written as a decimal fraction (not an integer)."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0 and rest > 1:
            rest //= prime
    return rest == 1 and value.denominator > 1


def delimit(answer: str) -> str:
    """``answer`` between math delimiters: bare ``3\\sqrt{13}`` would be read as 3."""
    if any(sign in answer for sign in ("$", r"\(", r"\[", r"\boxed")):
        return answer
    return f"${answer}$"


@lru_cache(maxsize=4096)
def parse(answer: str) -> tuple[Any, ...]:
    """SymPy objects of ``answer``; raises Undecidable ("unparsable") where there are none."""
    from math_verify import parse as parse_answer
    from sympy import Basic, MatrixBase

    found = parse_answer(delimit(answer), parsing_timeout=None, raise_on_error=True)
    objects = [item for item in found if isinstance(item, Basic | MatrixBase)]
    if not objects or any(map(undefined, objects)):
        raise Undecidable("unparsable")
    return tuple(found)


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether two answers are the same mathematical object; symmetric and reflexive.

    Math-Verify is asked both ways, as it is not symmetric (the relation ``2x + z = 1`` passes for
    the gold answer 1, not the reverse), with comparison of sets and relations allowed both ways.
    Raises Undecidable with cause ``oversize`` or ``unparsable``.
    """
    forms = normal_form(a, problem), normal_form(b, problem)
    if forms[0] is not None and forms[1] is not None:
        decided = quick(forms[0], forms[1], problem)
        if decided is not None:
            return decided
    for side in (a, b):
        if cause := refuse(side, problem):
            raise Undecidable(cause)
    from math_verify import verify

    first, second = list(parse(a)), list(parse(b))
    options = {"timeout_seconds": None, "raise_on_error": True, "allow_set_relation_comp": True}
    return bool(verify(first, second, **options) and verify(second, first, **options))


def refuse(answer: str, problem: Problem) -> str | None:
    """``oversize`` or ``unparsable`` where ``answer`` must not be parsed at all, else None."""
    if oversize(answer):
        return "oversize"
    ratio = _RATIO.fullmatch(normal_form(answer, problem) or "")
    return "unparsable" if ratio and int(ratio.group(2) or ratio.group(5)) == 0 else None


def against_gold(gold: str, answer: str, problem: Problem) -> bool:
    """``equivalent`` with a gold answer: its own faults get causes of their own."""
    if cause := refuse(gold, problem):
        raise Undecidable(f"{cause}_gold")
    try:
        parse(gold)
    except Undecidable as error:
        raise Undecidable(f"{error.cause}_gold") from error
    return equivalent(gold, answer, problem)


def signature(answer: str, problem: Problem) -> list[list[float]] | None:
    """Constants (real, imaginary) that an answer may stand for; None where it is no constant.

    ``x = 5`` and ``{5}`` stand for 5; a percentage for itself with and without the division.
    Answers whose constants differ clearly, or of which only one is constant, are never compared.
    """
    from math_verify.grader import get_pct_val, is_assignment_relation, take_last_relation
    from sympy import Expr, FiniteSet

    if cause := refuse(answer, {}):
        raise Undecidable(cause)
    found = parse(answer)[0]
    if is_assignment_relation(found):
        found = take_last_relation(found).rhs
    if isinstance(found, FiniteSet) and len(found) == 1:
        found = found.args[0]
    if not isinstance(found, Expr) or found.free_symbols or not found.is_number:
        return None
    share = get_pct_val(found)
    # The parser keeps the hundredth of a percentage unevaluated.
    values = [complex(x.doit().evalf(15, chop=True)) for x in (found, share) if x is not None]
    constants = [[value.real, value.imag] for value in values if abs(value) < 1e300]
    return constants or None


def warm_up() -> None:
    """Import and exercise the parsers, so that a task's CPU time is its own."""
    for answer in WARM_UP:
        equivalent(answer, f"1+{answer}", {})
    parse.cache_clear()
