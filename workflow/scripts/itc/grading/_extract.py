"""Find the final answer in a reply: last box first, then an announcing phrase, then a fall-back.

Two formats that prompts ask for outrank the box: a last line "Answer: X", and the Minerva sign-off.

Everything here is linear in the text: boxes are found by plain search from the end, patterns only
see a bounded tail. Model output is hostile, so nothing raises and nothing backtracks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from itc.grading._base import BOXED, FALLBACK, NOTHING, PHRASE, Extraction, clean

BOX_TRIES = 64  # boxes looked at, from the last one backwards
BOX_LENGTH = 6000  # characters of one box
PHRASE_TAIL = 8000  # an announcing phrase is looked for in this many last characters
FALLBACK_TAIL = 600
ANCHOR_TRIES = 64  # announcing words looked at, from the last one backwards
LINE = 800

BOX = re.compile(r"\\(?:boxed|fbox(?:ed)?)\s*(\{)?")
# What may stand between two boxes of one answer: delimiters, commas, "and", "or", a name, a few
# words in \text{}.
# Runs of blanks have a bound in every pattern here, and what is taken is not given back (``+``).
JOINED = re.compile(
    r"(?:[\s$,;:.&~]|\\[()\[\]]|\\\\|\\q?quad|\\[,;! ]|\\(?:text|mathrm|textbf)\{[^{}]{0,40}\}"
    r"|[A-Za-z]\w{0,5}+\{?+\(?+\w{0,3}+\)?+\}?+\s{0,12}+=|\band\b|\bor\b)*+"
)
SEPARATED = re.compile(r"[,;&]|\band\b|\bor\b|\\q?quad")
ANCHOR = re.compile(
    r"(?:####|answer(?:\s{1,12}+to\s{1,12}+[^.\n:]{1,60}?)?\s{0,12}+(?:\*\*|__)?\s{0,12}+"
    r"(?:\bis\b|\bwas\b|\bequals\b|=|:)\s{0,12}+:?)",
    re.IGNORECASE,
)
MATH = re.compile(
    r"(?<!\\)\$\$(?P<a>[^$]{1,1500})\$\$|\\\[(?P<b>.{1,1500}?)\\\]"
    r"|(?<![\\\d$])\$(?P<c>(?:\\\$|[^$\n]){1,400})(?<!\\)\$(?!\d)|\\\((?P<d>[^\n]{1,400}?)\\\)",
    re.DOTALL,
)
CONNECTOR = re.compile(r"[\s,;]{0,20}(?:\band\b|\bor\b|,|;)\s{0,12}+")
NUMBER = re.compile(
    r"(?<![\w.,\\])[-+−]?(?:[1-9]\d{0,2}(?:[ ,]\d{3})+(?![\d])(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+)"
    r"(?:/\d+)?(?:\s*(?:\\?%|percent\b|pct\b))?"
)
PERCENT = re.compile(
    r"\s{0,12}+(?:\$|\\\))?\s{0,12}+(?:\\?%|percent(?:age)?\b|pct\b)", re.IGNORECASE
)
LEAD = re.compile(r"(?:[\s:*_}\"'“`]|\\\"|\bis\b|\bequal to\b|\bapproximately\b|\babout\b)*")
WORD = re.compile(r"(?<![\\A-Za-z{])(?!sqrt|frac|sin|cos|tan|log|ln|exp|pi\b|inf)[A-Za-z]{3,}")
_LONG = re.compile(r"\s{12}")
_BLANKS = re.compile(r"[^\S\n]{2,}")
_LINES = re.compile(r"\n(?:[^\S\n]?\n)+")
_DOLLAR = re.compile(r"(?<!\\)\$")
# The sign-off that the Minerva prompts ask for outranks a box, as a format of its own.
SIGN_OFF = re.compile(
    r"final answer is:?\s{0,12}+(\S[^\n]{0,299}?)\.?\s{0,12}+I hope it is correct", re.IGNORECASE
)
NAME_WORDS = 3  # "Answer: Evelyn" is one, "unable to say without more data" is none
ANSWER_LINE = re.compile(
    r"(?<![\W_])[\W_]*+(?:(?<=\\)text(?:bf)?\{)?(?:final\s{1,12}+)?answer\s{0,12}+:", re.IGNORECASE
)
BARE = 200  # a reply of at most so many characters without words is an answer as it stands
SENTENCE = re.compile(r"\.(?=\s|$)|\n")


def squeeze(text: str) -> str:
    """``text`` with runs of blanks and empty lines shortened: patterns stay linear on it."""
    if not _LONG.search(text):
        return text
    return _LINES.sub("\n\n", _BLANKS.sub(" ", text))


def boxes(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, content) of complete boxes from the last one backwards."""
    end = len(text)
    for _ in range(BOX_TRIES):
        start = max(text.rfind("\\boxed", 0, end), text.rfind("\\fbox", 0, end))
        if start < 0:
            return
        end = start
        match = BOX.match(text, start)
        if match is None:
            continue
        if match.group(1):
            close = closing(text, match.end())
            if close is not None and text[match.end() : close].strip():
                yield start, close + 1, text[match.end() : close]
        else:  # \boxed 5
            token = re.compile(r"[^\s$\\{}]{1,40}").match(text, match.end())
            if token:
                yield start, token.end(), token.group()


def closing(text: str, start: int) -> int | None:
    """Index of the brace that closes the one before ``start``; None where there is none."""
    depth, i, stop = 1, start, min(len(text), start + BOX_LENGTH)
    while i < stop:
        character = text[i]
        if character == "\\":
            i += 1
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return i
        i += 1
    return None


def boxed(text: str, group: bool = True) -> str | None:
    """Content of the last box; with ``group`` of the last run of boxes joined by "and" or commas.

    A percent sign behind the box belongs to the answer.
    """
    found: list[str] = []
    first = None
    for start, end, content in boxes(text):
        if first is None:
            if PERCENT.match(text, end):
                content = f"{content.strip()}\\%"
        else:
            gap = text[end:first]
            if end > first or len(gap) > 80 or not JOINED.fullmatch(gap):
                break
            if not SEPARATED.search(gap) and gap.strip("$ ") != "":
                break
        found.insert(0, content.strip())
        first = start
        if not group or len(found) == 16:
            break
    # "\boxed{$12$ and $13$}": delimiters inside a box say nothing.
    distinct = list(dict.fromkeys(_DOLLAR.sub("", content) for content in found))
    return ", ".join(distinct) if distinct else None


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


def rightmost(segment: str) -> str | None:
    """The last formula or number in ``segment``, whichever ends later."""
    last = maths(segment)
    numbers = list(NUMBER.finditer(segment))
    number = numbers[-1] if numbers else None
    if last and (number is None or number.end() <= last[2]):
        return last[0]
    return number.group() if number else None


def anchors(tail: str) -> Iterator[re.Match[str]]:
    """Announcing phrases from the last one backwards, found by plain search."""
    lower = tail.lower()
    # Few characters change length in lower case; then positions would not be the text's.
    words = lower if len(lower) == len(tail) else tail
    end = len(words)
    for _ in range(ANCHOR_TRIES):
        end = max(words.rfind("answer", 0, end), words.rfind("####", 0, end))
        if end < 0:
            return
        found = ANCHOR.match(tail, end)
        if found:
            yield found


def announced(text: str) -> str | None:
    """What follows the last "answer is", "Answer:" or "####" in the tail of ``text``."""
    tail = squeeze(text[-PHRASE_TAIL:])
    for anchor in anchors(tail):
        line = tail[anchor.end() : anchor.end() + LINE]
        line = line[LEAD.match(line).end() :]  # type: ignore[union-attr]
        direct = MATH.match(line)
        if direct:
            run = [direct]
            while len(run) < 8:
                joined = CONNECTOR.match(line, run[-1].end())
                more = MATH.match(line, joined.end()) if joined else None
                if more is None:
                    break
                run.append(more)
            return ", ".join(formula(match) for match in run)
        sentence = SENTENCE.split(line, maxsplit=1)[0].strip(" *_`\"'”?!")
        if not any(character.isalnum() for character in sentence):
            continue
        if not WORD.search(sentence):
            return sentence
        number = NUMBER.match(line)
        found = number.group() if number else rightmost(sentence)
        if found or len(sentence.split()) <= NAME_WORDS:
            return found or sentence
    return None


def signed_off(text: str) -> str | None:
    """Answer of "The final answer is X. I hope it is correct"; None without this sign-off."""
    tail = text[-PHRASE_TAIL:]
    if "hope it is correct" not in tail:  # plain search first: nearly no reply has it
        return None
    found = SIGN_OFF.findall(squeeze(tail))
    if not found or not found[-1].strip():
        return None
    return boxed(found[-1]) or rightmost(found[-1]) or found[-1]


def closing_line(text: str) -> str | None:
    """Answer of a last line "Answer: X" that stands behind the last box; None without one."""
    end = text.rstrip(" \t\n*-_$`]}\\")
    start = end.rfind("\n") + 1
    line = text[start : start + LINE]
    return announced(line) if ANSWER_LINE.match(line) and "boxed" not in line else None


def last_resort(text: str) -> str | None:
    """A bare expression as it stands, else the last formula or number near the end."""
    bare = text.strip()
    plain = not WORD.search(bare) and not any(sign in bare for sign in ("$", "\n", "\\boxed"))
    if plain and len(bare) <= BARE and any(character.isalnum() for character in bare):
        return bare
    return rightmost(squeeze(text[-FALLBACK_TAIL:]))


def final_answer(text: str, fallback: bool = True) -> Extraction:
    """The mathematical answer of a reply; without ``fallback`` only a box or a phrase counts."""
    rules = [(PHRASE, signed_off), (PHRASE, closing_line), (BOXED, boxed), (PHRASE, announced)]
    for how, rule in [*rules, (FALLBACK, last_resort)] if fallback else rules:
        answer = rule(text)
        if answer and (kept := clean(answer)):
            return Extraction(kept, how)
    return NOTHING
