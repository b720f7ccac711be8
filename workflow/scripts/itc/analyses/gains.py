"""What more draws and a perfect choice would add: gain per doubling, and the selection gap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points
from itc.schemas import FLOAT, INT, STRING, Schema, register

TITLE = "Gain per doubling and selection gap"
INPUTS = ("evaluations",)

SCHEMA = register(
    Schema(
        "gains",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "strategy": STRING,
            "quantity": STRING,  # doubling: 2n minus n; selection_gap: coverage minus strategy at n
            "budget": INT,  # n
            "value": FLOAT,
            "low": FLOAT,  # 95 %, paired over the problems
            "high": FLOAT,
            "se": FLOAT,
            "p_value": FLOAT,  # of no difference; below .05 where the interval leaves 0 out
        },
        ("dataset", "model", "strategy", "quantity", "budget"),
        ("value",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``gains`` from ``evaluations``, per strategy that is measured in draws."""
    pieces = []
    if len(inputs["evaluations"]):
        for group in _points.groups(_points.dataset_points(inputs["evaluations"], settings)):
            pieces += [_differences(group, "doubling"), _differences(group, "selection_gap")]
    pieces = [piece for piece in pieces if len(piece)]
    if not pieces:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(pieces).sort_values(list(SCHEMA.key), ignore_index=True)


def _differences(group: _points.Group, quantity: str) -> pd.DataFrame:
    keys = group.keys.assign(point=np.arange(len(group.keys)))
    other = keys.rename(columns={"point": "more"})
    if quantity == "doubling":
        other = other[other["budget"] % 2 == 0].assign(budget=lambda f: f["budget"] // 2)
        pairs = keys.merge(other, on=_points.KEY)
    else:
        other = other[other["strategy"] == "coverage"].drop(columns="strategy")
        chosen = keys[~_points.upper_bounds(keys["strategy"], group.settings)]
        pairs = chosen.merge(other, on=["model", "budget"])
    if pairs.empty:
        return pairs
    less, more = pairs["point"].to_numpy(), pairs["more"].to_numpy()
    mean, estimate = group.mean("correct"), group.paired(more, less)
    low, high = estimate.interval()
    return pairs[_points.KEY].assign(
        dataset=group.name,
        quantity=quantity,
        value=mean[more] - mean[less],
        low=low,
        high=high,
        se=estimate.se,
        p_value=estimate.p_value(),
    )
