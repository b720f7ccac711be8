"""Mathematical answers: numbers, expressions, sets, intervals, matrices, relations.

Parsing and equivalence are Math-Verify's (https://github.com/huggingface/Math-Verify, Apache-2.0)
with its own wall-clock limits switched off: it only runs inside the bounded pool. In front of it
is a normal form that decides most pairs, plain numbers above all, without any symbolic work.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

from itc.grading._base import Extraction, Problem, Undecidable
from itc.grading._boxes import SEPARATED, boxes
from itc.grading._extract import final_answer, wordy
from itc.grading._formulas import rightmost
from itc.grading._limits import oversize, undefined
from itc.grading._numbers import by_zero, decimals, near, number
from itc.grading._relative import relative
from itc.grading._sets import residue
from itc.grading._spelling import latex

TITLE = "mathematics"
METADATA = ("tolerance",)
WORKER = True
WARM_UP = ((r"\frac{1}{2}+\sqrt{3}x", r"1+\sqrt{3}x"), (r"\{1, 2\}", "(2,3]"), ("1<x", "x=2"))

_TEXT_ONLY = re.compile(r"\\text ?\{([^{}]*)\}")
_SPACE = re.compile(r"\s+")
_LOOSE_SPACE = re.compile(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])")
_EQUALS = re.compile(r"(?<![<>!\\])=")
_LETTER = re.compile(r"[A-Za-z,;|]")
_COMMAND = re.compile(r"\\(?:frac|sqrt|times|cdot|pi|div)(?![A-Za-z])")
_NAME = re.compile(r"[A-Za-z](?:_\{?\w\}?)? ?= ?(?=[^=])")
_COMMA_DECIMAL = re.compile(r"(?:(?<!\d)|-)\d++,\d++")
_FORM = re.compile(r"((?:(?<![0-9])|-)[0-9]++(?:/0*[1-9][0-9]*+)?)(%?)")
_WORDS = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’-])+")
# Lists with an ellipsis, and digits beside digits, which the parser would leave out or add up.
_UNREADABLE = re.compile(r"\\[lcv]?dots[bc]?(?![A-Za-z])|\.\.\.|\d \d|\\text")
LETTERS_OF_A_WORD = 3
NEXT, GAP = 10, 70  # characters between two boxes of one gold answer, and with "and" or a comma
_PROSE = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}\s")


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """Last box, else announcing phrase, else (with ``fallback``) last formula or number."""
    return final_answer(text, fallback, wordy(problem.get("gold")))


def normal_form(answer: str, problem: Problem) -> str | None:
    """Canonical spelling; numbers become a reduced fraction such as ``-3/2``. None if empty."""
    return _normal_form(answer)


@lru_cache(maxsize=65536)
def _normal_form(answer: str) -> str | None:
    form = latex(answer)
    value = _value(form)
    if value is not None:
        return value
    modulo = residue(form)
    if modulo is not None:
        return "{} mod {}".format(*modulo)
    form = _alone(form)
    if is_words(form):
        return _SPACE.sub(" ", form).casefold()
    return _LOOSE_SPACE.sub("", _SPACE.sub(" ", form)) or None


def _alone(form: str) -> str:
    r"""The content of a ``\text`` that is all there is, a letter without its brackets."""
    alone = _TEXT_ONLY.fullmatch(form)
    if alone is None:
        return form
    inner = alone.group(1).strip()
    return inner[1:-1] if len(inner) == 3 and (inner[0], inner[2]) == ("(", ")") else inner


def gold_answer(gold: str) -> str:
    """What a gold answer says, where it comes with its box or a sentence around it."""
    if "boxed" in gold:
        parts: list[str] = []
        first = len(gold)
        for start, end, content in boxes(gold):
            apart = first - end
            if parts and apart >= NEXT and (apart > GAP or not SEPARATED.search(gold, end, first)):
                break
            parts.insert(0, content.strip())
            first = start
        return ", ".join(dict.fromkeys(parts)) or gold
    if _PROSE.search(gold) and any(sign in gold for sign in ("$", "\\(", "\\[")):
        return rightmost(gold) or gold
    return gold


def read_gold(gold: str, problem: Problem) -> str | None:
    """Normal form of a gold answer."""
    return normal_form(gold_answer(gold), problem)


def _value(form: str) -> str | None:
    """A plain number, a percentage (``15/2%``), or the value of a computation; else None."""
    bare = form.removesuffix("%").rstrip()
    found = number(bare)
    if found is None and "=" in bare:
        # "1/2 + 11/18 = 10/9" is a computation and its result, unlike "x + y = 1"
        sides = _EQUALS.split(bare)
        if not any(_LETTER.search(_COMMAND.sub("", side)) for side in sides[:-1]):
            found = number(sides[-1].strip())
    if found is None:
        return None
    return f"{found}%" if form.endswith("%") else str(found)


def is_words(form: str) -> bool:
    """Whether an answer is plain words, which are compared as such and never as a product."""
    return len(form) >= LETTERS_OF_A_WORD and _WORDS.fullmatch(form) is not None


def quick(a: str, b: str, problem: Problem) -> bool | None:
    """Equality of two normal forms without symbolic work, or None.

    Equal forms are equal. Plain numbers are compared by value, a percentage also as the share that
    it is. A bare ``1,22`` is also read as a decimal comma. Words differ from other words and from
    numbers.
    """
    if a == b:
        return True
    a_number, b_number = _FORM.fullmatch(a), _FORM.fullmatch(b)
    if a_number and b_number:
        return _same_numbers(a_number, b_number, tolerance(problem))
    for form, other in ((a, b_number), (b, a_number)):
        if other is None:
            continue
        if _COMMA_DECIMAL.fullmatch(form):
            if Fraction(form.replace(",", ".")) == Fraction(other.group(1)):
                return True
        elif is_words(form):
            return False
    if is_words(a) and is_words(b) and sorted(a) != sorted(b):
        return False
    if len(a) == len(b) == 1 and a.isalpha() and b.isalpha() and a.lower() != b.lower():
        return False
    return None


def _same_numbers(a: re.Match[str], b: re.Match[str], allowed: Fraction) -> bool:
    x, y = Fraction(a.group(1)), Fraction(b.group(1))
    pairs = [(x, y)]
    if a.group(2) != b.group(2):  # "28\\%" is 28 and 0.28
        pairs.append((x / 100, y) if a.group(2) else (x, y / 100))
    return any(
        near(p, q) or (allowed and abs(p - q) <= allowed * max(abs(p), abs(q))) for p, q in pairs
    )


def tolerance(problem: Problem) -> Fraction:
    """Relative tolerance for plain numbers that the problem grants; 0 by default."""
    return Fraction(problem.get("metadata", {}).get("tolerance") or 0)


@lru_cache(maxsize=4096)
def parse(answer: str) -> tuple[Any, ...]:
    """SymPy objects of ``answer``; raises Undecidable ("unparsable") where there are none.

    Only the LaTeX reader is used, and on all of the answer: Math-Verify's reader of plain
    expressions would take some number out of what LaTeX cannot parse.
    """
    from math_verify import LatexExtractionConfig
    from math_verify import parse as parse_answer
    from sympy import Basic, MatrixBase

    form = _alone(latex(answer))
    value = number(form)
    if value is None and (not form or is_words(form) or _UNREADABLE.search(form)):
        raise Undecidable("unparsable")
    written = form if value is None else _written(value, form)
    found = parse_answer(
        f"${written}$",
        extraction_config=[LatexExtractionConfig()],
        parsing_timeout=None,
        raise_on_error=True,
    )
    objects = [item for item in found if isinstance(item, Basic | MatrixBase)]
    if not objects or any(map(undefined, objects)):
        raise Undecidable("unparsable")
    return tuple(objects)


def _written(value: Fraction, form: str) -> str:
    """A plain number as the parser reads it: a ratio exactly, a decimal as a decimal."""
    places = decimals(value)
    if value.denominator == 1:
        return str(value)
    if places is None or "/" in form or "frac" in form:
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


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
        if is_words(forms[0]) and is_words(forms[1]):  # the same letters in another order
            raise Undecidable("unparsable")
    for side in (a, b):
        if cause := refuse(side, problem):
            raise Undecidable(cause)
    from math_verify import verify

    first, second = list(parse(a)), list(parse(b))
    options = {"timeout_seconds": None, "raise_on_error": True, "allow_set_relation_comp": True}
    with relative():
        return bool(verify(first, second, **options) and verify(second, first, **options))


def refuse(answer: str, problem: Problem) -> str | None:
    """``oversize`` or ``unparsable`` where ``answer`` must not be parsed at all, else None."""
    if oversize(answer):
        return "oversize"
    return "unparsable" if by_zero(latex(answer)) else None


def against_gold(gold: str, answer: str, problem: Problem) -> bool:
    """``equivalent`` with a gold answer: its own faults get causes of their own."""
    gold = gold_answer(gold)
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
    for a, b in WARM_UP:
        equivalent(a, b, {})
    parse.cache_clear()
