import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itc.features._count import count_markers, longest_first, markers_of
from itc.features._lexicon import load, parse

from .reference import count

OWN = """
family: own
name: own
version: 1
language: en
title: Own
origin: test
licence: MIT
categories:
  one:
    title: One
    markers:
      - wait
      - {marker: not sure, forms: [not so sure]}
      - so
      - {marker: let me check, forms: [let's check]}
      - double-check
  two:
    title: Two
    markers: [maybe, as a result, as a result of]
blocked: [so far, to wait]
"""
OTHER = """
family: other
name: other
version: 1
language: en
title: Other
origin: test
licence: MIT
categories:
  one:
    title: One
    markers: [wait a, sure enough, so, result of this]
"""
LEXICONS = (parse(OWN, "own"), parse(OTHER, "other"))
WORDS = (
    "wait Wait WAIT waiting to a not so sure enough far let me check let's let\u2019s double-check "
    "double - maybe as result of this _so so_ so1 s\u00f6 \u00fcso \u7b49so wait\u7b49 . , \u017fo"
)
PIECES = [*WORDS.split(), "", "\n", "\t", "\u212a"]


def heads(text, lexicons=LEXICONS):
    hits = count_markers(pl.Series([text]), lexicons)[0]
    names = [(m.lexicon, m.head) for m in markers_of(lexicons)]
    return {name: int(n) for name, n in zip(names, hits, strict=True) if n}


@given(st.lists(st.sampled_from([*PIECES, " ", " ", "\n\n"]), max_size=60))
@settings(max_examples=300, deadline=None)
def test_counts_equal_the_plain_reference(pieces):
    for glue in (" ", ""):
        text = glue.join(pieces)
        assert heads(text) == dict(count(text, LEXICONS))


@given(st.text(alphabet="aimntswouref' \u2019\n.-", max_size=200))
@settings(max_examples=100, deadline=None)
def test_shipped_lexicons_equal_the_plain_reference(text):
    assert heads(text, load()) == dict(count(text, load()))


def test_longest_entry_wins_and_spends_the_text():
    assert heads("as a result of this") == {
        ("own", "as a result of"): 1,
        ("other", "result of this"): 1,
    }
    assert heads("as a result, so") == {
        ("own", "as a result"): 1,
        ("own", "so"): 1,
        ("other", "so"): 1,
    }


def test_blocked_phrase_hides_a_marker_in_its_own_family_only():
    assert heads("so far") == {("other", "so"): 1}
    assert heads("to wait a bit") == {("other", "wait a"): 1}


def test_borders_case_blanks_and_apostrophes():
    assert heads("waiting await wait_ wait2") == {}
    assert heads("WAIT\u2014Wait,wait") == {("own", "wait"): 3}
    assert heads("let me\n  check; Let\u2019s check") == {("own", "let me check"): 2}
    assert heads("\u6211\u7b49wait\u7b49") == {("own", "wait"): 1}


def test_a_family_counts_the_same_alone_and_beside_others():
    text = "Wait a minute, not so sure enough, as a result of this, so far so good."
    alone = count_markers(pl.Series([text]), LEXICONS[:1])[0]
    beside = count_markers(pl.Series([text]), LEXICONS)[0]
    assert (beside[: len(alone)] == alone).all()


def test_missing_and_empty_texts_count_nothing():
    hits = count_markers(pl.Series(["", None, "wait"], dtype=pl.String), LEXICONS)
    assert hits.sum(1).tolist() == [0, 0, 1]
    assert count_markers(pl.Series([], dtype=pl.String), LEXICONS).shape[0] == 0


def test_rows_do_not_mix():
    texts = pl.Series(["wait so"] * 3 + ["maybe"] * 2)
    hits = count_markers(texts, LEXICONS)
    one = np.stack([count_markers(pl.Series([t]), LEXICONS)[0] for t in texts])
    assert (hits == one).all()


@pytest.mark.parametrize("forms", [["so", "so far", "so far away"], ["b", "a", "ab"]])
def test_no_form_stands_before_its_extension(forms):
    order = longest_first(forms)
    for i, early in enumerate(order):
        assert not any(late.startswith(early) and late != early for late in order[i + 1 :])
