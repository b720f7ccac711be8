"""Every table with an accuracy carries the undecided share and the interval it implies."""

import numpy as np
import pandas as pd
import pytest
from itc import registry, schemas, tables
from itc.strategies._base import evaluate_strategy

COLUMNS = ["undecided", "undecided_low", "undecided_high"]
CARRY = {
    "curves": "accuracy",
    "comparisons": "accuracy",
    "frontier": "accuracy",
    "best_points": "shown",
    "breadth": "accuracy",
    "profiles": "value",
    "censoring": "accuracy",
    "stability": "accuracy",
    "allocation": "accuracy",
    "revision_grid": "accuracy",
    "standings": "accuracy",
    "grader_error": "accuracy",
}
# Tables that only speak of responses with a decided grade; they say how many were left out.
DECIDED_ONLY = {"markers", "lengths", "length_law", "prediction", "calibration", "regression"}
# The probe compares sampling in two settings; its grades are not the study's.
PROBES = {"reproducibility"}
SETTINGS = {
    "study": "s",
    "seed": 3,
    "bootstrap": 200,
    "budgets": [1, 2, 4],
    "models": {"m": {"title": "M", "parameters": 1.0}},
    "datasets": {},
    "procedures": {
        "sample": {"kind": "sample"},
        "sample_hot": {"kind": "sample"},
        "revise": {"kind": "revise"},
    },
}


def outcomes(undecided):
    """20 problems, 8 draws, two ways to sample and one revision of each draw."""
    rng = np.random.default_rng(2)
    rows = []
    for procedure, rounds in (("sample", [0]), ("sample_hot", [0]), ("revise", [1, 2])):
        for p in range(20):
            for draw in range(8):
                for number in rounds:
                    verdict = rng.choice(["right", "wrong"], p=[0.5, 0.5])
                    if rng.random() < undecided:
                        verdict = "undecided"
                    code = {"right": 0, "wrong": 1 + draw % 2, "undecided": 3}[verdict]
                    rows.append(
                        {
                            "dataset": "d",
                            "model": "m",
                            "procedure": procedure,
                            "problem_id": f"p{p:02d}",
                            "draw": draw,
                            "round": number,
                            "response_id": f"{procedure}-{p}-{draw}-{number}",
                            "parents": [f"sample-{p}-{draw}-0"] if number else [],
                            "answer": str(code),
                            "answer_class": code,
                            "verdict": verdict,
                            "source_correct": verdict == "right",
                            "n_prompt_tokens": 10,
                            "n_output_tokens": int(rng.integers(50, 150)),
                            "truncated": bool(rng.random() < 0.1),
                            "subject": "ab"[p % 2],
                            "difficulty": float(p % 3),
                        }
                    )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module", params=[0.0, 0.2])
def inputs(request):
    frame = outcomes(request.param)
    names = ("single", "majority", "shortest", "coverage")
    values = [evaluate_strategy(name, frame, [1, 2, 4], seed=3) for name in names]
    return request.param, {"outcomes": frame, "evaluations": pd.concat(values, ignore_index=True)}


@pytest.mark.parametrize("name", CARRY)
def test_share_and_interval(inputs, name):
    undecided, tables_in = inputs
    table = registry.load("analyses", name).build(tables_in, SETTINGS)
    assert len(table) == tables.to_arrow(table, name).num_rows > 0
    value = table[CARRY[name]]
    low, high = table["undecided_low"], table["undecided_high"]
    assert (low <= value + 1e-9).all()
    assert (value <= high + 1e-9).all()
    if undecided:
        assert table["undecided"].between(0.05, 0.5).all()
        assert (high > low).any()
    else:
        assert table["undecided"].eq(0).all()
        np.testing.assert_allclose(low, value)
        np.testing.assert_allclose(high, value)


def test_no_table_with_an_accuracy_is_forgotten():
    for name in registry.names("analyses"):
        registry.load("analyses", name)
    with_accuracy = {
        name
        for name in registry.names("analyses")
        if {"accuracy", "share_correct"} & set(schemas.SCHEMAS[name].columns)
    }
    carrying = {
        name
        for name in registry.names("analyses")
        if set(COLUMNS) <= set(schemas.SCHEMAS[name].columns)
    }
    assert carrying == set(CARRY)
    assert with_accuracy - carrying <= DECIDED_ONLY | PROBES
    for name in DECIDED_ONLY:
        assert "n_undecided" in schemas.SCHEMAS[name].columns, name
