"""Values of plain numbers, exact, and when two of them are the same.

A plain number is an integer, a decimal, a ratio of two, a mixed number, a power of ten or a number
word up to twelve. Values are ``Fraction``; nothing is rounded while reading.
"""

from __future__ import annotations

import re
from fractions import Fraction

NUMBER_DIGITS = 1000
EXPONENT = 400  # largest power of ten that is read here; beyond it the parser decides
WORDS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
}
SCALES = {
    **{"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9},
    "trillion": 10**12,
}
_SCALED = re.compile(
    rf"([-+]?(?:\d{{1,30}}|\d{{1,3}}(?:,\d{{3}}){{1,9}})(?:\.\d{{1,30}})?) ({'|'.join(SCALES)})",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_SPACED = re.compile(r"[-+]?[1-9]\d{0,2}(?: \d{3})+(?:\.\d+)?")
# Each begins where no digit is before it, and gives nothing back: linear wherever it is tried.
_VALUE = r"(?<![\d.])(?:\d++(?:\.\d*+)?|\.\d++)"
_DECIMAL = re.compile(rf"(?:[-+] ?)?{_VALUE}")
_POWER = r"(?:\{ ?([-+]?\d{1,4}) ?\}|\(([-+]?\d{1,4})\)|([-+]?\d{1,4}))"
_TENS = re.compile(
    rf"(?:((?:[-+] ?)?{_VALUE}) ?(?:\\times|\\cdot|[*x]) ?|((?:[-+] ?)?))(?<!\d)(?:10"
    rf"|\{{10\}}) ?\^ ?{_POWER}"
)
_SCIENTIFIC = re.compile(rf"((?:[-+] ?)?{_VALUE})[eE]([-+]?\d{{1,4}})")
_PLAIN_RATIO = re.compile(rf"((?:[-+] ?)?{_VALUE}) ?/ ?({_VALUE})")
_BRACED_RATIO = re.compile(
    rf"([-+]?) ?\\frac ?\{{ ?((?:[-+] ?)?{_VALUE}) ?\}} ?\{{ ?({_VALUE}) ?\}}"
)
_MIXED = re.compile(
    r"([-+]?) ?(\d{1,30})(?: (\d{1,30})/(\d{1,30})| ?\\frac ?\{(\d{1,30})\} ?\{(\d{1,30})\})"
)


def number(form: str) -> Fraction | None:
    """Value of a plain number; None for anything else."""
    if len(form) > NUMBER_DIGITS:
        return None
    if _THOUSANDS.fullmatch(form):
        form = form.replace(",", "")
    elif _SPACED.fullmatch(form):
        form = form.replace(" ", "")
    if _DECIMAL.fullmatch(form):
        return Fraction(form.replace(" ", ""))
    scaled = _SCALED.fullmatch(form)
    if scaled:
        return Fraction(scaled.group(1).replace(",", "")) * SCALES[scaled.group(2).lower()]
    if form[:1].isalpha():
        word = WORDS.get(form.lower())
        return None if word is None else Fraction(word)
    return _tens(form) or _ratio(form)


def _tens(form: str) -> Fraction | None:
    """``4.5e33``, ``4.5 \\times 10^{33}`` and ``10^{-3}``."""
    tens = _TENS.fullmatch(form)
    if tens:
        above, sign, *powers = tens.groups()
        power = int(next(p for p in powers if p))
        factor = Fraction(above.replace(" ", "")) if above else Fraction(f"{(sign or '').strip()}1")
    elif scientific := _SCIENTIFIC.fullmatch(form):
        factor, power = Fraction(scientific.group(1).replace(" ", "")), int(scientific.group(2))
    else:
        return None
    return factor * Fraction(10) ** power if abs(power) <= EXPONENT else None


def _ratio(form: str) -> Fraction | None:
    mixed = _MIXED.fullmatch(form)
    if mixed:
        sign, whole, *parts = mixed.groups()
        top, under = (int(p) for p in parts if p)
        value = int(whole) + Fraction(top, under) if under else None
        return None if value is None else (-value if sign == "-" else value)
    plain, dressed = _PLAIN_RATIO.fullmatch(form), _BRACED_RATIO.fullmatch(form)
    found = plain or dressed
    if found is None:
        return None
    above, below = (Fraction(part.replace(" ", "")) for part in found.groups()[-2:])
    if below == 0:
        return None
    return -above / below if dressed and dressed.group(1) == "-" else above / below


def decimals(value: Fraction) -> int | None:
    """Digits behind the point that ``value`` needs; None where no number of them is enough."""
    rest, count = value.denominator, {2: 0, 5: 0}
    for prime in count:
        while rest % prime == 0 and rest > 1:
            rest //= prime
            count[prime] += 1
    return max(count.values()) if rest == 1 else None


def by_zero(form: str) -> bool:
    """Whether ``form`` is a ratio of plain numbers whose lower one is zero."""
    found = _PLAIN_RATIO.fullmatch(form) or _BRACED_RATIO.fullmatch(form)
    return found is not None and Fraction(found.groups()[-1]) == 0


# A decimal stands for a number that rounds to it: at six places, and at five digits that count.
PLACES = 6
LOOSE = Fraction(5, 10**5)
TIGHT = Fraction(1, 10**6)
NOISE = Fraction(1, 10**12)  # what a computer's decimal arithmetic leaves


def near(x: Fraction, y: Fraction) -> bool:
    """Whether two values are the same number, one of them perhaps a rounded decimal.

    Integers and fractions are exact. A decimal equals a number that is the same at six places and
    within 5e-5 of it in proportion; two decimals of equal length only within 1e-6.
    """
    if x == y:
        return True
    a, b = decimals(x), decimals(y)
    if not (a or b):  # none is a decimal fraction
        return False
    apart = abs(x - y) / max(abs(x), abs(y))
    if apart <= NOISE:
        return True
    allowed = TIGHT if a == b else LOOSE
    return apart <= allowed and round(x, PLACES) == round(y, PLACES)
