"""One LaTeX spelling of a mathematical answer, whatever typed signs and macros it was written in.

Everything here rewrites text; nothing is evaluated. What a rule does not know stays as it is, so
that the parser refuses it instead of reading a part of it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from itc.grading._base import clean
from itc.grading._macros import braced, roots, texts, upright
from itc.grading._sets import sets

_SPELLING = {
    "−": "-", "–": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ",
    "÷": "/", "∕": "/", "⁄": "/", "π": r"\pi ", "∞": r"\infty ", "±": r"\pm ", "∓": r"\mp ",
    "≤": r"\le ", "≥": r"\ge ", "⩽": r"\le ", "⩾": r"\ge ", "≠": r"\ne ", "≡": r"\equiv ",
    "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ", "∅": r"\emptyset ", "⟨": r"\langle ",
    "⟩": r"\rangle ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}",
    "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ",
    "δ": r"\delta ", "θ": r"\theta ", "λ": r"\lambda ", "μ": r"\mu ", "ρ": r"\rho ",
    "σ": r"\sigma ", "τ": r"\tau ", "φ": r"\phi ", "ω": r"\omega ", "…": r"\dots ",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "°": r"^\circ ", "％": "%", "，": ",", "（": "(",
    "）": ")", "＝": "=", "：": ":", "′": "'",
}  # fmt: skip
_SPELLING |= {chr(0xFF10 + digit): str(digit) for digit in range(10)}
_TRANSLATE = str.maketrans(_SPELLING)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_RAISED, _LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "₀₁₂₃₄₅₆₇₈₉₊₋ₙ"
_PLAIN = "0123456789+-n"
_RAISE, _LOWER = str.maketrans(_RAISED, _PLAIN), str.maketrans(_LOWERED, _PLAIN)
_HIGH, _LOW = re.compile(f"[{_RAISED}]+"), re.compile(f"[{_LOWERED}]+")
_VULGAR = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5),
    "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅐": (1, 7), "⅛": (1, 8), "⅜": (3, 8),
    "⅝": (5, 8), "⅞": (7, 8), "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip
_MIXED_SIGN = re.compile(rf"(\d{{0,15}}) ?([{''.join(_VULGAR)}])")
_SPACING = re.compile(
    r"(?<!\\)\\[,;:! ]|\\(?:left|right|displaystyle|q?quad|bigl?|bigr?|Bigl?|Bigr?"
    r"|thinspace)(?![A-Za-z])"
    r"|~|\\[hv]space\*?\{[^{}]{0,20}\}"
)
_SPACE = re.compile(r"\s+")
_CURRENCY = re.compile(r"\\\$|[€£¥₹]|\\(?:euro|pounds)(?![A-Za-z])")
_DELIMITERS = re.compile(r"\$|\\\(|\\\)|(?<!\\)\\\[|(?<!\\)\\\]")
_WRAPPERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_FRACTION = re.compile(r"\\(?:[dtc]|nice|s|x)frac(?![A-Za-z])")
_NEGATIVE_SPACE = re.compile(r"\\! ?")
# What an answer that was cut out of a text may carry at its end.
_END = re.compile(r"(?<![ .:;,*\\])(?:[ .:;,]|\\(?![A-Za-z{}|])|\*\*)++$")
_ROW_GAP = re.compile(r"\\\\\s?\[-?\d{0,4}\.?\d{0,3}\s?(?:pt|em|ex|mm|cm)\]")
# Separators of thousands where nothing else can be meant: see ``_thousands``.
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})++(?![\d,])(?!\.\d*,)")
_PERIOD = re.compile(
    r"(?<![\d.])(\d{0,15})\.(\d{0,15})(?:\\(?:overline|bar|dot)\s?\{(\d{1,15})\}"
    r"|\\(?:overline|bar|dot)\s?(\d))"
)
_CIRCLE = re.compile(r"\^\s?(?:\{\s?\\circ\s?\}|\\circ(?![A-Za-z]))(?:\s?[CFK](?![A-Za-z]))?")
_TRIGONOMETRIC = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])")
_NAMES = (
    "arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp|pi|theta|alpha|beta"
)
_TYPED_NAME = re.compile(rf"(?<![A-Za-z\\])({_NAMES})(?![a-z])")
_GREEK_TAIL = re.compile(r"(?<=\d)pi(?![A-Za-z])")
_INFINITE = re.compile(r"(?<![A-Za-z\\])(?:infinity|inf|oo)(?![A-Za-z])", re.IGNORECASE)
_EXPONENTIAL = re.compile(r"\\exp\s?\(")
_COMMON_LOG = re.compile(r"\\lg(?![A-Za-z])")
_PERCENT = re.compile(r" ?(?<![A-Za-z])(?:percent(?:age)?|pct)(?![A-Za-z])")
_POSITIVE = re.compile(r"(?<![\w)}\]])\+\s?(?=\\infty)")
_TALL_POWER = re.compile(r"\*\*")


@lru_cache(maxsize=65536)
def latex(answer: str) -> str:
    """``answer`` as LaTeX without delimiters, spacing, currency, units and typed signs."""
    form = _INVISIBLE.sub("", clean(answer))
    form = _HIGH.sub(lambda m: f"^{{{m.group().translate(_RAISE)}}}", form)
    form = _LOW.sub(lambda m: f"_{{{m.group().translate(_LOWER)}}}", form)
    form = unwrap(form.translate(_TRANSLATE).strip())
    form = _ROW_GAP.sub(r"\\\\ ", form)
    for written, plain in (("{,}", ","), (r"\%", "%")):
        form = form.replace(written, plain)
    form = _NEGATIVE_SPACE.sub("", form)
    form = _DELIMITERS.sub(" ", _CURRENCY.sub("", form))
    form = _SPACE.sub(" ", _SPACING.sub(" ", form))
    form = _END.sub("", _FRACTION.sub(r"\\frac", form))
    form = _MIXED_SIGN.sub(_mixed, form)
    form = texts(upright(_typed(roots(form))))
    form = braced(form)
    form = _PERIOD.sub(_period, form)
    if not _TRIGONOMETRIC.search(form):
        form = _CIRCLE.sub("", form)
    form = _THOUSANDS.sub(_thousands, form)
    return _END.sub("", sets(form)).strip()


def unwrap(form: str) -> str:
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


def _mixed(match: re.Match[str]) -> str:
    above, below = _VULGAR[match.group(2)]
    return rf"\frac{{{int(match.group(1) or 0) * below + above}}}{{{below}}}"


def _period(match: re.Match[str]) -> str:
    r"""``0.1\overline{6}`` as the fraction that it is."""
    whole, fixed, period = match.group(1), match.group(2), match.group(3) or match.group(4)
    below = (10 ** len(period) - 1) * 10 ** len(fixed)
    above = int(f"{whole}{fixed}{period}") - int(f"{whole}{fixed}" or 0)
    return rf"\frac{{{above}}}{{{below}}}"


def _typed(form: str) -> str:
    """Names and powers as they are typed without LaTeX: ``2*pi``, ``exp(16)``, ``x**2``."""
    if not form.isascii() or "**" in form:
        form = _TALL_POWER.sub("^", form)
    form = _GREEK_TAIL.sub(r"\\pi ", form)
    form = _TYPED_NAME.sub(r"\\\1 ", form)
    form = _INFINITE.sub(r"\\infty ", form)
    form = _PERCENT.sub("%", _COMMON_LOG.sub(r"\\log_{10}", form))
    form = _POSITIVE.sub("", form).replace(r"\varnothing", r"\emptyset")
    form = form.replace("*", r"\cdot ") if "^*" not in form and "^{*" not in form else form
    return _power_of_e(form)


def _power_of_e(form: str) -> str:
    r"""``\exp(x)`` as ``e^{x}``: the parser knows the second only."""
    from itc.grading._macros import closing_bracket

    for _ in range(8):
        found = _EXPONENTIAL.search(form)
        end = closing_bracket(form, found.end()) if found else None
        if found is None or end is None:
            break
        form = f"{form[: found.start()]}e^{{{form[found.end() : end]}}}{form[end + 1 :]}"
    return form


def _thousands(match: re.Match[str]) -> str:
    """Digits without separators, unless they may be a list: inside brackets, or all there is."""
    text, start = match.string, match.start()
    depth = sum(text.count(sign, 0, start) for sign in "([{")
    depth -= sum(text.count(sign, 0, start) for sign in ")]}")
    return match.group() if depth > 0 else match.group().replace(",", "")
