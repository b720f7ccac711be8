"""Guard: benchmarks/markers.py asks for 60 MB of text per CPU second, this for a tenth of it."""

import time

import polars as pl
from itc.features._count import count_markers
from itc.features._lexicon import load

WORDS = "Wait, so the sum is 3x + 5, but maybe let me check: therefore we have $a^2$ in the end. "


def test_counting_markers_stays_fast():
    lexicons = load()
    texts = pl.Series("text", [WORDS * 250] * 200)
    megabytes = texts.str.len_bytes().sum() / 1e6
    count_markers(texts.head(1), lexicons)  # build the automaton
    start = time.process_time()
    counts = count_markers(texts, lexicons)
    spent = time.process_time() - start
    assert counts.sum() > 200 * 250 * 4
    assert spent < megabytes / 6
