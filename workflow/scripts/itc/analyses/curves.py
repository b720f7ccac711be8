"""Operating points: accuracy with its interval and every cost, per dataset, model, strategy, n."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points, _undecided
from itc.costs.columns import COSTS
from itc.costs.derived import tokens_per_correct
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register
from itc.stats import bands, intervals, noise

TITLE = "Accuracy and cost of every strategy at every budget"
INPUTS = ("evaluations",)

SCHEMA = register(
    Schema(
        "curves",
        1,
        {
            "dataset": STRING,  # ``all``: mean over datasets with equal weight
            "model": STRING,
            "strategy": STRING,
            "budget": INT,
            "strategy_title": STRING,
            "upper_bound": BOOL,  # needs an oracle
            "n_problems": INT,
            "n_datasets": INT,
            "accuracy": FLOAT,  # share right, undecided answers counted as wrong
            "low": FLOAT,  # 95 %, for the problems meant
            "high": FLOAT,
            "band_low": FLOAT,  # 95 % for all budgets of the strategy at once
            "band_high": FLOAT,
            "se": FLOAT,  # clustered by problem
            **_undecided.COLUMNS,
            "monte_carlo_se": FLOAT,  # of the mean; 0 for exact estimators
            "monte_carlo_se_tokens": FLOAT,  # of cost_output_tokens; 0 where that is exact
            "fixed_low": FLOAT,  # 95 %, for these very problems under fresh draws; null above half
            "fixed_high": FLOAT,  # of the draws and for inexact strategies
            "draw_variance_share": FLOAT,  # of one run's variance, what the choice of draws causes
            **dict.fromkeys(COSTS, FLOAT),
            "tokens_per_correct": FLOAT,
        },
        ("dataset", "model", "strategy", "budget"),
        ("accuracy",),
        ("metric_",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``curves`` from ``evaluations``."""
    evaluations = inputs["evaluations"]
    if not len(evaluations):
        return pd.DataFrame(columns=list(SCHEMA.columns))
    groups = _points.groups(_points.dataset_points(evaluations, settings))
    return pd.concat([_rows(group) for group in groups], ignore_index=True).sort_values(
        list(SCHEMA.key), ignore_index=True
    )


def _rows(group: _points.Group) -> pd.DataFrame:
    accuracy = group.mean("correct")
    estimate = group.estimate("correct")
    low, high = estimate.interval()
    curve = pd.factorize(pd.MultiIndex.from_frame(group.keys[["model", "strategy"]]))[0]
    level = bands.level(estimate, group.replicates("correct"), curve)
    band_low, band_high = estimate.interval(level)
    rows = group.keys.assign(
        dataset=group.name,
        strategy_title=_points.strategy_titles(group.keys["strategy"], group.settings),
        upper_bound=_points.upper_bounds(group.keys["strategy"], group.settings),
        n_problems=group.n_problems,
        n_datasets=len(group.parts),
        accuracy=accuracy,
        low=low,
        high=high,
        band_low=band_low,
        band_high=band_high,
        se=group.se("correct"),
        **_undecided.of_group(group),
        monte_carlo_se=_monte_carlo_se(group, "monte_carlo_se"),
        monte_carlo_se_tokens=_monte_carlo_se(group, "monte_carlo_se_tokens"),
        **_noise(group),
    )
    for name in _points.quantities(group, "cost_"):
        rows[name] = group.mean(name)
    for name in _points.quantities(group, "metric_"):
        rows[name] = group.mean(name)
        rows[f"{name}_low"], rows[f"{name}_high"] = _metric_interval(group, name)
    if "cost_output_tokens" in rows:
        rows["tokens_per_correct"] = tokens_per_correct(rows["cost_output_tokens"], accuracy)
    return rows.replace({"tokens_per_correct": {np.inf: np.nan}})


def _metric_interval(group: _points.Group, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a metric: that of a share where its range is known, else Student's t.

    ``metric_answered`` lies in [0, 1], ``metric_utility`` in [-penalty, 1] of its strategy.
    """
    if name not in ("metric_answered", "metric_utility"):
        return group.estimate(name, intervals.FREE).interval()
    floor = np.zeros(len(group.keys))
    if name == "metric_utility":
        floor = -_points.parameter(group.keys["strategy"], "penalty", group.settings)
    scaled = [(p.values[name][:, c] - floor) / (1.0 - floor) for p, c in group.parts]
    low, high = intervals.share(scaled).interval()
    return floor + low * (1.0 - floor), floor + high * (1.0 - floor)


def _monte_carlo_se(group: _points.Group, name: str) -> np.ndarray:
    errors = []
    for part, columns in group.parts:
        se = part.values[name][:, columns]
        errors.append(np.sqrt(np.nansum(se**2, axis=0)) / np.maximum((~np.isnan(se)).sum(0), 1))
    result: np.ndarray = np.sqrt(np.sum(np.square(errors), axis=0)) / len(group.parts)
    return result


def _noise(group: _points.Group) -> dict[str, np.ndarray]:
    """Share of draw noise and the interval for the fixed benchmark; NaN above half the draws."""
    budget = group.keys["budget"].to_numpy()
    shares, variances, looks = [], [], []
    for part, columns in group.parts:
        names = ("correct", "even", "odd", "n_draws")
        value, even, odd, n_draws = (part.values[name][:, columns] for name in names)
        draws = np.fmin.reduce(n_draws, axis=0)  # NaN where no problem has the point
        known = ~np.isnan(even).all(axis=0) | (group.keys["strategy"] == "single").to_numpy()
        asked = np.where(known, budget, 0)  # 0: neither one draw nor two halves
        within = noise.run_variance(value, even, odd, n_draws, asked)
        shares.append(noise.draw_share(value, within))
        variance = noise.draw_variance(value, even, odd, n_draws, asked)
        variances.append(np.where(np.isnan(value), 0.0, variance))
        looks.append(np.where(budget == 1, draws, 2.0))
    mean, margin = group.mean("correct"), noise.FixedBenchmark(variances, looks).margin()
    return {
        "draw_variance_share": np.mean(shares, axis=0),
        "fixed_low": np.maximum(mean - margin, 0.0),
        "fixed_high": np.minimum(mean + margin, 1.0),
    }
