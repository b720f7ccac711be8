"""Plain reference of marker counting: one position at a time, no regular expression."""

from __future__ import annotations

from collections import Counter

from itc.features._lexicon import Lexicon

WORD = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
BLANK = set(" \t\n\r\x0b\x0c")


def match_at(text: str, start: int, form: str) -> int | None:
    """End of ``form`` in ``text`` from ``start``; None where it does not stand there."""
    at = start
    for sign in form:
        if sign == " ":
            begin = at
            while at < len(text) and text[at] in BLANK:
                at += 1
            if at == begin:
                return None
            continue
        if at >= len(text):
            return None
        here = "'" if text[at] == "\u2019" else text[at]
        if (here.lower() if here.isascii() else here) != sign:
            return None
        at += 1
    open_left = start == 0 or text[start - 1] not in WORD
    open_right = at == len(text) or text[at] not in WORD
    return at if open_left and open_right else None


def count(text: str, lexicons: list[Lexicon]) -> Counter:
    """(lexicon, head) -> hits of one text, family by family, longest entry first."""
    hits: Counter = Counter()
    for family in {lexicon.family for lexicon in lexicons}:
        entries = {}
        for lexicon in lexicons:
            if lexicon.family != family:
                continue
            entries.update({f: (lexicon.name, m.head) for m in lexicon.markers for f in m.forms})
            entries.update(dict.fromkeys(lexicon.blocked))
        order = sorted(entries, key=lambda form: (-len(form), form))
        at = 0
        while at < len(text):
            for form in order:
                end = match_at(text, at, form)
                if end is not None:
                    if entries[form] is not None:
                        hits[entries[form]] += 1
                    at = end
                    break
            else:
                at += 1
    return hits
