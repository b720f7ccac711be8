"""Patterns that see what others wrote take time in proportion to the text."""

from __future__ import annotations

import re

import pytest

from .patterns import PIECES, grows, patterns, worst


def test_all_kinds_of_patterns_are_found():
    found = patterns()
    assert len(found) > 60
    for name in (
        "grading._numbers._PLAIN_RATIO",
        "grading._limits._POWER",
        "features.answers._STATED",
    ):
        assert name in found, name
    assert any(name.startswith("archive.") for name in found)
    assert any("line" in name for name in found), "patterns inside functions"


def test_a_pattern_that_is_not_linear_is_noticed():
    assert grows(re.compile(r"\s+$"), " ")
    assert grows(re.compile(r"(\d+)\s*\}?\s*\)?\s*\^"), " ")
    assert grows(re.compile(r"^-?\d+$"), "1") is None
    assert worst(re.compile(r"(?:\s|or|[a-z]\w?(?:\w)?\s*=)*"), 200)
    assert worst(re.compile(r"(?:a|b|ab)*c"), 200)
    assert worst(re.compile(r"(?<!\d)\d++(?:,\d++)*+"), 200) is None


@pytest.mark.parametrize("name", sorted(patterns()))
def test_time_grows_no_faster_than_the_text(name):
    pattern = patterns()[name]
    for piece in PIECES:
        found = grows(pattern, piece)
        assert found is None, f"{name} {pattern.pattern!r} on {piece!r}: {found}"


@pytest.mark.parametrize(
    "count", [40, pytest.param(2_000, marks=[pytest.mark.full, pytest.mark.timeout(1800)])]
)
def test_text_made_for_a_pattern_does_not_slow_it(count):
    found = {name: what for name, p in patterns().items() if (what := worst(p, count))}
    assert not found
