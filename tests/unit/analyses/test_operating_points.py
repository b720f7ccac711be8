"""Tables curves, frontier and comparisons on evaluations whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from itc import registry, tables
from itc.analyses._points import strategy_title
from itc.stats.frontier import EVERY_POINT
from itc.strategies._mixture import LABEL

SETTINGS = {"seed": 7, "bootstrap": 500, "models": {"m": {"parameters": 2.0}}}


def evaluations(points, problems=40, dataset="d", seed=0):
    """``points``: (strategy, budget, mean accuracy, cost)."""
    rng = np.random.default_rng(seed)

    def spread(width):
        noise = rng.uniform(-width, width, size=problems)
        return noise - noise.mean()

    shared = spread(0.2)
    frames = [
        pd.DataFrame(
            {
                "dataset": dataset,
                "model": "m",
                "strategy": strategy,
                "problem_id": [f"p{i}" for i in range(problems)],
                "budget": budget,
                "correct": accuracy + (shared + own) * (0.3 <= accuracy <= 0.7),
                "correct_if_undecided_right": 1.0,
                "monte_carlo_se": 0.01,
                "n_draws": 8,
                "cost_output_tokens": cost + 5 * shared,
                "cost_total_tokens": cost + 10 + 5 * shared,
            }
        )
        for (strategy, budget, accuracy, cost), own in (
            (point, spread(0.05) if point[1] > 1 else 0.0) for point in points
        )
    ]
    return pd.concat(frames, ignore_index=True)


POINTS = [
    ("single", 1, 0.4, 100.0),
    ("majority", 1, 0.4, 100.0),
    ("majority", 2, 0.5, 200.0),
    ("majority", 4, 0.6, 400.0),
    ("shortest", 4, 0.7, 300.0),
    ("longest_like", 4, 0.45, 400.0),
    ("coverage", 4, 0.95, 50.0),
]


def build(name, frame, settings=SETTINGS):
    table = registry.load("analyses", name).build({"evaluations": frame}, settings)
    assert tables.to_arrow(table, name).num_rows == len(table)
    return table


def test_curves_hold_means_intervals_and_derived_costs():
    frame = evaluations(POINTS[:4])
    curves = build("curves", frame).set_index(["strategy", "budget"])
    row = curves.loc["majority", 2]
    values = frame[(frame["strategy"] == "majority") & (frame["budget"] == 2)]["correct"]
    assert row["accuracy"] == pytest.approx(0.5)
    assert row["se"] == pytest.approx(values.std(ddof=1) / np.sqrt(40))
    half = 2.0227 * values.std(ddof=1) / np.sqrt(40)  # Student's t, 39 degrees of freedom
    assert (row["high"] - row["low"]) / 2 == pytest.approx(half, rel=0.1)
    assert row["undecided_high"] == 1.0
    assert row["cost_flops"] == pytest.approx(2 * 2e9 * 210)
    assert row["monte_carlo_se"] == pytest.approx(0.01 / np.sqrt(40))
    assert row["tokens_per_correct"] == pytest.approx(400)
    assert np.isnan(row["draw_variance_share"])  # of a vote only from two halves of the draws
    v = frame.loc[frame["strategy"] == "single", "correct"].to_numpy()
    share = np.mean(v * (1 - v)) * 8 / 7 / (v.mean() * (1 - v.mean()))  # 8 draws
    assert curves.loc["single", 1]["draw_variance_share"] == pytest.approx(min(share, 1))


def test_metrics_have_intervals_where_a_strategy_has_them():
    frame = evaluations([("abstaining", 4, 0.5, 100.0), ("majority", 4, 0.5, 100.0)])
    own = frame["strategy"] == "abstaining"
    frame["metric_utility"] = np.where(own, 2 * frame["correct"] - 1, np.nan)
    curves = build("curves", frame).set_index("strategy")
    row = curves.loc["abstaining"]
    ends = [2 * row[end] - 1 for end in ("low", "high")]
    assert [row["metric_utility_low"], row["metric_utility_high"]] == pytest.approx(ends)
    assert np.isnan(curves.loc["majority", "metric_utility_low"])


def test_titles_tell_the_parameters_of_the_study():
    frame = evaluations([("short_m", 4, 0.5, 100.0), ("borda", 4, 0.5, 100.0), ("own", 2, 0.5, 9)])
    options = {"short_m": {"m": 1}, "borda": {"p": 0.9}}
    for chosen, titles in (
        ({}, {"short_m": "Short-3 of n", "borda": "Borda vote", "own": "own"}),
        (options, {"short_m": "Short-1 of n", "borda": "Borda vote (p 0.9)", "own": "own"}),
    ):
        curves = build("curves", frame, SETTINGS | {"strategy_options": chosen})
        assert not curves["upper_bound"].any()
        assert curves.set_index("strategy")["strategy_title"].to_dict() == titles


def test_a_variant_is_titled_and_judged_as_what_it_is_a_variant_of():
    frame = evaluations([("all_of_n", 4, 0.5, 100.0), ("majority", 4, 0.6, 200.0)])
    options = {"all_of_n": {"strategy": "g_pass", "tau": 1.0}}
    settings = SETTINGS | {"strategy_options": options}
    curves = build("curves", frame, settings).set_index("strategy")
    assert curves.loc["all_of_n", "strategy_title"] == "G-Pass@n (tau 1.0)"
    assert curves["upper_bound"].to_dict() == {"all_of_n": True, "majority": False}
    assert set(build("frontier", frame, settings)["strategy"]) == {"majority"}


def test_every_title_can_be_filled_with_the_defaults():
    for name in registry.names("strategies"):
        assert "{" not in strategy_title(name, {})


def test_the_group_all_weighs_datasets_equally_and_keeps_common_points_only():
    small = evaluations([("single", 1, 0.4, 100.0), ("majority", 2, 0.4, 200.0)], 10, "a", 1)
    large = evaluations([("single", 1, 0.6, 300.0)], 90, "b", 2)
    curves = build("curves", pd.concat([small, large]))
    pooled = curves[curves["dataset"] == "all"]
    assert pooled[["strategy", "accuracy", "n_problems", "n_datasets"]].values.tolist() == [
        ["single", pytest.approx(0.5), 100, 2]
    ]
    parts = curves[(curves["strategy"] == "single") & (curves["dataset"] != "all")]
    assert pooled["se"].iloc[0] == pytest.approx(np.sqrt((parts["se"] ** 2).sum()) / 2)


def test_an_interval_of_all_wrong_has_a_width():
    row = build("curves", evaluations([("single", 1, 0.0, 10.0)], 30)).iloc[0]
    assert row["low"] == 0.0
    assert row["high"] == pytest.approx(1 - 0.025 ** (1 / 30))


def test_tables_are_the_same_bytes_whatever_the_row_order():
    frame = pd.concat([evaluations(POINTS), evaluations(POINTS, dataset="e", seed=4)])
    for name in ("curves", "frontier", "comparisons"):
        first = tables.to_arrow(build(name, frame), name)
        again = build(name, frame.sample(frac=1, random_state=5))
        assert first.equals(tables.to_arrow(again, name)), name


def test_frontier_leaves_out_oracles_and_dominated_points():
    frontier = build("frontier", evaluations(POINTS))
    rows = frontier[frontier["axis"] == "cost_output_tokens"].set_index(["strategy", "budget"])
    assert "coverage" not in rows.index.get_level_values(0)
    on = rows[rows["on_frontier"]].index.tolist()
    assert on == [("majority", 2), ("shortest", 4), ("single", 1)]
    assert ("majority", 1) not in rows.index  # the same response at the same price
    assert rows.loc[("majority", 4), "frontier_share"] < 0.05
    assert rows.loc[("shortest", 4), "frontier_share"] == 1.0


def test_a_mix_of_models_does_not_hide_the_frontier_of_all():
    plain = evaluations(POINTS)
    mixed = plain[plain["strategy"] == "single"].assign(strategy="mixed", model=LABEL)
    frontier = build("frontier", pd.concat([plain, mixed]))
    every = frontier[frontier["scope"] == EVERY_POINT]
    assert set(every["model"]) == {"m", LABEL}
    assert set(frontier["scope"]) == {EVERY_POINT, "m", LABEL}


def test_comparisons_interpolate_the_baseline_at_equal_cost():
    table = build("comparisons", evaluations(POINTS))
    rows = table[table["axis"] == "cost_output_tokens"].set_index(["baseline", "strategy"])
    short = rows.loc[("majority", "shortest")]
    assert short["baseline_accuracy"] == pytest.approx(0.55)  # half way from 200 to 400 tokens
    assert short["difference"] == pytest.approx(0.15)
    assert 0 < short["low"] < 0.15 < short["high"] and short["p_value"] < 0.05
    assert short["p_holm"] >= short["p_value"]
    assert rows.loc[("single", "shortest")]["baseline_accuracy"] == pytest.approx(0.4)
    assert rows.loc[("majority", "longest_like")]["difference"] == pytest.approx(-0.15)
    assert ("majority", "coverage") not in rows.index  # cheaper than any majority vote
    same = rows.loc[("majority", "single")]
    assert same["difference"] == 0.0
    assert np.isnan(same["p_value"])


def test_missing_costs_leave_the_accuracy():
    frame = evaluations(POINTS[:2]).drop(columns=["cost_output_tokens", "cost_total_tokens"])
    curves = build("curves", frame)
    assert curves["accuracy"].notna().all()
    assert "cost_output_tokens" not in curves
    assert build("frontier", frame).empty
