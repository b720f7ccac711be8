"""Short texts, compared exactly or after normalisation."""

from __future__ import annotations

import re
import unicodedata

from itc.grading._base import BOXED, FALLBACK, NOTHING, PHRASE, Extraction, Problem, clean
from itc.grading._extract import LINE, PHRASE_TAIL, anchors, boxed, squeeze

METADATA = ("exact",)
TITLE = "text"
WORKER = False

_DRESS = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox)\s*(?=\{)|[{}$*_`\"“”]")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = re.compile(r"[^\w\s+\-*/^=<>.,]|(?<!\d)[.,]|[.,](?!\d)")
_SPACE = re.compile(r"\s+")


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """Last box, else the line behind the last "answer is" or "Answer:", else the last line."""
    content = boxed(text, group=False)
    if content:
        return Extraction(clean(content), BOXED)
    tail = squeeze(text[-PHRASE_TAIL:])
    for anchor in anchors(tail):
        line = tail[anchor.end() : anchor.end() + LINE].lstrip(" *:_\n").split("\n")[0]
        if line.strip(" *_`.\"'"):
            return Extraction(clean(line.strip(" *_`\"'")), PHRASE)
    lines = [line for line in tail.splitlines() if line.strip()] if fallback else []
    return Extraction(clean(lines[-1]), FALLBACK) if lines and clean(lines[-1]) else NOTHING


def normal_form(answer: str, problem: Problem) -> str | None:
    """Text without case, markup, articles and punctuation; as it is with metadata ``exact``."""
    if problem.get("metadata", {}).get("exact"):
        return answer.strip() or None
    form = unicodedata.normalize("NFKC", _DRESS.sub(" ", answer)).casefold()
    form = _ARTICLE.sub(" ", _PUNCTUATION.sub(" ", form))
    return _SPACE.sub(" ", form).strip() or None


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both have the same normal form."""
    form = normal_form(a, problem)
    return form is not None and form == normal_form(b, problem)
