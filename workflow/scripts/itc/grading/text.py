"""Short texts, compared exactly or after normalisation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from itc.grading._base import BOXED, FALLBACK, NOTHING, PHRASE, Extraction, Problem, clean
from itc.grading._extract import LINE, PHRASE_TAIL, anchors, boxed, closing_line, explicit, squeeze

TITLE = "text"
METADATA = ("exact", "normalise")
WORKER = False

_DRESS = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox)\s*(?=\{)|[{}$*_`\"“”]")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = re.compile(r"[^\w\s+\-*/^=<>.,]|(?<!\d)[.,]|[.,](?!\d)")
_SPACE = re.compile(r"\s+")
_EDGES = " *_`\"'“”‘’"

# Steps by which two texts are made comparable, in this order; metadata ``normalise`` names others.
NORMALISERS: dict[str, Callable[[str], str]] = {
    "markup": lambda text: _DRESS.sub(" ", text),
    "unicode": lambda text: unicodedata.normalize("NFKC", text),
    "case": str.casefold,
    "accents": lambda text: "".join(
        sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign)
    ),
    "punctuation": lambda text: _PUNCTUATION.sub(" ", text),
    "articles": lambda text: _ARTICLE.sub(" ", text),
    "spaces": lambda text: _SPACE.sub(" ", text).strip(),
    "all_spaces": lambda text: _SPACE.sub("", text),
}
DEFAULT = ("markup", "unicode", "case", "punctuation", "articles", "spaces")


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """Last line "Answer: X", else the last tag, JSON answer or box, else the line behind the last
    "answer is", else (with ``fallback``) the last line."""
    last = closing_line(text)
    given = explicit(text, group=False)
    if given and given.answer and not last:
        content = given.answer if given.how == BOXED else boxed(given.answer) or given.answer
        return Extraction(clean(content), given.how)
    tail = squeeze(text[-PHRASE_TAIL:])
    for anchor in anchors(tail):
        line = tail[anchor.end() : anchor.end() + LINE].lstrip(" *:_\n").split("\n")[0]
        if line.strip(" *_`.\"'"):
            return Extraction(clean(line.strip(_EDGES)), PHRASE)
    lines = [line for line in tail.splitlines() if line.strip()] if fallback else []
    return Extraction(clean(lines[-1]), FALLBACK) if lines and clean(lines[-1]) else NOTHING


def normal_form(answer: str, problem: Problem) -> str | None:
    """Text without case, markup, articles and punctuation; as it is with metadata ``exact``.

    Metadata ``normalise`` lists the steps (names of NORMALISERS) where others are wanted.
    """
    about = problem.get("metadata", {})
    if about.get("exact"):
        return answer.strip() or None
    form = answer
    for name in about.get("normalise") or DEFAULT:
        form = NORMALISERS[name](form)
    return form.strip() or None


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both have the same normal form."""
    form = normal_form(a, problem)
    return form is not None and form == normal_form(b, problem)
