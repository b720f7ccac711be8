"""Sampling and preparing responses for the explorer."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from itc.features._count import count_markers, markers_of
from itc.features._lexicon import load
from itc.report import examples, text
from itc.report.forest import Effect, forest

_spec = importlib.util.spec_from_file_location("synthetic", Path(__file__).parent / "synthetic.py")
synthetic = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(synthetic)


def ours() -> list:
    return [x for x in load() if x.name in ("hedging", "thinking", "discourse")]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x00\x1b[31m\x7f", "\u2400\u241b[31m\u2421"),
        ("x\u202ey\u2066z", "x\u27e8U+202E\u27e9y\u27e8U+2066\u27e9z"),
        ("half \ud800 of", "half \ufffd of"),
        ("tab\tand newline\n stay", "tab\tand newline\n stay"),
    ],
)
def test_steering_characters_become_visible(raw: str, shown: str) -> None:
    assert text.visible(raw) == shown
    shown.encode("utf-8")


def test_long_texts_keep_start_and_end_and_say_what_is_missing() -> None:
    raw = "a" * 50_000 + "the end"
    short, cut = text.shorten(raw, 9_000)
    assert len(short) < 9_100 and short.startswith("aaa") and short.endswith("the end")
    assert cut == len(raw) - 9_000 and f"{cut:,} characters left out" in short
    assert text.shorten("short") == ("short", 0)


def test_pieces_put_together_are_the_text() -> None:
    raw = "Wait, maybe not.  On the other\nhand, therefore it’s 7. Hmm"
    pieces = text.mark(raw, ours())
    assert "".join(p if isinstance(p, str) else p[1] for p in pieces) == raw
    assert sum(isinstance(p, list) for p in pieces) >= 4


def test_highlights_are_the_markers_that_features_count() -> None:
    raw = (
        "Wait, let me check. Perhaps I am not sure; alternatively it might be 3, so therefore "
        "we get 5. However, hold on: actually, it seems probably right, because 2 + 3 = 5. "
        "Let me double-check. First, second, and finally the answer. It could be. Hmm, maybe."
    )
    lexicons = ours()
    hits = count_markers(pl.Series([raw]), lexicons)[0]
    counted = [0] * len(lexicons)
    for marker, n in zip(markers_of(lexicons), hits, strict=True):
        counted[[x.name for x in lexicons].index(marker.lexicon)] += int(n)
    shown = [0] * len(lexicons)
    for piece in text.mark(raw, lexicons):
        if isinstance(piece, list):
            shown[piece[0]] += 1
    assert shown == counted and sum(shown) > 10


def outcomes() -> pd.DataFrame:
    rows = [
        {
            "dataset": "d",
            "model": model,
            "procedure": "sample",
            "problem_id": f"p{p:02d}",
            "draw": draw,
            "round": 0,
            "answer": "1",
            "answer_class": 0,
            "verdict": "right" if draw < p else "wrong",
            "n_output_tokens": 9,
            "score": None,
            "truncated": False,
        }
        for model in ("a", "b")
        for p in range(10)
        for draw in range(9)
    ]
    return pd.DataFrame(rows)


def test_pick_is_repeatable_fair_and_shows_both_verdicts() -> None:
    picked = examples.pick(outcomes(), problems=4, draws=3, seed=1)
    again = examples.pick(outcomes().sample(frac=1, random_state=2), problems=4, draws=3, seed=1)
    assert len(picked) == 2 * 4 * 3
    assert set(picked["problem_id"]) == set(again["problem_id"])
    assert "p00" in set(picked["problem_id"]) and "p09" in set(picked["problem_id"])
    assert (picked.groupby("model")["problem_id"].nunique() == 4).all()
    mixed = picked[picked["problem_id"].isin(["p03", "p06"])]
    assert (mixed.groupby(["model", "problem_id"])["verdict"].nunique() == 2).all()


def test_attach_adds_text_and_question_and_drops_what_has_no_text() -> None:
    picked = examples.pick(outcomes(), problems=2, draws=2)
    responses = picked[examples.KEY].assign(text="because", thinking_end=None).iloc[1:]
    problems = pd.DataFrame(
        {"dataset": "d", "problem_id": picked["problem_id"].unique(), "question": "q", "gold": "1"}
    )
    full = examples.attach(picked, [responses.iloc[:2], responses.iloc[2:]], problems)
    assert len(full) == len(picked) - 1
    assert full["text"].eq("because").all() and full["question"].eq("q").all()


def test_explorer_is_bounded_and_counts_what_it_left_out() -> None:
    rows = synthetic.examples(synthetic.DEMO)
    small = examples.build(rows, ours(), 60_000, {})
    everything = examples.build(rows, ours(), 10**9, {"chain_sum": "Chain sum"})
    assert small.n_responses + small.left_out == len(rows) == everything.n_responses
    assert small.left_out > 0 and everything.left_out == 0
    assert everything.datasets[0]["title"] == "Chain sum"
    first = [p["draws"][0] for p in small.datasets[0]["problems"]]
    assert first, "every problem keeps its first draws longest"


def test_forest_places_marks_in_order_and_escapes_labels() -> None:
    rows = [
        Effect("<b>a</b>", 0.1, 0.0, 0.2, "+0.1"),
        Effect("b", 0.3, float("nan"), float("nan"), "+0.3", strong=True),
    ]
    svg = forest(rows, 0.05, 'A "title"')
    assert "&lt;b&gt;a" in svg and "<b>" not in svg and svg.count("<polygon") == 1
    assert svg.count("<circle") == 1 and 'class="least"' in svg
    with pytest.raises(ValueError, match="no finite"):
        forest([Effect("a", *[float("nan")] * 3, "")], None, "t")
