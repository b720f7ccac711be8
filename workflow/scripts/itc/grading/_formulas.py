"""Formulas and numbers in running text."""

from __future__ import annotations

import re

from itc.grading._boxes import PERCENT

MATH = re.compile(
    r"(?<!\\)\$\$(?P<a>[^$]{1,1500})\$\$|\\\[(?P<b>.{1,1500}?)\\\]"
    r"|(?<![\\\d$])\$(?P<c>(?:\\\$|[^$\n]){1,400})(?<!\\)\$(?!\d)|\\\((?P<d>[^\n]{1,400}?)\\\)",
    re.DOTALL,
)
CONNECTOR = re.compile(r"[\s,;]{0,20}(?:\band\b|\bor\b|,|;)\s{0,9}+")
NUMBER = re.compile(
    r"(?<![\w.,\\])[-+−]?(?:[1-9]\d{0,2}(?:[ ,]\d{3})+(?![\d])(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)"
    r"(?:/\d+)?(?:\s{0,9}+(?:\\?%|percent\b|pct\b))?"
)
WORD = re.compile(r"(?<![\\A-Za-z{])(?!sqrt|frac|sin|cos|tan|log|ln|exp|pi\b|inf)[A-Za-z]{3,}")
_LONG = re.compile(r"\s{12}")
_BLANKS = re.compile(r"[^\S\n]{2,}")
_LINES = re.compile(r"\n(?:[^\S\n]?\n)+")


def squeeze(text: str) -> str:
    """``text`` with runs of blanks and empty lines shortened: patterns stay linear on it."""
    if not _LONG.search(text):
        return text
    return _LINES.sub("\n\n", _BLANKS.sub(" ", text))


def maths(segment: str) -> tuple[str, int, int] | None:
    """Last run of formulas in ``segment`` joined by "and" or commas: (text, start, end)."""
    matches = list(MATH.finditer(segment))
    if not matches:
        return None
    run = [matches[-1]]
    for match in reversed(matches[:-1]):
        if not CONNECTOR.fullmatch(segment, match.end(), run[0].start()):
            break
        run.insert(0, match)
    return ", ".join(formula(match) for match in run), run[0].start(), run[-1].end()


def formula(match: re.Match[str]) -> str:
    """Content of a formula, without its delimiters; a percent sign behind it belongs to it."""
    content = next(group for group in match.groups() if group is not None).strip()
    return f"{content}\\%" if PERCENT.match(match.string, match.end()) else content


def rightmost_at(segment: str) -> tuple[str, int, int, bool] | None:
    """The last formula or number in ``segment``, whichever ends later: (text, start, end, whether
    it is a formula)."""
    last = maths(segment)
    numbers = list(NUMBER.finditer(segment))
    number = numbers[-1] if numbers else None
    if last and (number is None or number.end() <= last[2]):
        return (*last, True)
    return (number.group(), number.start(), number.end(), False) if number else None


def rightmost(segment: str) -> str | None:
    """The last formula or number in ``segment``, whichever ends later."""
    found = rightmost_at(segment)
    return found[0] if found else None
