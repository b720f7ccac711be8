"""Effort levels of one model: which entries are levels of which family, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The words makers use, from no thinking to the most. A whole number is a budget of tokens.
LEVELS = ("none", "off", "minimal", "low", "medium", "high", "xhigh", "max")


def rank(level: str | int) -> tuple[int, int, str]:
    """Sorting key of a level: no thinking, then the words in their order, then token budgets.

    An unknown word comes after the known ones, by its letters.
    """
    text = str(level)
    if text.isdigit():
        return (1, int(text), "")
    if text in LEVELS:
        return (0, LEVELS.index(text), "")
    return (0, len(LEVELS), text)


def families(models: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Family -> its entries from the lowest level to the highest, families of two or more only.

    ``models``: entries as plain values. An entry belongs to the family that its ``effort_of``
    names; an entry that others name so belongs to it too where it has a level of its own.
    """
    found: dict[str, list[str]] = {}
    for name, entry in models.items():
        if entry.get("effort") is not None:
            found.setdefault(str(entry.get("effort_of") or name), []).append(name)
    return {
        family: sorted(names, key=lambda name: rank(models[name]["effort"]))
        for family, names in sorted(found.items())
        if len(names) > 1
    }
