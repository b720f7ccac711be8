r"""Where a response states answers, and how often it changes its mind.

A statement is a ``\boxed{...}`` or the word "answer" followed within a few words by a number, a
formula between dollars or a choice letter ("the answer is 42", "Answer: **B**"). Positions are
shares of the text's characters: 0 = at the start, 1 = at the end. The same columns with
``_in_thinking`` and ``_in_answer`` count only the statements of that part, positions being shares
of the part.

* ``f_answer_statements`` number of statements;
* ``f_answer_changes`` number of statements that differ from the one before;
* ``f_answer_first_position`` where the first stands;
* ``f_answer_settled_position`` where the last change stands (the first statement if none differs).

The last three are missing where nothing is stated, all four where there is no such part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from itc.features._text import border

TITLE = "Statements of the answer"
NEEDS = ("text", "thinking_end", "n_thinking_tokens")
MEASURES = (
    "f_answer_statements",
    "f_answer_changes",
    "f_answer_first_position",
    "f_answer_settled_position",
)
COLUMNS = tuple(m + part for part in ("", "_in_thinking", "_in_answer") for m in MEASURES)

MAX_BOX = 300  # characters of a box that are read; a longer one is cut, not a reason to scan on
_VALUE = (
    r"\$(?P<math>[^$\n]{1,80})\$|(?P<number>[-+]?\d[\d,]*(?:\.\d+)?(?:/\d+)?)|(?P<letter>[A-J])\b"
)
_STATED = re.compile(
    r"answers?\b[\s:=*]{0,6}(?:(?i:is|be|as|to|should|would|must|will|might|may|could|therefore|"
    r"thus|then|indeed|option|choice|equals|just|simply|that)\b[\s:=*,]{1,4}){0,5}[(*]{0,3}"
    rf"(?:{_VALUE})"
)
_NOISE = re.compile(r"\\(?:text|mathrm|mathbf|displaystyle|left|right|,|;|!)|[\s{}$*,.()\\]")


def normal(value: str) -> str:
    """A stated value without spaces, brackets, dollars and typesetting; equal values are equal."""
    value = _NOISE.sub("", value)
    return value.lstrip("+").lstrip("0") or "0"


def _box(text: str, start: int) -> str:
    r"""Content of the ``\boxed`` whose opening brace stands at ``start``, braces balanced."""
    depth = 0
    end = min(len(text), start + MAX_BOX)
    for at in range(start, end):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return text[start + 1 : at]
    return text[start + 1 : end]


def _places(text: str, needle: str) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + len(needle))


def statements(text: str) -> list[tuple[int, str]]:
    """(offset, normalised value) of every statement of an answer, in the order of the text."""
    found = []
    for at in _places(text, "\\boxed{"):
        found.append((at, normal(_box(text, at + len("\\boxed")))))
    for word in ("answer", "Answer"):
        for at in _places(text, word):
            match = _STATED.match(text[at : at + 200].replace("Answer", "answer", 1))
            if match:
                value = match["math"] or match["number"] or match["letter"]
                if "boxed" not in value:  # counted as a box already
                    found.append((at, normal(value)))
    return sorted(found)


def _measure(found: list[tuple[int, str]], start: int, stop: int) -> tuple[float, ...]:
    """MEASURES of the characters ``start`` to ``stop``, from all statements of the text."""
    own = [(place - start, value) for place, value in found if start <= place < stop]
    if not own:
        return 0.0, np.nan, np.nan, np.nan
    places, values = zip(*own, strict=True)
    changed = [i for i in range(1, len(values)) if values[i] != values[i - 1]]
    settled = places[changed[-1]] if changed else places[0]
    size = stop - start
    return float(len(own)), float(len(changed)), places[0] / size, settled / size


def _measures(text: str | None, end: float) -> tuple[float, ...]:
    """COLUMNS of one response; ``end`` is where its thinking ends, see ``border``."""
    unknown = (np.nan,) * len(MEASURES)
    if not isinstance(text, str):
        return unknown * 3
    found, cut = statements(text), int(min(end, len(text)))
    thinking = _measure(found, 0, cut) if end > 0 else unknown
    return *_measure(found, 0, len(text)), *thinking, *_measure(found, cut, len(text))


def compute(responses: pd.DataFrame) -> pd.DataFrame:
    """Float columns COLUMNS, index of ``responses``."""
    texts = responses["text"].to_numpy(object)
    rows = [_measures(text, end) for text, end in zip(texts, border(responses), strict=True)]
    return pd.DataFrame(rows, index=responses.index, columns=list(COLUMNS), dtype=np.float64)
