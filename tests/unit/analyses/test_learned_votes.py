"""Weights learned on other datasets gain where features mean the same there, and only then."""

import numpy as np
import pandas as pd
import pytest
from itc.analyses import learned_votes
from itc.analyses.regression import MARKERS
from itc.strategies._base import evaluate_strategy
from itc.tables import to_arrow

SETTINGS = {
    "seed": 1,
    "budgets": [1, 2, 4, 8],
    "strategies": ["majority", "marker_weighted", "regression_weighted", "marker_filtered"],
}


def outcomes(signals, n_problems=50, n_draws=8, seed=0, chance=0.45):
    """Right answers against two wrong ones; ``signals``: dataset -> markers added where wrong."""
    rng = np.random.default_rng(seed)
    n = n_problems * n_draws
    frames = []
    for dataset, signal in signals.items():
        right = rng.random(n) < chance
        frame = pd.DataFrame(
            {
                "dataset": dataset,
                "model": "m",
                "procedure": "sample",
                "problem_id": np.repeat([f"p{i}" for i in range(n_problems)], n_draws),
                "draw": np.tile(np.arange(n_draws), n_problems),
                "round": 0,
                "verdict": np.where(right, "right", "wrong"),
                "answer_class": np.where(right, 0, rng.integers(1, 3, n)),
                "n_output_tokens": 1000,
                "n_prompt_tokens": 10,
                "f_words": 1000.0,
                "f_log_words": np.log(1000.0),
            }
        )
        for column in MARKERS:
            frame[column] = 10 + rng.normal(0, 2, n) + signal * ~right
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def built(frame, settings=SETTINGS):
    table = learned_votes.build({"outcomes": frame}, settings)
    to_arrow(table, "learned_votes")
    return table.set_index(["dataset", "strategy", "held_out", "budget"])


def test_a_signal_that_all_datasets_share_is_carried_over():
    table = built(outcomes({"d": 3.0, "e": 3.0}))
    assert set(table.index.unique("strategy")) == {"marker_weighted", "regression_weighted"}
    assert set(table.index.unique("budget")) == {4, 8}
    assert (table.xs(8, level="budget")["low"] > 0).all()
    row = table.loc[("all", "marker_weighted", "dataset", 8)]
    each = [table.loc[(d, "marker_weighted", "dataset", 8)] for d in ("d", "e")]
    assert row["difference"] == pytest.approx(np.mean([r["difference"] for r in each]))
    assert (row["n_datasets"], row["n_problems"]) == (2, 100)
    assert row["high"] - row["low"] < min(r["high"] - r["low"] for r in each)


def test_a_signal_that_turns_round_elsewhere_misleads_only_across_datasets():
    table = built(outcomes({"d": 3.0, "e": -3.0}))
    at = table.xs(("marker_weighted", 8), level=("strategy", "budget"))["difference"]
    assert (at.xs("problems", level="held_out") > 0.05).all()
    assert (at.xs("dataset", level="held_out") < -0.05).all()


def test_outcomes_of_a_dataset_never_reach_its_transferred_weights():
    frame = outcomes({"d": 3.0, "e": 3.0})
    x = frame["dataset"] == "d"
    others = frame[~x]
    pool = learned_votes.build_pools(frame[x], "sample", 1)[0]
    turned = frame[x].assign(verdict=np.where(frame[x]["verdict"] == "right", "wrong", "right"))
    twin = learned_votes.build_pools(turned, "sample", 1)[0]
    weights = [learned_votes._learned.transferred(p, MARKERS, others) for p in (pool, twin)]
    np.testing.assert_array_equal(*weights)


def test_held_out_problems_equal_the_strategy_of_the_study():
    frame = outcomes({"d": 2.0})
    table = built(frame)
    assert set(table.index.unique("held_out")) == {"problems"}
    assert set(table.index.unique("dataset")) == {"d"}
    share = [
        evaluate_strategy(name, frame, [4, 8], seed=1).groupby("budget")["correct"].mean()
        for name in ("regression_weighted", "majority")
    ]
    for budget in (4, 8):
        found = table.loc[("d", "regression_weighted", "problems", budget), "difference"]
        assert found == pytest.approx(share[0][budget] - share[1][budget])


def test_interval_holds_the_paired_t_interval_and_the_exact_bound():
    """Wider than Student's t by little where problems differ; the exact bound where none does."""
    from scipy import stats

    values = np.random.default_rng(0).uniform(-1, 1, size=30)
    found = learned_votes.summary([values])
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert expected.low - 0.06 < found["low"] <= expected.low
    assert expected.high <= found["high"] < expected.high + 0.06
    assert "low" not in learned_votes.summary([values[:1]])
    same = learned_votes.summary([np.zeros(20)])
    bound = stats.binomtest(0, 20).proportion_ci(method="exact").high
    assert (same["low"], same["high"]) == (pytest.approx(-bound), pytest.approx(bound))


def test_nothing_to_learn_from_is_an_empty_table():
    assert built(outcomes({"d": 3.0}).iloc[:0]).empty
    assert built(outcomes({"d": 3.0}, n_problems=6)).empty
    assert built(outcomes({"d": 3.0}).assign(f_words=np.nan)).empty
    few = pd.concat([outcomes({"d": 3.0}), outcomes({"e": 3.0}, n_problems=6)])
    kept = built(few)  # e cannot teach d, d can teach e
    pairs = set(kept.reset_index()[["dataset", "held_out"]].itertuples(index=False, name=None))
    assert pairs == {("d", "problems"), ("e", "dataset")}
