"""Length and markers of recorded AIME responses against the facts known of them.

The file is the traces of "The Art of Scaling Test-Time Compute" (arXiv 2512.02008). Token counts
must meet the known values to the last digit; marker rates were counted there with another list of
words, so their signs and rough sizes count. Wrong = the source's own grade; responses without an
answer and draw indices with far shorter responses are left out on both sides.
"""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from itc.analyses import lengths, markers
from itc.features._all import compute_features

FILE = "art_of_tts_aime.jsonl.gz"
MODELS = {"DeepSeek-R1": "R1", "DeepSeek-R1-Distill-Qwen-32B": "R1-32B", "QwQ-32B": "QwQ"}
TOKENS = {  # correct, incorrect, questions with both, within difference, its s.e.
    "R1": (7431, 16923, 23, -4293, 1093),
    "R1-32B": (7464, 15259, 25, -4703, 1222),
    "QwQ": (11201, 21861, 18, -5273, 1993),
}
HEDGING_POOLED = {"R1": (5.1, 8.0), "R1-32B": (5.6, 10.2), "QwQ": (7.9, 10.1)}
WITHIN = {  # within difference and its s.e., by another lexicon
    ("R1", "hedging"): (-0.85, 0.39),
    ("R1-32B", "hedging"): (-2.02, 0.53),
    ("QwQ", "hedging"): (-1.16, 0.62),
    ("R1", "thinking"): (0.69, 0.56),
    ("R1-32B", "thinking"): (-3.75, 1.19),
    ("QwQ", "thinking"): (-1.57, 0.90),
    ("R1", "discourse"): (2.69, 1.07),
    ("R1-32B", "discourse"): (-1.51, 1.26),
    ("QwQ", "discourse"): (-0.24, 1.70),
}

pytestmark = pytest.mark.recordings


@pytest.fixture(scope="module")
def tables():
    folder = os.environ.get("RECORDINGS")
    if not folder:
        pytest.skip("RECORDINGS names no folder of recorded responses")
    path = Path(folder) / FILE
    if not path.exists():
        pytest.skip(f"no {FILE} in the folder that RECORDINGS names")
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["model"] in MODELS:
                rows.append(row)
    frame = pd.DataFrame(
        {
            "dataset": [r["dataset"] for r in rows],
            "model": [MODELS[r["model"]] for r in rows],
            "procedure": "sample",
            "problem_id": [r["problem_id"] for r in rows],
            "draw": [r["sample_index"] for r in rows],
            "text": [r["response_text"] for r in rows],
            "n_output_tokens": [r["n_output_tokens"] for r in rows],
            "verdict": ["right" if r["correct"] else "wrong" for r in rows],
            "truncated": [r["extra"]["at_cap"] for r in rows],
            "answer_class": [-1 if r["source_extracted_answer"] is None else 0 for r in rows],
        }
    )
    frame["thinking_end"] = [
        t.index("</think>") + len("</think>") if "</think>" in t else None for t in frame["text"]
    ]
    features = compute_features(frame, ["length", "markers"])
    outcomes = pd.concat([frame.drop(columns="text"), features], axis=1)
    inputs = {"outcomes": outcomes}
    pick = "dataset == 'all' and subset == 'exchangeable'"
    return (
        lengths.build(dict(inputs), {}).query(f"{pick} and measure == 'tokens'").set_index("model"),
        markers.build(dict(inputs), {})
        .query(f"{pick} and region == 'whole' and statistic == 'per_1000_words'")
        .set_index(["model", "category"]),
    )


def test_what_was_found_is_printed_for_the_page_on_replication(tables):
    """``pytest -s`` shows the rows of docs/replication.md."""
    for model in TOKENS:
        rows = [("tokens", tables[0].loc[model], ",.0f")]
        rows += [
            (c, tables[1].loc[(model, c)], ".1f") for c in ("hedging", "thinking", "discourse")
        ]
        for measure, row, style in rows:
            ends = [
                f"{row[f'{kind}_difference']:{style}} ({row[f'{kind}_low']:{style}} to "
                f"{row[f'{kind}_high']:{style}})"
                for kind in ("pooled", "within")
            ]
            means = [f"{row[f'{kind}_mean']:{style}}" for kind in ("correct", "incorrect")]
            print("|", " | ".join([model, measure, *means, *ends]), "|")
            assert row["pooled_low"] < row["pooled_difference"] < row["pooled_high"]


@pytest.mark.parametrize("model", TOKENS)
def test_tokens_meet_the_known_values(tables, model):
    row = tables[0].loc[model]
    found = row[
        ["correct_mean", "incorrect_mean", "n_problems_both", "within_difference", "within_se"]
    ]
    assert tuple(np.round(found.astype(float)).astype(int)) == TOKENS[model]
    assert row["within_high"] < 0


@pytest.mark.parametrize("model", HEDGING_POOLED)
def test_pooled_hedging_has_the_known_sign_and_size(tables, model):
    row, (right, wrong) = tables[1].loc[(model, "hedging")], HEDGING_POOLED[model]
    assert row["pooled_high"] < 0
    assert row["correct_mean"] == pytest.approx(right, rel=0.3)
    assert row["incorrect_mean"] == pytest.approx(wrong, rel=0.3)


@pytest.mark.parametrize(("model", "category"), WITHIN)
def test_within_question_differences_agree_with_the_known_ones(tables, model, category):
    row, (known, se) = tables[1].loc[(model, category)], WITHIN[model, category]
    assert row["n_problems_both"] == TOKENS[model][2]
    assert row["within_difference"] == pytest.approx(known, abs=1.5 * se)
    if abs(known) > 2 * se:
        assert np.sign(row["within_difference"]) == np.sign(known)
        assert abs(row["within_difference"]) > 1.5 * row["within_se"]


def test_difficulty_makes_most_of_the_pooled_length_difference(tables):
    rows = tables[0]
    assert (rows["within_difference"] / rows["pooled_difference"] < 0.65).all()
