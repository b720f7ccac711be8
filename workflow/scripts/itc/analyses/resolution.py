"""Can a dataset separate these strategies, or these models, at all? Signal, noise, least effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from itc.analyses import _points
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals

TITLE = "Signal, noise and minimal detectable difference of each dataset"
INPUTS = ("evaluations",)
POWER, LEVEL = 0.8, 0.05

SCHEMA = register(
    Schema(
        "resolution",
        1,
        {
            "dataset": STRING,
            "scope": STRING,  # strategies of one model | models by a single response
            "model": STRING,  # ``all`` for scope models
            "budget": INT,
            "n_compared": INT,
            "n_problems": INT,
            "mean_difference": FLOAT,  # mean absolute difference of two of them, noise included
            "signal": FLOAT,  # root mean square of the differences with their noise taken out
            "noise": FLOAT,  # median standard error of a paired difference
            "signal_to_noise": FLOAT,
            "detectable": FLOAT,  # least true difference found with 80 % power at 5 %
            "share_separated": FLOAT,  # of pairs whose 95 % interval of the difference leaves out 0
        },
        ("dataset", "scope", "model", "budget"),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``resolution``: strategies at each budget (n > 1) of a model; models by one draw."""
    rows = []
    if len(inputs["evaluations"]):
        for points in _points.dataset_points(inputs["evaluations"], settings):
            keys = points.keys
            eligible = ~_points.upper_bounds(keys["strategy"], settings)
            values = points.values["correct"]
            grouped = keys[eligible & (keys["budget"] > 1)].groupby(["model", "budget"])
            for (model, budget), own in grouped.groups.items():
                row = separation(values[:, np.asarray(own)])
                if row:
                    cell = {"scope": "strategies", "model": model, "budget": int(budget)}
                    rows.append({"dataset": points.name} | cell | row)
            single = np.flatnonzero(keys["strategy"] == "single")
            row = separation(values[:, single])
            if row:
                rows.append({"dataset": points.name, "scope": "models", "model": "all"} | row)
                rows[-1]["budget"] = 1
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def separation(values: np.ndarray) -> dict[str, Any] | None:
    """Signal and noise of the columns of per-problem ``values`` [P, S]; None for few of either.

    An observed difference holds its noise: E d^2 = true^2 + se^2. So the signal is
    sqrt(max(mean d^2 - mean se^2, 0)) over pairs, 0 where nothing but noise is seen.
    detectable = (t_(1 - 0.025) + t_0.8) x median standard error, P - 1 degrees of freedom; NaN,
    like the ratio, where half the pairs show no spread.
    """
    values = values[~np.isnan(values).any(axis=1)]
    n, s = values.shape
    if n < 3 or s < 2:
        return None
    first, second = np.triu_indices(s, 1)
    difference = values[:, first] - values[:, second]
    estimate = intervals.difference(difference)
    low, high = estimate.interval(1 - LEVEL)
    error = float(np.median(estimate.se))
    signal = np.sqrt(max((estimate.value**2).mean() - (estimate.se**2).mean(), 0.0))
    reach = stats.t.ppf(1 - LEVEL / 2, n - 1) + stats.t.ppf(POWER, n - 1)
    return {
        "n_compared": s,
        "n_problems": n,
        "mean_difference": float(np.abs(difference.mean(axis=0)).mean()),
        "signal": float(signal),
        "noise": error,
        "signal_to_noise": float(signal / error) if error > 0 else np.nan,
        "detectable": float(reach * error) if error > 0 else np.nan,
        "share_separated": float(((low > 0) | (high < 0)).mean()),
    }
