"""Pareto frontier of accuracy against each cost, and how firmly each point stands on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _plain, _points, _undecided
from itc.costs.columns import AXES
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap, intervals
from itc.stats.choosing import Folds, same_points
from itc.stats.frontier import EVERY_POINT, on_frontier
from itc.stats.paired import Paired

TITLE = "Pareto frontier of accuracy and cost"
INPUTS = ("evaluations",)

SCHEMA = register(
    Schema(
        "frontier",
        2,
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
            # The best point for this money, chosen on other problems than it is scored on:
            "held_out": FLOAT,  # its accuracy; null off the frontier
            "held_out_low": FLOAT,  # 95 %, over problems, for the choices as made
            "held_out_high": FLOAT,
            "gain": FLOAT,  # ... minus one response of the model that was chosen
            "gain_low": FLOAT,
            "gain_high": FLOAT,
        },
        ("dataset", "axis", "scope", "model", "strategy", "budget"),
        ("cost", "accuracy", "on_frontier", "frontier_share"),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``frontier`` from ``evaluations``; oracles and controls take no part.

    Points of a model with equal answers at an equal price are one point, under the plainest name.
    """
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
    keys, settings = group.keys, group.settings
    eligible = _plain.eligible(keys["strategy"], settings)
    rank = _plain.rank(keys, settings)
    values = [p.values["correct"][:, columns] for p, columns in group.parts]
    single = _plain.singles(values, keys)
    rng = bootstrap.generator(int(settings["seed"]), "frontier", group.name)
    folds = Folds.of(values, rng)  # common to all axes and scopes
    accuracy, replicates = group.mean("correct"), group.replicates("correct")
    scopes = {EVERY_POINT: np.ones(len(keys), dtype=bool)}
    models = keys["model"].unique()
    if len(models) > 1:
        scopes |= {str(m): (keys["model"] == m).to_numpy() for m in models}
    pieces = []
    for axis in (a for a in _points.quantities(group, "cost_") if a in AXES):
        cost, cost_replicates = group.mean(axis), group.replicates(axis)
        distinct = same_points(keys["model"].to_numpy(), values, cost, rank)
        for scope, members in scopes.items():
            chosen = np.flatnonzero(eligible & members & distinct & ~np.isnan(cost))
            if not len(chosen):
                continue
            on = on_frontier(cost[None, chosen], accuracy[None, chosen])[0]
            share = on_frontier(cost_replicates[:, chosen], replicates[:, chosen]).mean(axis=0)
            honest = _held_out(values, single, folds, chosen, cost, on, rank)
            pieces.append(
                keys.iloc[chosen].assign(
                    dataset=group.name,
                    axis=axis,
                    scope=scope,
                    cost=cost[chosen],
                    accuracy=accuracy[chosen],
                    **_undecided.of_group(group, chosen),
                    on_frontier=on,
                    frontier_share=share,
                    **honest,
                )
            )
    return pieces


def _held_out(
    values: list[np.ndarray],
    single: list[np.ndarray],
    folds: Folds,
    chosen: np.ndarray,
    cost: np.ndarray,
    on: np.ndarray,
    rank: np.ndarray,
) -> dict[str, np.ndarray]:
    """What the best point for the money of each frontier point is worth on problems apart."""
    money = cost[chosen[on]]
    allowed = cost[None, chosen] <= money[:, None] * (1 + 1e-9)
    parts = [v[:, chosen] for v in values]
    picks = folds.choose(allowed, rank[chosen], chosen)
    score = intervals.share(picks.held_out(parts))
    lead = picks.held_out([v - one[:, chosen] for v, one in zip(parts, single, strict=True)])
    gain = Paired.of(lead)
    found = {"held_out": (score.value, *score.interval()), "gain": (gain.value, *gain.interval())}
    result = {}
    for name, columns in found.items():
        for end, column in zip(("", "_low", "_high"), columns, strict=True):
            result[name + end] = np.full(len(chosen), np.nan)
            result[name + end][on] = column
    return result
