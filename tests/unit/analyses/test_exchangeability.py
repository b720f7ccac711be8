"""Table ``exchangeability``: draw indices that differ are found, others are left in peace."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from itc import tables
from itc.analyses import exchangeability


def outcomes(n_problems=40, n_draws=8, seed=1, **changes) -> pd.DataFrame:
    """Draws of equal chance whose difficulty varies by problem; ``changes`` replace columns."""
    rng = np.random.default_rng(seed)
    problem, draw = np.divmod(np.arange(n_problems * n_draws), n_draws)
    chance = rng.uniform(0.1, 0.9, n_problems)[problem]
    frame = pd.DataFrame(
        {
            "dataset": np.where(problem < n_problems // 2, "a", "b"),
            "model": "m",
            "procedure": "sample",
            "problem_id": [f"p{p}" for p in problem],
            "draw": draw,
            "round": 0,
            "verdict": np.where(rng.random(len(problem)) < chance, "right", "wrong"),
            "n_output_tokens": (1000 * (1 - chance) + rng.integers(0, 300, len(problem))).round(),
            "condition": "{}",
        }
    )
    return frame.assign(**{k: v(frame) if callable(v) else v for k, v in changes.items()})


def build(frame: pd.DataFrame) -> pd.DataFrame:
    table = exchangeability.build({"outcomes": frame}, {})
    assert tables.to_arrow(table, "exchangeability").num_rows == len(table)
    return table


def test_one_row_per_index_measure_and_dataset_and_all_together():
    table = build(outcomes())
    assert table.groupby(["dataset", "measure"]).size().to_dict() == {
        (d, m): 8 for d in ("a", "b", "all") for m in ("accuracy", "length")
    }
    assert (table.loc[table["dataset"] == "all", "n_problems"] == 40).all()
    assert not table["flagged"].any()


def test_an_index_that_differs_is_flagged_and_no_other():
    def worse(frame):
        return frame["verdict"].mask(frame["draw"] == 5, "wrong")

    def shorter(frame):
        return frame["n_output_tokens"].where(frame["draw"] != 3, 10)

    table = build(outcomes(verdict=worse, n_output_tokens=shorter))
    flagged = table[table["flagged"]]
    assert set(flagged["draw"][flagged["measure"] == "accuracy"]) == {5}
    assert set(flagged["draw"][flagged["measure"] == "length"]) == {3}
    row = table[(table["dataset"] == "all") & (table["measure"] == "accuracy")].set_index("draw")
    assert row.loc[5, "value"] == 0 and row.loc[5, "z"] < -4
    assert row["overall_p"].iloc[0] < 1e-4


def test_flags_keep_their_family_wise_rate():
    flagged = [build(outcomes(seed=s))["flagged"].any() for s in range(60)]
    assert np.mean(flagged) < 0.1, "three families of 1 % each"


def test_the_variance_is_that_of_all_permutations():
    values = np.array([[3.0, 1.0, 8.0], [2.0, 2.0, 5.0]])
    sums = [
        values[0][list(a)][0] + values[1][list(b)][0]
        for a in permutations(range(3))
        for b in permutations(range(3))
    ]
    found = exchangeability.by_index(values)
    assert found["z"][0] == pytest.approx((values[:, 0].sum() - np.mean(sums)) / np.std(sums))
    assert found["others"][0] == pytest.approx((4.5 + 3.5) / 2)


def test_missing_draws_take_their_problem_out_of_that_index_only():
    values = np.array([[1.0, 0.0, np.nan], [0.0, 1.0, 1.0], [np.nan, np.nan, 1.0]])
    found = exchangeability.by_index(values)
    assert list(found["n_problems"]) == [2, 2, 1]
    assert list(found["value"]) == [0.5, 0.5, 1.0]
    assert found["z"][2] == pytest.approx((1 - 2 / 3) / np.sqrt(2 / 9))


def test_nothing_to_test_is_null():
    assert build(outcomes(n_draws=1)).empty
    same = build(outcomes(verdict="right", n_output_tokens=None))
    assert set(same["measure"]) == {"accuracy"}
    assert same["p"].isna().all() and not same["flagged"].any()


def test_only_settings_that_follow_the_index_are_named():
    def condition(frame):
        rng = np.random.default_rng(0)
        return [
            json.dumps(
                {
                    "opening": ["Okay", "So", "Let's see", "Hm"][draw // 2],
                    "temperature": 0.6,
                    "epoch": draw + 1,
                    "at_cap": bool(rng.random() < 0.2),
                    "mostly": bool(draw < 4) if rng.random() < 0.98 else None,
                }
            )
            for draw in frame["draw"].tolist()
        ]

    table = build(outcomes(condition=condition))
    named = table[(table["dataset"] == "all") & (table["measure"] == "accuracy")]["settings"]
    found = [json.loads(text) for text in named]
    assert [f["opening"] for f in found] == [
        o for o in ("Okay", "So", "Let's see", "Hm") for _ in range(2)
    ]
    assert [set(f) for f in found] == [{"opening", "mostly"}] * 8


def test_ranks_of_two_draws_give_the_sign_test():
    values = np.random.default_rng(3).normal(size=(30, 2))
    found = exchangeability.by_index(values, ranked=True)
    signs = np.sign(values[:, 0] - values[:, 1])
    assert found["z"][0] == pytest.approx(signs.sum() / np.sqrt(30))
