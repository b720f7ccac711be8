"""Multiple choice: one letter, in all the ways that models write it.

What names the answer outranks what only speaks of an option, see ``_letters``. Two letters are no
choice, a letter that begins a word or a sentence is no letter.
"""

from __future__ import annotations

import re
import string

from itc.grading._announced import PHRASE_TAIL
from itc.grading._base import BOXED, FALLBACK, NOTHING, PHRASE, Extraction, Problem
from itc.grading._extract import explicit
from itc.grading._formulas import squeeze
from itc.grading._letters import SEVERAL, Reader, full_width, undress

METADATA = ("choices", "order", "shuffle_seed")
TITLE = "multiple choice"
WORKER = False

_SPACE = re.compile(r"\s{1,9}+")
SHORT = 300  # characters of a reply that may begin with its letter


def letters(problem: Problem) -> str:
    """The letters that a problem offers, from its ``choices``; A to J where it lists none."""
    choices = _choices(problem)
    return string.ascii_uppercase[: len(choices)] if choices else "ABCDEFGHIJ"


def _choices(problem: Problem) -> list[str]:
    found = problem.get("metadata", {}).get("choices")
    if isinstance(found, dict):  # {"label": [...], "text": [...]}, as ARC stores them
        found = found.get("text")
    return [str(choice) for choice in found] if isinstance(found, list) else []


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """The letter of the last "Answer:" line, box, tag or JSON key, else of the last phrase such as
    "the answer is (C)" or "option C is correct", else a line or reply that is only a letter."""
    reader = Reader(letters(problem), tuple(_choices(problem)))
    tail = squeeze(undress(text[-PHRASE_TAIL:]))
    line = reader.closing_line(text)
    if line:
        return _made(line, PHRASE)
    given = explicit(text, group=True)
    if given and given.answer:
        letter = reader.content(given.answer, boxed=given.how == BOXED)
        if letter:
            return _made(letter, given.how)
    for rule in (reader.announced, reader.declared, reader.concluded):
        letter = rule(tail)
        if letter:
            return _made(letter, PHRASE)
    letter = reader.alone(tail, SHORT) if fallback else None
    return _made(letter, FALLBACK) if letter else NOTHING


def _made(letter: str, how: str) -> Extraction:
    """An extraction; several letters in one statement are no answer."""
    return NOTHING if letter == SEVERAL else Extraction(letter, how)


def normal_form(answer: str, problem: Problem) -> str | None:
    """The upper-case letter; None for anything else."""
    letter = undress(answer).strip(" ().:[]").upper()
    return letter if len(letter) == 1 and letter in string.ascii_uppercase else None


def read_gold(gold: str, problem: Problem) -> str | None:
    """Letter of a gold answer: a letter that is offered, the text of a choice, or its number from
    0; None where it is none of these, or where a number may be a text as well."""
    offered, choices = letters(problem), _choices(problem)
    letter = normal_form(gold, problem)
    if letter:
        return letter if letter in offered else None
    same = [i for i, choice in enumerate(choices) if plain(choice) == plain(gold)]
    number = re.fullmatch(r"\s{0,9}+(\d{1,2})(?:\.0)?\s{0,9}+", gold)
    if number:
        at = int(number.group(1))
        index = at if at < len(choices) else None
        if same and (len(same) > 1 or index != same[0]) and index is not None:
            return None  # the choice of this number, or the choice of this text
        if index is not None:
            return offered[index]
    if len(same) == 1:
        return offered[same[0]]
    dressed = re.match(r"\s{0,9}+\(?([A-Za-z])[).:]\s{0,9}+(\S.*)", gold, re.DOTALL)
    if dressed:
        letter, rest = dressed.group(1).upper(), dressed.group(2)
        at = offered.find(letter)
        if at >= 0 and (not choices or plain(choices[at]) == plain(rest)):
            return letter
    return None


def plain(text: str) -> str:
    """A choice's text without dress, for comparison."""
    return _SPACE.sub(" ", undress(full_width(text))).strip(" .:;()'\"").casefold()


def quick(a: str, b: str, problem: Problem) -> bool | None:
    """Equality of two letters."""
    return a == b


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both name the same letter."""
    form = normal_form(a, problem)
    return form is not None and form == normal_form(b, problem)
