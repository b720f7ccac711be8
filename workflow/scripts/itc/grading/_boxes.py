r"""Boxes of a reply: ``\boxed{...}``, ``\fbox{...}`` and ``\boxed 5``, from the last one backwards.

Boxes are found by plain search from the end, so a reply of any length costs no more than its size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

BOX_TRIES = 64  # boxes looked at, from the last one backwards
BOX_LENGTH = 6000  # characters of one box

BOX = re.compile(r"\\(?:boxed|fbox(?:ed)?)\s{0,9}+(\{)?")
TOKEN = re.compile(r"[^\s$\\{}]{1,40}")
# What may be between two boxes of one answer: delimiters, commas, "and", "or", a name, a few
# words in \text{}.
JOINED = re.compile(
    r"(?:[\s$,;:.&~]|\\[()\[\]]|\\\\|\\q?quad|\\[,;! ]|\\(?:text|mathrm|textbf)\{[^{}]{0,40}\}"
    r"|\band\b|\bor\b|[A-Za-z]\w{0,2}(?:\{?\(?\w{1,3}\)?\}?)?\s{0,9}+=)*+"
)
SEPARATED = re.compile(r"[,;&]|\band\b|\bor\b|\\q?quad")
PERCENT = re.compile(r"\s{0,9}+(?:\$|\\\))?\s{0,9}+(?:\\?%|percent(?:age)?\b|pct\b)", re.IGNORECASE)
_DOLLAR = re.compile(r"(?<!\\)\$")
# A box that holds nothing, or what a prompt wrote in its example of a box.
_DRESS = re.compile(r"\\(?:text|mathrm|textbf|mathbf|quad|[,;:! ])(?![A-Za-z])|[\s{}$~.?_…\\-]")
_PLACEHOLDER = re.compile(
    r"(?:your)?(?:final)?(?:answer|value|number|result|letter)?(?:here)?", re.IGNORECASE
)


def boxes(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, content) of complete boxes from the last one backwards."""
    end = len(text)
    for _ in range(BOX_TRIES):
        start = text.rfind("\\boxed", 0, end)
        # Only a frame behind the last box counts, so the text is not searched twice.
        start = max(start, text.rfind("\\fbox", max(start, 0), end))
        if start < 0:
            return
        end = start
        match = BOX.match(text, start)
        if match is None:
            continue
        if match.group(1):
            close = closing(text, match.end())
            if close is not None and not is_empty(text[match.end() : close]):
                yield start, close + 1, text[match.end() : close]
        else:  # \boxed 5
            token = TOKEN.match(text, match.end())
            if token and not is_empty(token.group()):
                yield start, token.end(), token.group()


def is_empty(content: str) -> bool:
    r"""Whether a box holds no answer: nothing, dots, or a placeholder such as ``your answer``."""
    if len(content) > 60:
        return not content.strip()
    return _PLACEHOLDER.fullmatch(_DRESS.sub("", content)) is not None


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
    found = box_at(text, group)
    return found[0] if found else None


def box_at(text: str, group: bool = True) -> tuple[str, int] | None:
    """``boxed`` and the offset behind the last box; None where there is none."""
    found: list[str] = []
    first = last = None
    for start, end, content in boxes(text):
        if first is None:
            last = end
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
    if last is None:
        return None
    # "\boxed{$12$ and $13$}": delimiters inside a box say nothing.
    distinct = list(dict.fromkeys(_DOLLAR.sub("", content) for content in found))
    return ", ".join(distinct), last
