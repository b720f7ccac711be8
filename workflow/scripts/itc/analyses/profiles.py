"""Interquartile mean and performance profile over problems, datasets weighing equally."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points
from itc.stats import bootstrap
from itc.stats.robust import interquartile_mean
from itc.tables import FLOAT, INT, STRING, Schema, register

TITLE = "Interquartile mean and performance profiles"
INPUTS = ("evaluations",)
THRESHOLDS = np.round(np.arange(0.05, 1.0001, 0.05), 2)
REPLICATES = 300

SCHEMA = register(
    Schema(
        "profiles",
        1,
        {
            "dataset": STRING,  # ``all``: problems of all datasets, each dataset weighing equally
            "model": STRING,
            "strategy": STRING,
            "budget": INT,
            "statistic": STRING,  # iqm | profile
            "threshold": FLOAT,  # profile: share of problems right with at least this chance
            "value": FLOAT,
            "low": FLOAT,  # 95 %, bootstrap over problems
            "high": FLOAT,
        },
        ("dataset", "model", "strategy", "budget", "statistic", "threshold"),
        ("value",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``profiles`` at the largest budget of every strategy that needs no oracle."""
    pieces = []
    if len(inputs["evaluations"]):
        for group in _points.groups(_points.dataset_points(inputs["evaluations"], settings)):
            keys = group.keys
            largest = keys.groupby(["model", "strategy"])["budget"].transform("max")
            chosen = np.flatnonzero(
                (keys["budget"] == largest) & ~_points.upper_bounds(keys["strategy"])
            )
            if len(chosen):
                pieces.append(_rows(group, chosen))
    if not pieces:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(pieces).sort_values(list(SCHEMA.key), ignore_index=True)


def _rows(group: _points.Group, chosen: np.ndarray) -> pd.DataFrame:
    values, weights = [], []
    for part, columns in group.parts:
        values.append(part.values["correct"][:, columns[chosen]])
        weights.append(part.weights[:REPLICATES] / len(part.problem_ids))
    stacked, weight = np.vstack(values), np.hstack(weights)  # [P, O], [R, P]
    once = np.concatenate([np.full(len(v), 1.0 / len(v)) for v in values])[None]
    pieces = []
    iqm = interquartile_mean(stacked, once)[0], interquartile_mean(stacked, weight)
    pieces.append(_frame(group, chosen, "iqm", 0.0, *iqm))
    for threshold in THRESHOLDS:
        reached = (stacked >= threshold - 1e-9).astype(float)
        shares = bootstrap.resampled_means(once, reached)[0]
        pieces.append(
            _frame(
                group,
                chosen,
                "profile",
                float(threshold),
                shares,
                bootstrap.resampled_means(weight, reached),
            )
        )
    return pd.concat(pieces)


def _frame(
    group: _points.Group,
    chosen: np.ndarray,
    statistic: str,
    threshold: float,
    value: np.ndarray,
    replicates: np.ndarray,
) -> pd.DataFrame:
    low, high = bootstrap.share_interval(replicates, value, group.smallest, group.degrees)
    return group.keys.iloc[chosen].assign(
        dataset=group.name,
        statistic=statistic,
        threshold=threshold,
        value=value,
        low=low,
        high=high,
    )
