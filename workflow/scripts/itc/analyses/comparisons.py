"""Paired contrasts of every strategy with majority vote and one response, at equal cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points, _undecided
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap
from itc.stats.matched import at_cost

TITLE = "Strategies against baselines at equal cost"
INPUTS = ("evaluations",)
BASELINES = ("majority", "single")
COMPARED = ("cost_output_tokens", "cost_total_tokens", "cost_sequential_tokens", "cost_eflops")
MATCHED_SHARE = 0.9  # of replicates that must have a baseline at equal cost

SCHEMA = register(
    Schema(
        "comparisons",
        1,
        {
            "dataset": STRING,
            "axis": STRING,  # cost that is held equal
            "baseline": STRING,
            "model": STRING,
            "strategy": STRING,
            "budget": INT,
            "cost": FLOAT,
            "accuracy": FLOAT,
            **_undecided.COLUMNS,  # of ``accuracy``
            "baseline_accuracy": FLOAT,  # of the same model, interpolated at ``cost``
            "difference": FLOAT,
            "low": FLOAT,  # 95 %, paired bootstrap over problems, costs resampled too
            "high": FLOAT,
            "se": FLOAT,
            "p_value": FLOAT,  # two-sided, t; null for oracles and for points equal by construction
            "p_holm": FLOAT,  # within dataset, axis, baseline and model
            "upper_bound": BOOL,
        },
        ("dataset", "axis", "baseline", "model", "strategy", "budget"),
        ("difference",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``comparisons`` from ``evaluations``; points without an equal-cost baseline are absent.

    Majority vote is interpolated between its budgets and not extrapolated; a single response has
    one budget only and its accuracy is that of any higher cost.
    """
    pieces = []
    if len(inputs["evaluations"]):
        for group in _points.groups(_points.dataset_points(inputs["evaluations"], settings)):
            axes = set(_points.quantities(group, "cost_"))
            for axis in (a for a in COMPARED if a in axes):
                for baseline in BASELINES:
                    pieces += _contrasts(group, axis, baseline)
    if not pieces:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    table = pd.concat(pieces, ignore_index=True)
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def _contrasts(group: _points.Group, axis: str, baseline: str) -> list[pd.DataFrame]:
    keys = group.keys
    values, costs = group.replicates("correct"), group.replicates(axis)
    mean_value, mean_cost = group.mean("correct"), group.mean(axis)
    upper = _points.upper_bounds(keys["strategy"], group.settings)
    pieces = []
    for model, own in keys.groupby("model", sort=True).indices.items():
        is_base = (keys["strategy"].iloc[own] == baseline).to_numpy()
        base = own[is_base & ~np.isnan(mean_cost[own])]
        others = own[~is_base & ~np.isnan(mean_cost[own])]
        if not len(base) or not len(others):
            continue
        flat = len(base) == 1
        expected = at_cost(
            mean_cost[None, others], mean_cost[None, base], mean_value[None, base], flat
        )[0]
        resampled = at_cost(costs[:, others], costs[:, base], values[:, base], flat)
        matched = ~np.isnan(expected) & ((~np.isnan(resampled)).mean(axis=0) >= MATCHED_SHARE)
        if not matched.any():
            continue
        points = others[matched]
        # a replicate that leaves the baseline's range by resampling keeps its nearest end
        inside = np.clip(
            costs[:, points],
            costs[:, base].min(axis=1, keepdims=True),
            costs[:, base].max(axis=1, keepdims=True) if not flat else np.inf,
        )
        paired = values[:, points] - at_cost(inside, costs[:, base], values[:, base], flat)
        difference = mean_value[points] - expected[matched]
        low, high = bootstrap.percentile_interval(paired, group.smallest, group.degrees)
        shrink = np.sqrt(group.smallest / max(group.smallest - 1, 1))
        se = paired.std(axis=0, ddof=1) * shrink
        se[se < 1e-12] = 0.0
        difference = np.where(np.abs(difference) < 1e-12, 0.0, difference)
        p_value = bootstrap.two_sided_p(difference, se, max(group.degrees, 1))
        # an oracle and a point equal to its baseline by construction are no hypotheses
        p_value[upper[points] | (se == 0.0)] = np.nan
        pieces.append(
            keys.iloc[points].assign(
                dataset=group.name,
                axis=axis,
                baseline=baseline,
                model=model,
                cost=mean_cost[points],
                accuracy=mean_value[points],
                **_undecided.of_group(group, points),
                baseline_accuracy=expected[matched],
                difference=difference,
                low=low,
                high=high,
                se=se,
                p_value=p_value,
                p_holm=bootstrap.holm(p_value),
                upper_bound=upper[points],
            )
        )
    return pieces
