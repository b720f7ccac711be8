"""Pareto frontier of accuracy against each cost, and how firmly each point stands on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points, _undecided
from itc.costs.columns import AXES
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register
from itc.stats.frontier import EVERY_POINT, on_frontier

TITLE = "Pareto frontier of accuracy and cost"
INPUTS = ("evaluations",)

SCHEMA = register(
    Schema(
        "frontier",
        1,
        {
            "dataset": STRING,
            "axis": STRING,  # a cost column
            "scope": STRING,  # EVERY_POINT, or one model against itself
            "model": STRING,
            "strategy": STRING,
            "budget": INT,
            "cost": FLOAT,
            "accuracy": FLOAT,
            **_undecided.COLUMNS,
            "on_frontier": BOOL,  # no point costs as little and is as accurate, one of them better
            "frontier_share": FLOAT,  # of bootstrap replicates in which it is on the frontier
        },
        ("dataset", "axis", "scope", "model", "strategy", "budget"),
        ("cost", "accuracy", "on_frontier", "frontier_share"),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``frontier`` from ``evaluations``; strategies that need an oracle take no part."""
    pieces = []
    evaluations = inputs["evaluations"]
    if len(evaluations):
        for group in _points.groups(_points.dataset_points(evaluations, settings)):
            pieces += _group_rows(group)
    if not pieces:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    table = pd.concat(pieces, ignore_index=True)
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def _group_rows(group: _points.Group) -> list[pd.DataFrame]:
    eligible = ~_points.upper_bounds(group.keys["strategy"], group.settings)
    accuracy, replicates = group.mean("correct"), group.replicates("correct")
    scopes = {EVERY_POINT: np.ones(len(group.keys), dtype=bool)}
    models = group.keys["model"].unique()
    if len(models) > 1:
        scopes |= {str(m): (group.keys["model"] == m).to_numpy() for m in models}
    pieces = []
    for axis in (a for a in _points.quantities(group, "cost_") if a in AXES):
        cost, cost_replicates = group.mean(axis), group.replicates(axis)
        for scope, members in scopes.items():
            chosen = np.flatnonzero(eligible & members & ~np.isnan(cost))
            if not len(chosen):
                continue
            on = on_frontier(cost[None, chosen], accuracy[None, chosen])[0]
            share = on_frontier(cost_replicates[:, chosen], replicates[:, chosen]).mean(axis=0)
            pieces.append(
                group.keys.iloc[chosen].assign(
                    dataset=group.name,
                    axis=axis,
                    scope=scope,
                    cost=cost[chosen],
                    accuracy=accuracy[chosen],
                    **_undecided.of_group(group, chosen),
                    on_frontier=on,
                    frontier_share=share,
                )
            )
    return pieces
