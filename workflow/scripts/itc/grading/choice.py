"""Multiple choice: one letter, in all the ways that models write it."""

from __future__ import annotations

import re
import string
from functools import lru_cache

from itc.grading._base import BOXED, FALLBACK, NOTHING, PHRASE, Extraction, Problem
from itc.grading._extract import PHRASE_TAIL, boxed, squeeze

METADATA = ("choices", "order", "shuffle_seed")
TITLE = "multiple choice"
WORKER = False

_FULL_WIDTH = {ord("Ａ") + i: chr(ord("A") + i) for i in range(26)}
_DRESS = re.compile(
    r"\\(?:text|mathrm|textbf|mathbf|textit|mathit|boxed|rm|bf)(?![A-Za-z])|[{}$*_`~]|\\[()\[\]]"
)
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=64)
def _patterns(letters: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of an announced letter, a letter that stands alone, and a letter before a text."""
    upper, both = letters, letters + letters.lower()
    announced = re.compile(
        r"(?i:answer|choice|option|select|choose|pick)(?i:s|ed)?\b"
        r"(?i:\s+(?:is|was|must be|should be|would be|to\s+the\s+question|letter|option|choice|"
        r"number|therefore|thus|correct|the|best|final|most|likely)\b)*\s*[:=\-–—]*\s*"
        r"(?i:(?:option|choice|answer|letter)\s*:?\s*)?"
        rf"(?:[(\[]\s*(?P<a>[{both}])\s*[)\]]|(?P<b>[{upper}])(?![\w'’])|(?P<c>[{both}])(?=\s*(?:[.):,;]|$)))",
        re.MULTILINE,
    )
    alone = re.compile(rf"^[ \t]?[(\[]?[ \t]?([{upper}])[ \t]?[)\].:]{{0,3}}[ \t]?$", re.MULTILINE)
    leading = re.compile(rf"^\s*[(\[]?\s*([{both}])\s*(?:[)\].:,]|$)")
    return announced, alone, leading


def letters(problem: Problem) -> str:
    """The letters that a problem offers, from its ``choices``; A to J where it lists none."""
    choices = problem.get("metadata", {}).get("choices")
    return string.ascii_uppercase[: len(choices)] if choices else "ABCDEFGHIJ"


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """A boxed letter (or a boxed choice's text), a phrase such as "the answer is (C)", else the
    last line that is only a letter."""
    offered = letters(problem)
    announced, alone, leading = _patterns(offered)
    content = boxed(text, group=False)
    if content is not None:
        letter = _letter(content, problem, offered, leading)
        if letter:
            return Extraction(letter, BOXED)
    tail = squeeze(_undress(text[-PHRASE_TAIL:]))
    phrases = list(announced.finditer(tail))
    if phrases:
        letter = next(group for group in phrases[-1].groups() if group)
        return Extraction(letter.upper(), PHRASE)
    lines = alone.findall(tail) if fallback else []
    if lines:
        return Extraction(lines[-1].upper(), FALLBACK)
    whole = leading.match(tail) if fallback and len(tail.strip()) < 300 else None
    return Extraction(whole.group(1).upper(), FALLBACK) if whole else NOTHING


def _undress(text: str) -> str:
    return _DRESS.sub("", text.translate(_FULL_WIDTH).replace("\0", " "))


def _plain(text: str) -> str:
    return _SPACE.sub(" ", _undress(text)).strip(" .:;()").casefold()


def _letter(content: str, problem: Problem, offered: str, leading: re.Pattern[str]) -> str | None:
    """Letter of a box's content: a letter, dressed or with its text, or the text of a choice."""
    bare = _undress(content).strip()
    match = leading.match(bare)
    if match:
        return match.group(1).upper()
    choices = problem.get("metadata", {}).get("choices") or []
    same = [i for i, choice in enumerate(choices) if _plain(str(choice)) == _plain(content)]
    if len(same) == 1:
        return offered[same[0]]
    word = re.match(rf"(?i:option|choice|answer)\s*:?\s*\(?([{offered}])\b", bare)
    return word.group(1) if word else None


def normal_form(answer: str, problem: Problem) -> str | None:
    """The upper-case letter; None for anything else."""
    letter = _undress(answer).strip(" ().:[]").upper()
    return letter if len(letter) == 1 and letter in string.ascii_uppercase else None


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both name the same letter."""
    form = normal_form(a, problem)
    return form is not None and form == normal_form(b, problem)
