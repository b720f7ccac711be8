"""Patterns that see what others wrote take time in proportion to the text."""

from __future__ import annotations

import re

import pytest

from .patterns import PIECES, grows, patterns


def test_all_kinds_of_patterns_are_found():
    found = patterns()
    assert len(found) > 60
    for name in ("grading.math._RATIO", "grading._limits._POWER", "features.answers._STATED"):
        assert name in found, name
    assert any(name.startswith("archive.") for name in found)
    assert any("line" in name for name in found), "patterns inside functions"


def test_a_pattern_that_is_not_linear_is_noticed():
    assert grows(re.compile(r"\s+$"), " ")
    assert grows(re.compile(r"(\d+)\s*\}?\s*\)?\s*\^"), " ")
    assert grows(re.compile(r"^-?\d+$"), "1") is None


@pytest.mark.parametrize("name", sorted(patterns()))
def test_time_grows_no_faster_than_the_text(name):
    pattern = patterns()[name]
    for piece in PIECES:
        found = grows(pattern, piece)
        assert found is None, f"{name} {pattern.pattern!r} on {piece!r}: {found}"
