"""Laws of coverage and vote: exponentiated power law, saturating curve, saturation budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap, fits

TITLE = "Fitted laws of coverage and of the vote"
INPUTS = ("evaluations",)
LAWS = {"coverage": "power_law", "majority": "saturating"}
THRESHOLD = 0.005  # N*: doubling adds less than half a point
BAND_REPLICATES = 400

SCHEMA = register(
    Schema(
        "fits",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "strategy": STRING,
            "law": STRING,  # power_law: exp(a k^b); saturating: limit - (limit - start)(1-q)^(n-1)
            "quantity": STRING,  # a parameter, r_squared, saturation_budget, or fitted
            "budget": INT,  # of quantity fitted, else 0
            "n_budgets": INT,
            "value": FLOAT,
            "low": FLOAT,  # 95 %, bootstrap over problems
            "high": FLOAT,
        },
        ("dataset", "model", "strategy", "quantity", "budget"),
        ("law",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``fits`` from ``evaluations``; curves of fewer than four budgets are not fitted."""
    rows: list[dict[str, Any]] = []
    if len(inputs["evaluations"]):
        points = _points.dataset_points(inputs["evaluations"], settings, LAWS)
        for group in _points.groups(points):
            means, replicates = group.mean("correct"), group.replicates("correct")
            for (model, strategy), own in group.keys.groupby(["model", "strategy"]).indices.items():
                if len(own) >= 4:
                    order = own[np.argsort(group.keys["budget"].to_numpy()[own])]
                    budgets = group.keys["budget"].to_numpy()[order]
                    cell = {"dataset": group.name, "model": model, "strategy": strategy}
                    data = means[None, order], replicates[:BAND_REPLICATES, order]
                    rows += [cell | row for row in _fit(strategy, budgets, *data, group)]
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def _fit(
    strategy: str,
    budgets: np.ndarray,
    mean: np.ndarray,
    replicates: np.ndarray,
    group: _points.Group,
) -> list[dict[str, Any]]:
    law = LAWS[strategy]
    fit = fits.power_law if law == "power_law" else fits.saturating
    one, many = fit(budgets, mean), fit(budgets, replicates)
    names = ("a", "b") if law == "power_law" else ("limit", "start", "q")
    found = {(n, 0): (one.parameters[:, i], many.parameters[:, i]) for i, n in enumerate(names)}
    found["r_squared", 0] = one.r_squared, np.full(len(replicates), np.nan)
    if law == "saturating":
        top = 4 * int(budgets.max())
        found["saturation_budget", 0] = (
            fits.saturation_budget(one.parameters, THRESHOLD, top),
            fits.saturation_budget(many.parameters, THRESHOLD, top),
        )
    for i, budget in enumerate(budgets):
        found["fitted", int(budget)] = one.fitted[:, i], many.fitted[:, i]
    rows = []
    for (quantity, budget), (value, spread) in found.items():
        low, high = bootstrap.percentile_interval(spread[:, None], group.smallest, group.degrees)
        rows.append(
            {
                "law": law,
                "quantity": quantity,
                "budget": budget,
                "n_budgets": len(budgets),
                "value": float(value[0]),
                "low": float(low[0]),
                "high": float(high[0]),
            }
        )
    return rows
