"""What a difference needs to be seen: its variance by problems and by draws, and the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals, noise

TITLE = "Problems and draws that a difference needs"
INPUTS = ("evaluations",)
EFFECTS = (0.01, 0.02, 0.05, 0.1)  # differences to be seen, shares
BASELINE = "majority"  # of the same model; itself is held against ``single``
FROM_MODELS = ("single", "majority")  # strategies by which models are held against each other
QUANTITIES = ("correct", "even", "odd", "n_draws")
ENOUGH, PROBLEMS, DRAWS, UNKNOWN = "enough", "problems", "draws", "unknown"

SCHEMA = register(
    Schema(
        "planning",
        1,
        {
            "dataset": STRING,
            "scope": STRING,  # strategies of one model | models by one strategy
            "model": STRING,
            "strategy": STRING,
            "against": STRING,  # the other strategy, or the other model
            "budget": INT,  # the largest that half of the draws allow
            "against_budget": INT,
            "effect": FLOAT,  # size of the difference to be seen with 80 % power at 5 %
            "n_problems": INT,
            "n_draws": INT,
            "difference": FLOAT,
            "low": FLOAT,  # 95 %, for the problems meant
            "high": FLOAT,
            "fixed_low": FLOAT,  # 95 %, for these very problems under fresh draws
            "fixed_high": FLOAT,
            "draw_share": FLOAT,  # of the variance of the difference, what the draws cause
            "detectable": FLOAT,  # least true difference seen as recorded
            "problems_needed": FLOAT,  # at the recorded draws; null where nothing differs
            "draws_needed": FLOAT,  # at the recorded problems; null where no number suffices
            "cheaper": STRING,  # enough | problems | draws (fewer responses) | unknown
        },
        ("dataset", "scope", "model", "strategy", "against", "effect"),
        ("n_problems",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``planning``: every strategy against the vote, and every two models, per dataset."""
    rows = []
    if len(inputs["evaluations"]):
        for points in _points.dataset_points(inputs["evaluations"], settings, None, QUANTITIES):
            for names, first, second, independent in _pairs(points, settings):
                for row in _plan(points, first, second, independent):
                    rows.append({"dataset": points.name} | names | row)
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def _pairs(
    points: _points.DatasetPoints, settings: Mapping[str, Any]
) -> Iterator[tuple[dict[str, str], int, int, bool]]:
    """Names, the two points, and whether their draws are independent (those of two models are)."""
    keys = points.keys.assign(point=np.arange(len(points.keys)))
    known = ~np.isnan(points.values["even"]).any(axis=0) | (keys["budget"] == 1).to_numpy()
    barred = _points.upper_bounds(keys["strategy"], settings)
    barred = barred | _points.controls(keys["strategy"], settings)
    keys = keys[known & ~barred]
    largest = keys.sort_values("budget").drop_duplicates(["model", "strategy"], keep="last")
    by = largest.set_index(["model", "strategy"])["point"]
    for model, strategy in by.index:
        against = "single" if strategy == BASELINE else BASELINE
        if strategy != "single" and (model, against) in by.index:
            names = {"scope": "strategies", "model": model, "strategy": strategy}
            first, second = by[model, strategy], by[model, against]
            yield names | {"against": against}, int(first), int(second), False
    for strategy in FROM_MODELS:
        models = [m for m, s in by.index if s == strategy]
        for one, other in combinations(sorted(models), 2):
            names = {"scope": "models", "model": one, "strategy": strategy, "against": other}
            yield names, int(by[one, strategy]), int(by[other, strategy]), True


def _plan(
    points: _points.DatasetPoints, first: int, second: int, independent: bool
) -> list[dict[str, Any]]:
    pair = np.array([first, second])
    value, even, odd, n_draws = (points.values[name][:, pair] for name in QUANTITIES)
    budget = points.keys["budget"].to_numpy()[pair]
    complete = ~np.isnan(value).any(axis=1)
    value, even, odd, n_draws = (v[complete] for v in (value, even, odd, n_draws))
    if len(value) < 2:
        return []
    if independent:
        draws = noise.draw_variance(value, even, odd, n_draws, budget).sum(axis=1)
    else:  # the same draws: the difference itself is the U-statistic
        draws = ((even - odd) @ np.array([1.0, -1.0])) ** 2 / 4.0
    if np.isnan(draws).any():
        return []
    difference = value[:, 0] - value[:, 1]
    low, high = intervals.difference(difference).interval()
    looks = np.array([2.0]) if (budget > 1).any() else n_draws.min(keepdims=True)[0]
    fixed = noise.FixedBenchmark([draws[:, None]], [looks]).margin()[0]
    parts = noise.Components.of(difference, draws, int(n_draws.min()))
    about = {
        "budget": budget[0],
        "against_budget": budget[1],
        "n_problems": len(value),
        "n_draws": parts.n_draws,
        "difference": difference.mean(),
        "low": low[0],
        "high": high[0],
        "fixed_low": max(difference.mean() - fixed, -1.0),
        "fixed_high": min(difference.mean() + fixed, 1.0),
        "draw_share": parts.draws / parts.total if parts.total > 0 else np.nan,
        "detectable": parts.detectable() if parts.total > 0 else np.nan,
    }
    return [about | _needs(parts, effect) for effect in EFFECTS]


def _needs(parts: noise.Components, effect: float) -> dict[str, Any]:
    """Problems or draws for ``effect``; the cheaper asks fewer responses in all."""
    problems, draws = parts.problems_needed(effect), parts.draws_needed(effect)
    if np.isnan(problems):
        cheaper = UNKNOWN
    elif problems <= parts.n_problems:
        cheaper = ENOUGH
    else:
        by_problems, by_draws = problems * parts.n_draws, parts.n_problems * draws
        cheaper = PROBLEMS if by_problems <= by_draws else DRAWS
    return {
        "effect": effect,
        "problems_needed": problems,
        "draws_needed": draws if np.isfinite(draws) else np.nan,
        "cheaper": cheaper,
    }
