r"""Where a response states answers, and how often it changes its mind.

A statement is a ``\boxed{...}`` or the word "answer" followed within a few words by a number, a
formula between dollars or a choice letter ("the answer is 42", "Answer: **B**"). Positions are
shares of the text's characters: 0 = at the start, 1 = at the end.

* ``f_answer_statements`` number of statements;
* ``f_answer_changes`` number of statements that differ from the one before;
* ``f_answer_first_position`` where the first stands;
* ``f_answer_settled_position`` where the last change stands (the first statement if none differs).

The last three are missing where nothing is stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

TITLE = "Statements of the answer"
NEEDS = ("text",)
COLUMNS = (
    "f_answer_statements",
    "f_answer_changes",
    "f_answer_first_position",
    "f_answer_settled_position",
)

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


def _measure(text: str | None) -> tuple[float, float, float, float]:
    if not isinstance(text, str):
        return (np.nan,) * 4
    found = statements(text)
    if not found:
        return 0.0, np.nan, np.nan, np.nan
    places, values = zip(*found, strict=True)
    changed = [i for i in range(1, len(values)) if values[i] != values[i - 1]]
    settled = places[changed[-1]] if changed else places[0]
    return float(len(found)), float(len(changed)), places[0] / len(text), settled / len(text)


def compute(responses: pd.DataFrame) -> pd.DataFrame:
    """Float columns COLUMNS, index of ``responses``."""
    rows = [_measure(text) for text in responses["text"].to_numpy(object)]
    return pd.DataFrame(rows, index=responses.index, columns=list(COLUMNS), dtype=np.float64)
