"""Find the final answer in a reply: a format it keeps to, a box, an announcing phrase, a fall-back.

Formats name their answer: a last line "Answer: X", the Minerva sign-off, ``<answer>`` tags, JSON
with a key ``answer``. The last of them and of the boxes counts.

Everything here is linear in the text: boxes are found by plain search from the end, patterns only
see a bounded tail. Model output is hostile, so nothing raises and nothing backtracks.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from itc.grading._announced import (
    LINE,
    PHRASE_TAIL,
    anchors,
    announced,
    announcement,
)
from itc.grading._base import BOXED, FALLBACK, JSON, NOTHING, PHRASE, TAG, Extraction, clean
from itc.grading._boxes import box_at, boxed, boxes
from itc.grading._formats import json_answer, tagged, without_json
from itc.grading._formulas import NUMBER, WORD, rightmost, rightmost_at, squeeze
from itc.grading._numbers import WORDS
from itc.grading._prose import (
    denied,
    named,
    reasoned,
    stated_first,
    unfilled,
    without_questions,
)
from itc.grading._values import SENTENCE
from itc.grading._values import value as announced_value

__all__ = [
    "LINE", "NUMBER", "PHRASE_TAIL", "anchors", "announced", "boxed", "boxes", "explicit",
    "final_answer", "last_resort", "rightmost", "signed_off", "squeeze", "wordy",
]  # fmt: skip

FALLBACK_TAIL = 600
# The sign-off that the Minerva prompts ask for outranks a box, as a format of its own.
SIGN_OFF = re.compile(
    r"final answer is:?\s{0,9}+([^\n]{1,300}?)\.?\s{0,9}+I hope it is correct", re.IGNORECASE
)
ANSWER_LINE = re.compile(
    r"(?<![\W_])[\W_]*+(?:(?<=\\)text(?:bf)?\{)?(?:final\s{1,9}+)?answer\s{0,9}+(?:\*\*|__)?\s{0,9}+[:：]",
    re.IGNORECASE,
)
BARE = 200  # a reply of at most so many characters without words is an answer as it is
_OFFER = re.compile(
    r"(?:let me know|i hope|hope (?:this|that)|feel free|please|if you (?:need|have|want|would)|"
    r"would you|do you|don't hesitate|happy to)\b",
    re.IGNORECASE,
)
# One of these is in each offer; plain searches first, since nearly no line is one.
_OFFERED: tuple[str, ...] = ("let me", "hope", "feel free", "please", "if you", "would you")
_OFFERED += ("do you", "hesitate", "happy to")
_DENIAL = re.compile(
    r"(?:\bnot|n['’]t)\s{1,9}+(?:quite\s{1,9}+|really\s{1,9}+|the\s{1,9}+|exactly\s{1,9}+)?(?:right|correct|true)\b|\bincorrect\b",
    re.IGNORECASE,
)
# "between 6 and 7" ends in a number that is no answer.
_OPEN_PAIR = re.compile(r"\b(?:between|either) \S{1,20} (?:and|or) (?:[$€£])?$", re.IGNORECASE)
_COMPUTED = re.compile(r"[\d)%}]\s{0,2}=\s{0,2}(?:[$€£])?")
_LEFT_SIDE = re.compile(r"[\d\s.,()+*/×÷·x%$€£^−-]*+")
_COUNTED = re.compile(
    rf"\b(?:is|are|has|have|had|leaves|left|equals|makes|gets|needs?|remain|remains)\s{{1,9}}+(?:only\s{{1,9}}+|just\s{{1,9}}+)?"
    rf"({'|'.join(WORDS)})\b(?!\s{{1,9}}+of\b)",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"(?: [A-Za-z]{1,15}){0,3}? (?:more|left|remaining|in all|in total|altogether)\b", re.IGNORECASE
)
# "11, not 12": what is named to be denied.
_CONTRAST = re.compile(
    rf",? (?:and )?(?:not|instead of|rather than) (?:[$€£])?{NUMBER.pattern}", re.IGNORECASE
)
_BRACES = re.compile(r"\\(?:text|mathrm|textbf|mathbf)(?:bf|it)?\s{0,9}+\{|\}(?=\s{0,9}+$)")
_CONTENT = re.compile(r"\\(?:text|mathrm|textbf)\s{0,9}+\{([^{}]*)\}")
_FORMULA_SIGN = re.compile(r"[\d\\=<>^+*/()\[\]{}|]")
_VERDICTS = frozenset(
    (
        *("correct", "incorrect", "right", "wrong", "yes", "no", "true", "false", "unknown"),
        *("not correct", "not right", "not given", "not true", "not known"),
    )
)


@lru_cache(maxsize=4096)
def wordy(gold: object) -> bool:
    """Whether answers to a problem may be words: its gold is no number and no formula."""
    if gold is None:
        return True
    bare = _CONTENT.sub(r"\1", str(gold)).strip(" $.")
    if bare.lower() in WORDS:
        return False
    return len(bare) > 1 and not _FORMULA_SIGN.search(bare)


def signed_off(text: str) -> str | None:
    """Answer of "The final answer is X. I hope it is correct"; None without this sign-off."""
    tail = text[-PHRASE_TAIL:]
    if "hope it is correct" not in tail:  # plain search first: nearly no reply has it
        return None
    found = SIGN_OFF.findall(squeeze(tail))
    if not found or not found[-1].strip():
        return None
    return boxed(found[-1]) or rightmost(found[-1]) or found[-1]


def closing_line(text: str, words: bool = True) -> str | None:
    """Answer of a last line "Answer: X" that is behind the last box; None without one."""
    end = text.rstrip(" \t\n*-_$`]}\\")
    start = end.rfind("\n") + 1
    line = text[start : start + LINE]
    return announced(line, words) if ANSWER_LINE.match(line) and "boxed" not in line else None


def explicit(text: str, group: bool = True) -> Extraction | None:
    """Content of the last tag, JSON answer or box, whichever ends last; None without any."""
    found: list[tuple[int, Extraction]] = []
    for how, place in (
        (BOXED, box_at(text, group)),
        (TAG, tagged(text)),
        (JSON, json_answer(text)),
    ):
        if place is not None:
            found.append((place[1], Extraction(place[0], how)))
    return max(found, key=lambda item: item[0])[1] if found else None


def refine(content: str, words: bool) -> str:
    """The answer in a tag or a JSON value: its box, what it announces, its value, or all of it."""
    inner = boxed(content) or announced(_BRACES.sub(" ", content), words)
    if inner is None and WORD.search(content) and not words:
        inner = announced_value(content, words)
    return inner or content.strip("$ ")


def is_verdict(answer: str) -> bool:
    """Whether an answer is a word about an answer ("correct", "no"), not one of its own."""
    bare = _CONTENT.sub(r"\1", answer).strip(" .!*_'\"").lower()
    return bare in _VERDICTS


def last_resort(text: str, words: bool = True) -> str | None:
    """A bare expression as it is, else the last formula or number near the end."""
    bare = text.strip()
    plain = not WORD.search(bare) and not any(sign in bare for sign in ("$", "\n", "\\boxed"))
    asked = bare.rstrip(" ?_.").endswith("=")
    if plain and not asked and len(bare) <= BARE and any(character.isalnum() for character in bare):
        return bare
    if len(bare) <= BARE and bare.lower().strip(" .*") in WORDS:
        return bare.strip(" .*")
    tail = squeeze(without_json(text)[-FALLBACK_TAIL:])
    lower = tail.lower()
    if any(word in lower for word in _OFFERED):
        tail = "\n".join(_without_offers(line) for line in tail.split("\n"))
    tail = _CONTRAST.sub("", tail)
    tail = without_questions(tail)
    found = rightmost_at(tail)
    last = tail.rstrip()
    opening = max((m.end() for m in SENTENCE.finditer(last[:-1])), default=0)
    counted = _COUNTED.search(last, opening)
    if counted and (
        found is None
        or found[2] <= opening
        or (found[2] <= counted.start() and _COUNTS.match(last, counted.end()))
    ):
        return counted.group(1)
    if found is None:
        return None
    answer, start, end, is_formula = found
    if is_formula and unfilled(answer):
        return None
    said = None if is_formula else named(tail)
    if said:
        answer, start, end = said[0], max(0, said[1] - 1), said[1]
    begin = max((m.end() for m in SENTENCE.finditer(tail, 0, start)), default=0)
    stop = SENTENCE.search(tail, end)
    sentence = tail[begin : stop.start() if stop else len(tail)]
    if said:
        return None if denied(sentence) else answer
    if (
        _DENIAL.search(sentence)
        or denied(sentence)
        or _OPEN_PAIR.search(tail[max(0, start - 60) : start])
    ):
        return None
    if is_formula:
        return answer
    return reasoned(sentence) or _result(sentence) or stated_first(text) or answer


def _without_offers(line: str) -> str:
    """``line`` without sentences that offer help: a number in them is no answer."""
    if not _OFFER.search(line):
        return line
    starts = [0, *(m.end() for m in SENTENCE.finditer(line)), len(line)]
    parts = [line[a:b] for a, b in pairwise(starts)]
    return "".join(part for part in parts if not _OFFER.match(part.lstrip(" *_!")))


def _result(sentence: str) -> str | None:
    """Right side of the last computation in a sentence: of ``2 * 10 = 20 eggs in 2 boxes`` 20."""
    result = None
    for found in _COMPUTED.finditer(sentence):
        side = sentence[max(0, found.start() - 60) : found.start() + 1]
        left = side[::-1]
        signs = _LEFT_SIDE.match(left)
        number = NUMBER.match(sentence, found.end())
        operators = signs is not None and any(sign in signs.group() for sign in "+-−*/×÷·x")
        if number and operators:
            result = number.group()
    return result


def final_answer(text: str, fallback: bool = True, words: bool = True) -> Extraction:
    """The mathematical answer of a reply; without ``fallback`` only a box or a phrase counts.

    ``words`` allows an answer without a number or a formula, such as a name.
    """
    for how, answer in ((PHRASE, signed_off(text)), (PHRASE, closing_line(text, words))):
        if answer and (kept := clean(answer)):
            return Extraction(kept, how)
    given = explicit(text)
    if given and given.answer:
        plain = given.how == BOXED and "nswer" not in given.answer and "NSWER" not in given.answer
        answer = given.answer if plain else refine(given.answer, words)
        if (words or not is_verdict(answer)) and (kept := clean(answer)):
            return Extraction(kept, given.how)
    found = announcement(text, words)
    if found.answer and (kept := clean(found.answer)):
        return Extraction(kept, PHRASE)
    answer = last_resort(found.rest, words) if fallback else None
    return Extraction(kept, FALLBACK) if answer and (kept := clean(answer)) else NOTHING
