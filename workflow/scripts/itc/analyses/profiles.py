"""Interquartile mean and performance profile over problems, datasets weighing equally."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points, _undecided
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap, intervals
from itc.stats.robust import interquartile_influence, interquartile_mean

TITLE = "Interquartile mean and performance profiles"
INPUTS = ("evaluations",)
THRESHOLDS = np.round(np.arange(0.05, 1.0001, 0.05), 2)

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
            "low": FLOAT,  # 95 %, for the problems meant
            "high": FLOAT,
            **_undecided.COLUMNS,  # of ``value``
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
                (keys["budget"] == largest)
                & ~_points.upper_bounds(keys["strategy"], group.settings)
            )
            if len(chosen):
                pieces.append(_rows(group, chosen))
    if not pieces:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(pieces).sort_values(list(SCHEMA.key), ignore_index=True)


def _rows(group: _points.Group, chosen: np.ndarray) -> pd.DataFrame:
    stacked = _stack(group, chosen, "correct")  # [P, O]
    sizes = [len(part.problem_ids) for part, _ in group.parts]
    once = np.concatenate([np.full(n, 1.0 / n) for n in sizes])[None]
    ends = {
        "undecided_low": _stack(group, chosen, "lower"),
        "undecided_high": _stack(group, chosen, "upper"),
    }
    share = _undecided.of_group(group, chosen)["undecided"]
    pieces = []
    starts = np.cumsum(sizes)[:-1]
    iqm = interquartile_mean(stacked, once)[0]
    influence = interquartile_influence(np.split(stacked, starts))
    around = intervals.from_influence([iqm] * len(sizes), influence, kind=intervals.SHARE)
    implied = {name: interquartile_mean(end, once)[0] for name, end in ends.items()}
    pieces.append(_frame(group, chosen, "iqm", 0.0, iqm, around).assign(undecided=share, **implied))
    for threshold in THRESHOLDS:
        reached = _reached(stacked, threshold)
        shares = bootstrap.resampled_means(once, reached)[0]
        implied = {
            name: bootstrap.resampled_means(once, _reached(end, threshold))[0]
            for name, end in ends.items()
        }
        pieces.append(
            _frame(
                group,
                chosen,
                "profile",
                float(threshold),
                shares,
                intervals.share(np.split(reached, starts)),
            ).assign(undecided=share, **implied)
        )
    return pd.concat(pieces)


def _stack(group: _points.Group, chosen: np.ndarray, name: str) -> np.ndarray:
    """Values [P, O] of a quantity, the problems of all datasets below each other."""
    return np.vstack([part.values[name][:, columns[chosen]] for part, columns in group.parts])


def _reached(values: np.ndarray, threshold: float) -> np.ndarray:
    return np.where(np.isnan(values), np.nan, values >= threshold - 1e-9).astype(float)


def _frame(
    group: _points.Group,
    chosen: np.ndarray,
    statistic: str,
    threshold: float,
    value: np.ndarray,
    around: intervals.Estimate,
) -> pd.DataFrame:
    low, high = around.interval()
    return group.keys.iloc[chosen].assign(
        dataset=group.name,
        statistic=statistic,
        threshold=threshold,
        value=value,
        low=low,
        high=high,
    )
