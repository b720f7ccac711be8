"""What a reply announces as its answer: "The answer is 3 + 5 = 8 apples." announces 8.

An announcement without a value ("The answer is correct.") is no answer. One that affirms points to
what is before it, one that denies voids it; the caller then looks further in what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from itc.grading._formulas import CONNECTOR, MATH, NUMBER, WORD, formula, rightmost, squeeze
from itc.grading._numbers import WORDS

PHRASE_TAIL = 8000  # an announcing phrase is looked for in this many last characters
ANCHOR_TRIES = 64  # announcing words looked at, from the last one backwards
LINE = 800
_EDGES = " *_`\"'”’?!:;,"
_HALF_OPEN = re.compile(r"[(\[][^()\[\]]*,[^()\[\]]*[)\]]")  # an interval such as [0,1)
NAME_WORDS = 3  # "Answer: Evelyn" is one, "unable to say without more data" is none

# The word for "answer" in other languages; each needs a colon or its word for "is".
FOREIGN = (
    "antwort", "lösung", "réponse", "reponse", "respuesta", "risposta", "resposta", "antwoord",
    "svaret", "svar", "odpowiedź", "odpověď", "cevap", "jawaban", "đáp án", "ответ", "відповідь",
    "απάντηση", "答案", "回答", "答え", "正解", "解答", "정답", "답", "الإجابة", "الجواب", "उत्तर", "תשובה",
)  # fmt: skip
_ANCHOR = re.compile(
    r"(?:####|answers?(?:\s+(?:to|for|in|of)\s+[^.\n:]{1,60}?|\s+(?:here|thus|therefore|so|now)"
    r"|\s+(?:that\s+)?(?:i|we)\s+(?:get|got|find|found|have)|,\s+(?:therefore|then|thus),)?"
    r"\s*(?:\*\*|__)?\s*"
    r"(?:\b(?:is|was|are|equals|becomes|remains)\b|=|:|："
    r"|\b(?:should|must|would|will|could\s+only|can\s+only|has\s+to|have\s+to|needs\s+to|ought\s+to"
    r"|appears\s+to|seems\s+to|turns\s+out\s+to|comes\s+out\s+to|works\s+out\s+to)\s+be\b"
    r"|\b(?:can(?:not|['’]t|\s+not)|(?:could|should|must|would|will)(?:\s+not|n['’]t))\s+be\b"
    r"|\b(?:is|was)n['’]t\b|\b(?:comes|works)\s+out\s+(?:as|to)\b)\s*[:：]?)",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    rf"(?:{'|'.join(FOREIGN)})(?:\s+[^\W\d_]{{1,15}}){{0,2}}?\s*(?:\*\*|__)?\s*"
    r"(?:[:：=—–]|\b(?:ist|lautet|est|es|è|é|is|adalah|jest|är|er|là)\b|是|为|為|は|은|는)\s*[:：]?",
    re.IGNORECASE,
)
LEAD = re.compile(
    r"(?:[\s:：*_}\"'“‘`>]|\\\"|\b(?:is|equal to|equals|approximately|about|around|roughly|actually|"
    r"simply|just|exactly|only|therefore|thus|then|hence|still|really|clearly|in fact|given by|"
    r"now|indeed|be)\b)*+",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"\.(?=\s|$)|\n|\?(?=\s|$)|[。！]|!(?=\s+[A-Z])")
_HYPOTHETICAL = re.compile(
    r"\b(?:if|whether|unless|suppose|supposing|assume|assuming|why|how|that|what)\s+(?:the|your|my|"
    r"our|this)?\s*(?:final|correct|right)?\s*$",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|whether|unless|suppose|supposing|assume|assuming)\b", re.IGNORECASE
)
# The answer of somebody else, or of an earlier round.
_OTHER = re.compile(
    r"\b(?:previous|earlier|original|given|prior|first|old|initial|other|student'?s?|their|his|her|"
    r"wrong|incorrect|proposed|provided|above)\s+(?:final\s+)?$",
    re.IGNORECASE,
)
_ADVERBS = (
    r"(?:(?:indeed|also|still|quite|absolutely|definitely|actually|really|clearly|therefore|thus|"
    r"now|in\s+fact|both|probably|likely|certainly|then|always|a|an|the|already|completely)\s+){0,4}"
)
_DENIES = re.compile(
    rf"{_ADVERBS}(?:not\b|n['’]t\b|incorrect\b|wrong\b|false\b|invalid\b|unknown\b|unclear\b|"
    r"undetermined\b|never\b|nowhere\b|impossible\s+to\b)|no\b(?!\s*\d)",
    re.IGNORECASE,
)
_AFFIRMS = re.compile(
    rf"{_ADVERBS}(?:correct|right|true|yes|okay|ok|fine|good|accurate|valid|consistent|verified|"
    r"confirmed|reasonable|the\s+same|unchanged)\b(?!\s*[:=]?\s*\$?\d)",
    re.IGNORECASE,
)
_AFFIRMED_VALUE = re.compile(rf"{_ADVERBS}(?:correct|right)\s?[:=,]\s?(?=\$?\d)", re.IGNORECASE)
NEGATIVE = re.compile(r"cannot|n['’]t|\bnot\b", re.IGNORECASE)
_VERDICT_WORDS = frozenset(("yes", "no", "true", "false"))
_NOT_BUT = re.compile(r"not\s+(?:[^\s.]{1,30}\s+){1,3}?but\s+(?:rather\s+)?", re.IGNORECASE)
# What follows such a word says something about the answer, and is none.
_ASIDE = re.compile(
    r",?\s*\b(?:instead\s+of|rather\s+than|not|because|since|which|where|whereas|while|when|if|"
    r"although|though|unless|compared|given\s+that|after|before|whose)\b|\s[—–]\s|\s\(",
    re.IGNORECASE,
)
_OPEN_CHOICE = re.compile(
    r"(?:either|between|somewhere|at least|at most|more than|less than|one of)\b", re.IGNORECASE
)
_TERM = rf"\(?(?:[$€£]|\\\$)?\s?(?:\d{{1,9}} \d{{1,9}}/\d{{1,9}}|{NUMBER.pattern})\)?"
_FIRST = re.compile(_TERM, re.IGNORECASE)
_NEXT = re.compile(
    r"(?:\s{1,2}[A-Za-z]{1,15}){0,2}\s{0,2}(?:[-+−*/×÷·=x]|\\times|\\cdot|\\div|minus|plus|times|equals)\s{0,2}"
)
_TERMS = 40
_LIST = re.compile(
    rf"{_TERM}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+){_TERM}){{1,12}}", re.IGNORECASE
)
_SCALE = re.compile(r"\s?(hundred|thousand|million|billion|trillion|dozen)\b", re.IGNORECASE)
_UNIT = r"(?:hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|weeks?|months?|years?|feet|foot|ft|inch(?:es)?|pounds?|ounces?|dollars?|cents?|km|m|cm|kg|g|yards?|miles?)"
_COMPOUND = re.compile(rf"\s*{_UNIT}\b,?\s*(?:and\s+)?\d[\d.]*\s*{_UNIT}\b", re.IGNORECASE)
_NUMBER_WORD = re.compile(rf"({'|'.join(WORDS)})\b(?!\s+of\b|-)", re.IGNORECASE)
_SHORT_WORDS = frozenset(
    ("no", "so", "is", "it", "to", "of", "in", "on", "at", "by", "as", "an", "be", "we", "he", "if")
    + ("my", "up", "do", "ok", "me", "us", "am", "go")
)
_ASSIGNED = re.compile(r"(?<![A-Za-z])[A-Za-z]\s*=")
_AND_OR = re.compile(r"\b(?:and|or)\b", re.IGNORECASE)
# "507√3, so a + b = 510": what is concluded is the answer.
_CONCLUDES = re.compile(
    r",?\s(?:and\s)?(?:so|hence|thus|therefore|giving|which\s+gives)\s", re.IGNORECASE
)
_CONTINUES = re.compile(
    r"\s?(?:[\^√π!]|\\(?:sqrt|pi|frac|dfrac|tfrac|cdot|times|ln|log|theta|alpha|left)(?![A-Za-z]))"
)
_AFTER_FORMULA = re.compile(r"\s{0,3}=\s{0,3}")


class Announcement(NamedTuple):
    """``answer`` announced, or None; ``rest`` is the text in which an answer may still be found."""

    answer: str | None
    rest: str


def anchors(tail: str) -> Iterator[re.Match[str]]:
    """Announcing phrases from the last one backwards, found by plain search."""
    lower = tail.lower()
    # Few characters change length in lower case; then positions would not be the text's.
    words = lower if len(lower) == len(tail) else tail
    present = [word for word in ("answer", "####", *FOREIGN) if word in words]
    end = len(words)
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
        stop = SENTENCE.search(tail, anchor.end())
        if _HYPOTHETICAL.search(before) and _CONDITION.search(before):
            if rest is None:
                rest = tail[: anchor.start()] + (tail[stop.end() :] if stop else "")
            continue
        other = _OTHER.search(before) is not None
        denied = _denies(line, words) or NEGATIVE.search(anchor.group()) is not None
        named = _AFFIRMED_VALUE.match(line)
        if named and (found := value(line[named.end() :], words)):
            return Announcement(found, text)
        if denied or (other and not _affirms(line, words)):
            if rest is None:
                rest = tail[stop.end() :] if stop else ""
            if denied and not other:
                return Announcement(None, rest)
            continue
        if _affirms(line, words):
            rest = tail[: anchor.start()] if rest is None else rest
            continue
        if not other and (found := value(line, words)):
            return Announcement(found, text)
    return Announcement(None, text if rest is None else rest)


def announced(text: str, words: bool = True) -> str | None:
    """``announcement`` without what is left."""
    return announcement(text, words).answer


def _denies(line: str, words: bool) -> bool:
    found = _DENIES.match(line)
    if found is None or _NOT_BUT.match(line):
        return False
    return not (words and found.group().lower() in _VERDICT_WORDS)


def _affirms(line: str, words: bool) -> bool:
    found = _AFFIRMS.match(line)
    return found is not None and not (words and found.group().lower() in _VERDICT_WORDS)


def value(line: str, words: bool = True) -> str | None:
    """The value at the beginning of ``line``, what follows an announcing phrase; None without."""
    contrast = _NOT_BUT.match(line)
    line = line[contrast.end() :] if contrast else line
    direct = MATH.match(line)
    if direct:
        return _formulas(line, direct, words)
    sentence = trimmed(SENTENCE.split(line, maxsplit=1)[0])
    if not any(character.isalnum() for character in sentence):
        return None
    if sentence.startswith(("\\boxed{}", "\\boxed{ }")):
        return None
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
