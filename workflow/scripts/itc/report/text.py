"""Model output made fit to be read: bounded, valid, without characters that steer the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from itc.features._count import longest_first
from itc.features._lexicon import Lexicon

MAX_CHARACTERS = 24_000  # of one response; the middle of a longer one is left out

# Bidirectional overrides and isolates can make text read as what it is not; shown by their name.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Piece = str | list[Any]  # plain text, or [category index, marked text]


def visible(text: str) -> str:
    """``text`` with line ends as newlines and every steering character as something one sees."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _BIDI.sub(lambda m: f"\u27e8U+{ord(m.group()):04X}\u27e9", text)
    return _CONTROL.sub(lambda m: _picture(ord(m.group())), text)


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode has a picture of each
    return "\u2421" if code == 0x7F else "\ufffd"


def shorten(text: str, limit: int = MAX_CHARACTERS) -> tuple[str, int]:
    """At most ``limit`` characters, two thirds from the start, the rest from the end; and how many
    characters were left out.
    """
    if len(text) <= limit:
        return text, 0
    head = limit * 2 // 3
    tail = limit - head
    cut = len(text) - limit
    return f"{text[:head]}\n\n[… {cut:,} characters left out …]\n\n{text[-tail:]}", cut


def parts(text: str, thinking_end: int | None) -> tuple[str, str]:
    """Thinking and answer of a response; an empty thinking where the model did not think."""
    if thinking_end is None or thinking_end <= 0:
        return "", text
    return text[:thinking_end], text[thinking_end:]


@lru_cache(maxsize=8)
def _pattern(lexicons: tuple[Lexicon, ...]) -> tuple[re.Pattern[str], dict[str, int]]:
    category = {
        form: i
        for i, lexicon in enumerate(lexicons)
        for marker in lexicon.markers
        for form in marker.forms
    }
    blocked = [b for lexicon in lexicons for b in lexicon.blocked]
    forms = longest_first([*category, *blocked])
    body = "|".join(re.escape(f).replace(r"\ ", r"\s+").replace("'", "['\u2019]") for f in forms)
    return re.compile(rf"\b(?:{body})\b", re.I | re.A), category


def mark(text: str, lexicons: Sequence[Lexicon]) -> list[Piece]:
    """``text`` cut at its markers: plain strings and [index of the lexicon, marker].

    The rules are those of ``features/_count.py`` for lexicons of one family: case-blind, whole
    words, longest entry first, blocked phrases hide.
    """
    if not lexicons:
        return [text] if text else []
    pattern, category = _pattern(tuple(lexicons))
    pieces: list[Piece] = []
    at = 0
    for hit in pattern.finditer(text):
        form = re.sub(r"\s+", " ", hit.group().lower()).replace("\u2019", "'")
        if form not in category:
            continue
        if hit.start() > at:
            pieces.append(text[at : hit.start()])
        pieces.append([category[form], hit.group()])
        at = hit.end()
    if at < len(text):
        pieces.append(text[at:])
    return pieces
