"""What a reply announces as its answer: "The answer is 3 + 5 = 8 apples." announces 8.

An announcement without a value ("The answer is correct.") is no answer. One that affirms points to
what is before it, one that denies voids it; the caller then looks further in what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from itc.grading._formulas import squeeze
from itc.grading._values import NOT_BUT, SENTENCE, value

PHRASE_TAIL = 8000  # an announcing phrase is looked for in this many last characters
FOREIGN_TAIL = 2000  # ... and words of other languages in so many
ANCHOR_TRIES = 64  # announcing words looked at, from the last one backwards
LINE = 800

# The word for "answer" in other languages; each needs a colon or its word for "is".
FOREIGN = (
    "antwort", "lösung", "réponse", "reponse", "respuesta", "risposta", "resposta", "antwoord",
    "svaret", "svar", "odpowiedź", "odpověď", "cevap", "jawaban", "đáp án", "ответ", "відповідь",
    "απάντηση", "答案", "回答", "答え", "正解", "解答", "정답", "답",
    "الإجابة", "الجواب", "उत्तर", "תשובה",
)  # fmt: skip
_ANCHOR = re.compile(
    r"(?:####|answers?(?:\s{1,9}+(?:to|for|in|of)\s{1,9}+[^.\n:]{1,60}?|\s{1,9}+(?:here"
    r"|thus|therefore|so|now)"
    r"|\s{1,9}+(?:that\s{1,9}+)?(?:i|we)\s{1,9}+(?:get|got|find|found|have)"
    r"|,\s{1,9}+(?:therefore|then|thus),)?"
    r"\s{0,9}+(?:\*\*|__)?\s{0,9}+"
    r"(?:\b(?:is|was|are|equals|becomes|remains)\b|=|:|："
    r"|\b(?:should|must|would|will|could\s{1,9}+only|can\s{1,9}+only|has\s{1,9}+to"
    r"|have\s{1,9}+to|needs\s{1,9}+to|ought\s{1,9}+to"
    r"|appears\s{1,9}+to|seems\s{1,9}+to|turns\s{1,9}+out\s{1,9}+to"
    r"|comes\s{1,9}+out\s{1,9}+to|works\s{1,9}+out\s{1,9}+to)\s{1,9}+be\b"
    r"|\b(?:can(?:not|['’]t|\s{1,9}+not)|(?:could|should|must|would|will)(?:\s{1,9}+not"
    r"|n['’]t))\s{1,9}+be\b"
    r"|\b(?:is|was)n['’]t\b|\b(?:comes|works)\s{1,9}+out\s{1,9}+(?:as|to)\b)\s{0,9}+[:：]?)",
    re.IGNORECASE,
)
_SCRIPT = re.compile(
    "[éöźěđάا-ي\u0400-\u04ff\u05d0-\u05ea\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
)
_ASCII = tuple(word for word in FOREIGN if word.isascii())
_FOREIGN = re.compile(
    rf"(?:{'|'.join(FOREIGN)})(?:\s{{1,9}}+[^\W\d_]{{1,15}}){{0,2}}?\s{{0,9}}+(?:\*\*"
    rf"|__)?\s{{0,9}}+"
    r"(?:[:：=—–]|\b(?:ist|lautet|est|es|è|é|is|adalah|jest|är|er|là)\b|是|为|為|は|은|는)\s{0,9}+[:：]?",
    re.IGNORECASE,
)
LEAD = re.compile(
    r"(?:[\s:：*_}\"'“‘`>]|\\\"|\b(?:is|equal to|equals|approximately|about|around|roughly|"
    r"actually|simply|just|exactly|only|therefore|thus|then|hence|still|really|clearly"
    r"|in fact|given by|"
    r"now|indeed|be)\b)*+",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if|whether|unless|suppose|supposing|assume|assuming|why|how|that"
    r"|what)\s{1,9}+(?:the|your|my|"
    r"our|this)?\s{0,9}+(?:final|correct|right)?\s{0,9}+$",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|whether|unless|suppose|supposing|assume|assuming)\b", re.IGNORECASE
)
# The answer of somebody else, or of an earlier round.
_OTHER = re.compile(
    r"\b(?:previous|earlier|original|given|prior|first|old|initial|other|student'?s?|their|his|her|"
    r"wrong|incorrect|proposed|provided|above)\s{1,9}+(?:final\s{1,9}+)?$",
    re.IGNORECASE,
)
_ADVERBS = (
    r"(?:(?:indeed|also|still|quite|absolutely|definitely|actually|really|clearly|therefore|thus|"
    r"now|in\s{1,9}+fact|both|probably|likely|certainly|then|always|a|an|the|already"
    r"|completely)\s{1,9}+){0,4}"
)
_DENIES = re.compile(
    rf"{_ADVERBS}(?:not\b|n['’]t\b|incorrect\b|wrong\b|false\b|invalid\b|unknown\b|unclear\b|"
    r"undetermined\b|never\b|nowhere\b|impossible\s{1,9}+to\b)|no\b(?!\s{0,9}+\d)",
    re.IGNORECASE,
)
_AFFIRMS = re.compile(
    rf"{_ADVERBS}(?:correct|right|true|yes|okay|ok|fine|good|accurate|valid|consistent|verified|"
    r"confirmed|reasonable|the\s{1,9}+same|unchanged)\b(?!\s{0,9}+[:=]?\s{0,9}+\$?\d)",
    re.IGNORECASE,
)
_AFFIRMED_VALUE = re.compile(rf"{_ADVERBS}(?:correct|right)\s?[:=,]\s?(?=\$?\d)", re.IGNORECASE)
NEGATIVE = re.compile(r"cannot|n['’]t|\bnot\b", re.IGNORECASE)
_VERDICT_WORDS = frozenset(("yes", "no", "true", "false"))


class Announcement(NamedTuple):
    """``answer`` announced, or None; ``rest`` is the text in which an answer may still be found."""

    answer: str | None
    rest: str


def anchors(tail: str) -> Iterator[re.Match[str]]:
    """Announcing phrases from the last one backwards, found by plain search."""
    lower = tail.lower()
    # Few characters change length in lower case; then positions would not be the text's.
    words = lower if len(lower) == len(tail) else tail
    end = len(words)
    foreign = FOREIGN if not words.isascii() and _SCRIPT.search(words) else _ASCII
    present = [word for word in ("answer", "####") if word in words]
    # A reply in another language announces near its end.
    present += [word for word in foreign if words.find(word, max(0, end - FOREIGN_TAIL)) >= 0]
    for _ in range(ANCHOR_TRIES):
        end = max((words.rfind(word, 0, end) for word in present), default=-1)
        if end < 0:
            return
        own = tail[end] in "#aA" and not tail.startswith(("Ant", "ant"), end)
        found = (_ANCHOR if own else _FOREIGN).match(tail, end)
        if found:
            yield found


def announcement(text: str, words: bool = True) -> Announcement:
    """The last announced answer of ``text``; with ``words`` also a name, else only a value."""
    tail = squeeze(text[-PHRASE_TAIL:])
    rest: str | None = None
    for anchor in anchors(tail):
        before = tail[max(0, anchor.start() - 60) : anchor.start()]
        line = tail[anchor.end() : anchor.end() + LINE]
        line = line[LEAD.match(line).end() :]  # type: ignore[union-attr]
        if _HYPOTHETICAL.search(before) and _CONDITION.search(before):
            if rest is None:
                rest = tail[: anchor.start()] + _behind(tail, anchor)
            continue
        other = _OTHER.search(before) is not None
        denied = _denies(line, words) or NEGATIVE.search(anchor.group()) is not None
        named = _AFFIRMED_VALUE.match(line)
        if named and (found := value(line[named.end() :], words)):
            return Announcement(found, text)
        if denied or (other and not _affirms(line, words)):
            if rest is None:
                rest = _behind(tail, anchor)
            if denied and not other:
                return Announcement(None, rest)
            continue
        if _affirms(line, words):
            rest = tail[: anchor.start()] if rest is None else rest
            continue
        if not other and (found := value(line, words)):
            return Announcement(found, text)
    return Announcement(None, text if rest is None else rest)


def _behind(tail: str, anchor: re.Match[str]) -> str:
    """What follows the sentence of an announcement."""
    stop = SENTENCE.search(tail, anchor.end())
    return tail[stop.end() :] if stop else ""


def announced(text: str, words: bool = True) -> str | None:
    """``announcement`` without what is left."""
    return announcement(text, words).answer


def _denies(line: str, words: bool) -> bool:
    found = _DENIES.match(line)
    if found is None or NOT_BUT.match(line):
        return False
    return not (words and found.group().lower() in _VERDICT_WORDS)


def _affirms(line: str, words: bool) -> bool:
    found = _AFFIRMS.match(line)
    return found is not None and not (words and found.group().lower() in _VERDICT_WORDS)
