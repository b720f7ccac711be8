"""Paired contrasts of every strategy with majority vote and one response, at equal cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _plain, _points, _undecided
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap
from itc.stats.matched import Part, at_cost
from itc.stats.paired import Paired

TITLE = "Strategies against baselines at equal cost"
INPUTS = ("evaluations",)
BASELINES = ("majority", "single")
COMPARED = ("cost_output_tokens", "cost_total_tokens", "cost_sequential_tokens", "cost_eflops")

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
            "low": FLOAT,  # 95 %, paired over problems, with the error of the mean costs
            "high": FLOAT,
            "se": FLOAT,
            "p_value": FLOAT,  # of the interval's statistic; null for oracles, controls and points
            # that equal their baseline by construction
            "p_holm": FLOAT,  # within dataset, axis, baseline and model
            "upper_bound": BOOL,
        },
        ("dataset", "axis", "baseline", "model", "strategy", "budget"),
        ("difference",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``comparisons`` from ``evaluations``; points without an equal-cost baseline are absent.

    Majority vote is interpolated between its budgets and not extrapolated, however few they are; a
    single response cannot be bought twice and its accuracy is that of any higher cost.
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
    mean_cost = group.mean(axis)
    upper = _points.upper_bounds(keys["strategy"], group.settings)
    rival = _plain.eligible(keys["strategy"], group.settings)
    pieces = []
    for model, own in keys.groupby("model", sort=True).indices.items():
        is_base = (keys["strategy"].iloc[own] == baseline).to_numpy()
        base = own[is_base & ~np.isnan(mean_cost[own])]
        others = own[~is_base & ~np.isnan(mean_cost[own])]
        if not len(base) or not len(others):
            continue
        parts = [
            Part(v[axis][:, c[others]], v[axis][:, c[base]], v["correct"][:, c[base]])
            for v, c in ((p.values, columns) for p, columns in group.parts)
        ]
        # one response cannot be bought in larger amounts: its accuracy is what it is at any cost
        found = at_cost(parts, constant=baseline == "single")
        matched = found.reasons == ""
        if not matched.any():
            continue
        points = others[matched]
        values = [p.values["correct"][:, columns[points]] for p, columns in group.parts]
        paired = Paired.of([v - b[:, matched] for v, b in zip(values, found.values, strict=True)])
        difference = np.where(np.abs(paired.value) < 1e-12, 0.0, paired.value)
        low, high = paired.interval()
        se = np.where(paired.se < 1e-12, 0.0, paired.se)
        # an oracle, a control, a point equal to its baseline by construction: no hypotheses
        p_value = paired.p_value()
        p_value[~rival[points] | (se == 0.0)] = np.nan
        accuracy = group.mean("correct")[points]
        pieces.append(
            keys.iloc[points].assign(
                dataset=group.name,
                axis=axis,
                baseline=baseline,
                model=model,
                cost=mean_cost[points],
                accuracy=accuracy,
                **_undecided.of_group(group, points),
                baseline_accuracy=accuracy - difference,
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
