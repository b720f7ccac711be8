"""The lexicons find in hand-annotated sentences what a reader marks, no more and no less."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import yaml
from itc.features._count import count_markers, markers_of
from itc.features._lexicon import load

SENTENCES = yaml.safe_load(Path(__file__).with_name("annotated.yaml").read_text(encoding="utf-8"))
OURS = [lexicon for lexicon in load() if lexicon.name in ("hedging", "thinking", "discourse")]


def test_there_are_enough_sentences_of_every_lexicon():
    assert len(SENTENCES) >= 60
    for lexicon in OURS:
        assert sum(bool(s.get(lexicon.name)) for s in SENTENCES) >= 15


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda s: s["text"][:40])
def test_sentence(sentence):
    hits = count_markers(pl.Series([sentence["text"]]), OURS)[0]
    found = {lexicon.name: Counter() for lexicon in OURS}
    for marker, n in zip(markers_of(OURS), hits, strict=True):
        if n:
            found[marker.lexicon][marker.head] += int(n)
    assert found == {lexicon.name: Counter(sentence.get(lexicon.name, [])) for lexicon in OURS}
