"""The value at the beginning of a sentence: "3 + 5 = 8 apples, not 9" is worth 8."""

from __future__ import annotations

import re

from itc.grading._formulas import CONNECTOR, MATH, NUMBER, WORD, formula, rightmost
from itc.grading._numbers import WORDS

_EDGES = " *_`\"'”’?!:;,"
_HALF_OPEN = re.compile(r"[(\[][^()\[\],]*+,[^()\[\]]*+[)\]]")  # an interval such as [0,1)
NAME_WORDS = 3  # "Answer: Evelyn" is one, "unable to say without more data" is none
SENTENCE = re.compile(r"\.(?=\s|$)|\n|\?(?=\s|$)|[。！]|!(?=\s{1,9}+[A-Z])")
NOT_BUT = re.compile(
    r"not\s{1,9}+(?:[^\s.]{1,30}\s{1,9}+){1,3}?but\s{1,9}+(?:rather\s{1,9}+)?", re.IGNORECASE
)
# What follows such a word says something about the answer, and is none.
_ASIDE = re.compile(
    r",?\s{0,9}+\b(?:instead\s{1,9}+of|rather\s{1,9}+than|not|because|since|which|where"
    r"|whereas|while|when|if|"
    r"although|though|unless|compared|given\s{1,9}+that|after|before|whose)\b|\s[—–]\s|\s\(",
    re.IGNORECASE,
)
# "between 3 and 5", and "an integer from 000 to 999": what an answer may be, and not which it is.
_OPEN_CHOICE = re.compile(
    r"(?:either|between|somewhere|at least|at most|more than|less than|one of)\b"
    r"|(?:an?|any|some)\s(?:[a-z-]{1,15}\s){0,3}?(?:integer|number|value|digits?)\s(?:that\sis\s)?"
    r"(?:between|from|in|at least|at most|more than|less than|greater than|below|above|within)\b",
    re.IGNORECASE,
)
_TERM = rf"\(?(?:[$€£]|\\\$)?\s?(?:\d{{1,9}} \d{{1,9}}/\d{{1,9}}|{NUMBER.pattern})\)?"
_FIRST = re.compile(_TERM, re.IGNORECASE)
_NEXT = re.compile(
    r"(?:\s{1,2}[A-Za-z]{1,15}){0,2}\s{0,2}(?:[-+−*/×÷·=x]|\\times|\\cdot|\\div|minus"
    r"|plus|times|equals)\s{0,2}"
)
_TERMS = 40
_LIST = re.compile(
    rf"{_TERM}(?:(?:\s{{0,9}}+,\s{{0,9}}+(?:and\s{{1,9}}+|or\s{{1,9}}+)?"
    rf"|\s{{1,9}}+and\s{{1,9}}+|\s{{1,9}}+or\s{{1,9}}+){_TERM}){{1,12}}",
    re.IGNORECASE,
)
_SCALE = re.compile(r"\s?(hundred|thousand|million|billion|trillion|dozen)\b", re.IGNORECASE)
_UNIT = (
    r"(?:hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|weeks?|months?|years?|feet|foot|ft"
    r"|inch(?:es)?|pounds?|ounces?|dollars?|cents?|km|m|cm|kg|g|yards?|miles?)"
)
_COMPOUND = re.compile(
    rf"\s{{0,9}}+{_UNIT}\b,?\s{{0,9}}+(?:and\s{{1,9}}+)?\d[\d.]*\s{{0,9}}+{_UNIT}\b", re.IGNORECASE
)
_NUMBER_WORD = re.compile(rf"({'|'.join(WORDS)})\b(?!\s{{1,9}}+of\b|-)", re.IGNORECASE)
_SHORT_WORDS = frozenset(
    (
        "no",
        "so",
        "is",
        "it",
        "to",
        "of",
        "in",
        "on",
        "at",
        "by",
        "as",
        "an",
        "be",
        "we",
        "he",
        "if",
        "my",
        "up",
        "do",
        "ok",
        "me",
        "us",
        "am",
        "go",
    )
)
_ASSIGNED = re.compile(r"(?<![A-Za-z])[A-Za-z]\s{0,9}+=")
_AND_OR = re.compile(r"\b(?:and|or)\b", re.IGNORECASE)
# "507√3, so a + b = 510": what is concluded is the answer.
_CONCLUDES = re.compile(
    r",?\s(?:and\s)?(?:so|hence|thus|therefore|giving|which\s{1,9}+gives)\s", re.IGNORECASE
)
_CONTINUES = re.compile(
    r"\s?(?:[\^√π!]|\\(?:sqrt|pi|frac|dfrac|tfrac|cdot|times|ln|log|theta|alpha|left)(?![A-Za-z]))"
)
# "6 + 0 = 6 is 6": the problem is said once more before its value.
_BOUNDED = r"\(?[$€£]?\s?[-+]?\d{1,12}+(?:[.,]\d{1,9}+)?\)?"  # a term whose length is bounded
_RESTATED = re.compile(
    rf"{_BOUNDED}(?:\s{{0,2}}+[-+−*/×÷·=x]\s{{0,2}}+{_BOUNDED}){{0,8}}+"
    rf"\s{{1,2}}+(?:is|equals)\s{{1,2}}+(?={_BOUNDED})",
    re.IGNORECASE,
)
_AFTER_FORMULA = re.compile(r"\s{0,3}=\s{0,3}")


def value(line: str, words: bool = True) -> str | None:
    """The value at the beginning of ``line``, what follows an announcing phrase; None without."""
    contrast = NOT_BUT.match(line)
    line = line[contrast.end() :] if contrast else line
    direct = MATH.match(line)
    if direct:
        return _formulas(line, direct, words)
    sentence = trimmed(SENTENCE.split(line, maxsplit=1)[0])
    if not any(character.isalnum() for character in sentence):
        return None
    if sentence.startswith(("\\boxed{}", "\\boxed{ }")) or sentence.endswith("="):
        return None  # an empty box, or a problem that is said once more
    if restated := _RESTATED.match(sentence):
        sentence = sentence[restated.end() :]
    concluded = _CONCLUDES.search(sentence)
    if concluded and "=" in sentence[concluded.end() :]:
        side = sentence.rpartition("=")[2].strip()
        if _FIRST.match(side):
            return side
    if not WORD.search(_AND_OR.sub("", sentence)):
        bare = sentence.lower().split()
        listed = not WORD.search(sentence) or _LIST.fullmatch(sentence)
        if listed or not _FIRST.match(sentence):
            return None if bare and _SHORT_WORDS.issuperset(bare) else sentence
    if _LIST.fullmatch(sentence):
        return sentence
    if (first := _arithmetic(sentence)) or (first := _word(sentence)):
        return first
    if _OPEN_CHOICE.match(sentence):
        return None
    aside = _ASIDE.search(sentence)
    kept = sentence[: aside.start()] if aside else sentence
    if len({found.group()[0] for found in _ASSIGNED.finditer(kept)}) > 1:
        return kept[_ASSIGNED.search(kept).start() :]  # type: ignore[union-attr]
    side = kept.rpartition("=")[2] if "=" in kept else ""
    found = (_arithmetic(side.strip()) if side and "$" not in kept else None) or rightmost(kept)
    if found:
        return found
    short = len(sentence.split()) <= NAME_WORDS
    return sentence if words and short and sentence.lower() not in _SHORT_WORDS else None


def trimmed(sentence: str) -> str:
    """``sentence`` without markup around it and without brackets that it closes and never opens."""
    sentence = sentence.strip(_EDGES)
    for _ in range(6):
        before = sentence
        for closing in (r"\]", r"\)", "$$"):
            sentence = sentence.removesuffix(closing).rstrip(_EDGES)
        last = sentence[-1:]
        opening = {")": "(", "]": "[", "}": "{"}.get(last)
        if (
            opening
            and sentence.count(last) > sentence.count(opening)
            and not _HALF_OPEN.search(sentence)
        ) or (last in ("\\", "|") and sentence.count("|") % 2 == (last == "|")):
            sentence = sentence[:-1].rstrip(_EDGES)
        if sentence == before:
            break
    opened = sentence.rfind(" (")
    if opened > 0 and sentence.count("(") > sentence.count(")"):  # "071 (i.e. 71)", cut at a stop
        return sentence[:opened].rstrip(_EDGES)
    return sentence


def _formulas(line: str, first: re.Match[str], words: bool) -> str | None:
    """A run of formulas joined by "and" or commas, or what the formula is said to equal."""
    run = [first]
    while len(run) < 8:
        joined = CONNECTOR.match(line, run[-1].end())
        more = MATH.match(line, joined.end()) if joined else None
        if more is None:
            break
        run.append(more)
    if len(run) == 1 and (equals := _AFTER_FORMULA.match(line, first.end())):
        further = value(line[equals.end() :], words)
        if further:
            return further
    return ", ".join(formula(match) for match in run)


def _arithmetic(sentence: str) -> str | None:
    """Value of the number or computation at the beginning: right of its last equals sign."""
    first = _FIRST.match(sentence)
    if first is None:
        return None
    start = equals = 0
    end = first.end()
    for _ in range(_TERMS):
        joint = _NEXT.match(sentence, end)
        following = _FIRST.match(sentence, joint.end()) if joint else None
        if joint is None or following is None:
            break
        if "=" in joint.group() or "equals" in joint.group().lower():
            start = equals = following.start()
        end = following.end()
    scale = _SCALE.match(sentence, end)
    compound = _COMPOUND.match(sentence, end)
    end = scale.end() if scale else compound.end() if compound else end
    found = sentence[start:end].strip(" ()") if equals or end == first.end() else sentence[:end]
    if _CONTINUES.match(sentence, end):
        return sentence
    if sentence[end : end + 1] == ":" and sentence[end + 1 : end + 2].isdigit():
        return sentence
    return found.strip()


def _word(sentence: str) -> str | None:
    found = _NUMBER_WORD.match(sentence)
    return found.group(1) if found else None
