"""Table ``full_budget``, and the recording whose runs it was made for.

The recorded part reads the folder that RECORDINGS names: 126 runs on 45 problems (Epoch AI).
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest
from itc import tables
from itc.analyses import curves, full_budget
from itc.grading._classes import classify
from itc.grading._grade import grade
from itc.importing import import_recording
from itc.strategies._base import evaluate_strategy

SETTINGS = {
    "seed": 0,
    "bootstrap": 200,
    "budgets": [1, 2, 4],
    "models": {"plain": {"reasoning": False}, "thinker": {"reasoning": True}},
}


def outcomes() -> pd.DataFrame:
    """A model of four draws and one of a single draw whose texts are not known."""
    rows = []
    for p in range(20):
        for model, draws in (("plain", 4), ("thinker", 1)):
            for d in range(draws):
                right = p < 5 or d == p if model == "plain" else p % 2 == 0
                hidden = model == "thinker"
                rows.append(
                    {
                        "dataset": "d",
                        "model": model,
                        "procedure": "sample",
                        "problem_id": f"p{p}",
                        "draw": d,
                        "round": 0,
                        "answer_class": -1 if hidden else int(right),
                        "verdict": "undecided" if hidden else "right" if right else "wrong",
                        "source_correct": right,
                    }
                )
    return pd.DataFrame(rows)


def build(rows: pd.DataFrame) -> pd.DataFrame:
    evaluations = pd.concat(
        evaluate_strategy(name, rows, SETTINGS["budgets"]) for name in ("single", "majority")
    ).assign(dataset="d")
    points = curves.build({"evaluations": evaluations}, SETTINGS)
    table = full_budget.build({"curves": points, "outcomes": rows}, SETTINGS)
    assert tables.to_arrow(table, "full_budget").num_rows == len(table)
    return table.set_index("model")


def test_single_vote_and_recorded_grades_stand_side_by_side():
    table = build(outcomes())
    assert table.loc["plain", "single"] == table.loc["plain", "recorded"] == 0.25
    assert table.loc["plain", "budget"] == 4 and table.loc["plain", "vote"] == 0.25
    assert table.loc["plain", "recorded_low"] < 0.25 < table.loc["plain", "recorded_high"]
    assert table.loc["thinker", "undecided"] == 1 and table.loc["thinker", "recorded"] == 0.5
    assert table.loc["thinker", "budget"] == 1 and bool(table.loc["thinker", "reasoning"])


def test_without_recorded_grades_they_are_null():
    table = build(outcomes().assign(source_correct=None))
    assert table["recorded"].isna().all() and (table["graded"] == 0).all()


# -- recorded ------------------------------------------------------------------------------------

FILE = "epoch_otis_mock_aime.jsonl.gz"
# recorded name -> percent right of one response and of the vote of sixteen, our grader
VOTES = {"llama-v3p3-70b-instruct": (5.6, 6.9), "Qwen2.5-72B-Instruct": (8.2, 10.0)}


@pytest.fixture(scope="module")
def recording(recordings):
    path = recordings / FILE
    if not path.exists():
        pytest.skip(f"RECORDINGS holds no {FILE}")
    return path


@pytest.fixture(scope="module")
def runs(recording):
    """Number of rows and of right ones by run and problem, counted from the lines themselves."""
    found: dict[str, dict[str, Counter]] = defaultdict(lambda: defaultdict(Counter))
    with gzip.open(recording, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found[row["model"]][row["problem_id"]].update(n=1, right=bool(row["correct"]))
    return found


@pytest.fixture(scope="module")
def imported(recording, runs):
    """All runs through the importer, graded by us, texts dropped."""
    dataset = {
        "name": "otis",
        "recorded_as": "otis_mock_aime_2024_2025",
        "answer_type": "math",
        "licence": "CC BY 4.0",
    }
    models = [{"name": name, "recorded_as": None, "thinking": None} for name in runs]
    spec = {"format": "jsonl", "sha256": None, "columns": {}, "exclude": []}
    kept = []
    with import_recording(recording, spec, [dataset], models) as found:
        problems = found.problems["otis"]
        for name in runs:
            for frame in found.frames(("otis", name)):
                responses = grade(frame, problems)
                responses["answer_class"] = classify(responses, problems).ids
                kept.append(responses.drop(columns=["text", "condition"]))
    return pd.concat(kept, ignore_index=True)


@pytest.mark.recordings
@pytest.mark.timeout(1200)
def test_every_runs_accuracy_is_the_mean_of_its_recorded_grades(imported, runs):
    given = imported.assign(
        verdict=np.where(imported["source_correct"].astype(bool), "right", "wrong")
    )
    got = evaluate_strategy("single", given, [1]).groupby("model")["correct"].mean()
    assert len(got) == len(runs) == 126 and len(imported) == 45280
    uneven = 0
    for name, problems in runs.items():
        by_problem = np.mean([c["right"] / c["n"] for c in problems.values()])
        assert got[name] == pytest.approx(by_problem, abs=1e-12), name
        total = sum(c["right"] for c in problems.values()) / sum(c["n"] for c in problems.values())
        if len({c["n"] for c in problems.values()}) == 1:
            assert got[name] == pytest.approx(total, abs=1e-12), name
        else:  # problems weigh equally here, responses in the plain mean
            uneven += 1
            assert got[name] == pytest.approx(total, abs=0.03), name
    print(f"126 runs, {uneven} of them with uneven draws")


@pytest.mark.recordings
def test_our_grades_beside_the_recorded_ones(imported):
    decided = (imported["verdict"] != "undecided").groupby(imported["model"]).mean()
    runs = decided.index[decided > 0.98]
    ours = (imported["verdict"] == "right").groupby(imported["model"]).mean()[runs]
    theirs = imported["source_correct"].astype(float).groupby(imported["model"]).mean()[runs]
    gap = (ours - theirs).abs()
    print(
        f"{len(runs)} runs, {(gap == 0).sum()} equal, largest gap {gap.max():.4f} ({gap.idxmax()})"
    )
    assert len(runs) == 65
    assert gap.max() < 0.05, "two of the 45 responses of one run"
    assert gap.mean() < 0.005
    told = imported[imported["answer_how"] == "source"]
    assert len(told) == 9342
    assert ((told["verdict"] == "right") == told["source_correct"].astype(bool)).all()


@pytest.mark.recordings
def test_no_vote_of_two_large_models_reaches_a_reasoning_run(imported):
    """Majority of sixteen of the two models of the paper against single reasoning responses."""
    votes = {}
    for name in VOTES:
        rows = imported[imported["model"] == name]
        curve = evaluate_strategy("majority", rows, [1, 16]).groupby("budget")["correct"].mean()
        votes[name] = tuple(round(100 * float(curve[k]), 1) for k in (1, 16))
    print(votes)
    assert votes == VOTES
    single = imported["source_correct"].astype(float).groupby(imported["model"]).mean()
    assert 100 * single["deepseek-r1"] > 5 * max(vote for _, vote in votes.values())
