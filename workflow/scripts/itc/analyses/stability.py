"""Spread of accuracy over prompt formats and temperatures, and whether strategies keep ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from itc.analyses import _undecided
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals
from itc.strategies._base import evaluate_strategy

TITLE = "Stability over prompt formats and temperatures"
LOADS = ("strategies",)
INPUTS = ("outcomes",)
UNIT = "cell"
STRATEGIES = ("single", "majority", "shortest", "longest", "short_m")

SCHEMA = register(
    Schema(
        "stability",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "procedure": STRING,  # a way to sample
            "strategy": STRING,
            "budget": INT,  # the largest that all of them allow
            "accuracy": FLOAT,
            **_undecided.COLUMNS,
            "rank": FLOAT,  # among the strategies, 1 is best, ties share
            "difference": FLOAT,  # accuracy minus that of procedure ``sample``
            "low": FLOAT,  # 95 % of the difference, paired over problems
            "high": FLOAT,
            "spread": FLOAT,  # largest minus smallest accuracy of the strategy over procedures
            "kendall_tau": FLOAT,  # of the strategies' order with that under ``sample``
        },
        ("dataset", "model", "procedure", "strategy"),
        ("accuracy",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``stability``; empty where the study samples in one way only."""
    procedures = {
        name
        for name, entry in settings.get("procedures", {}).items()
        if entry.get("kind", "sample") == "sample"
    }
    outcomes = inputs["outcomes"]
    outcomes = outcomes[outcomes["procedure"].isin(procedures)]
    rows: list[dict[str, Any]] = []
    if len(procedures) > 1 and "sample" in procedures:
        for (dataset, model), own in outcomes.groupby(["dataset", "model"], sort=True):
            for row in _cell(own, settings):
                rows.append({"dataset": dataset, "model": model} | row)
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def _cell(own: pd.DataFrame, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    least = int(own.groupby(["procedure", "problem_id"]).size().min())
    allowed = [b for b in settings["budgets"] if b <= least]
    if not allowed:
        return []
    budget = max(allowed)
    accuracy: dict[str, dict[str, float]] = {}
    solved: dict[tuple[str, str], pd.Series] = {}
    implied: dict[tuple[str, str], dict[str, float]] = {}
    for procedure in sorted(own["procedure"].unique()):
        for name in STRATEGIES:
            params = {**settings.get("strategy_options", {}).get(name, {}), "procedure": procedure}
            frame = evaluate_strategy(name, own, [budget], params, int(settings["seed"]))
            if len(frame):
                accuracy.setdefault(procedure, {})[name] = float(frame["correct"].mean())
                implied[procedure, name] = _undecided.of_values(frame)
                solved[procedure, name] = frame.set_index("problem_id")["correct"]
    rows = []
    reference = accuracy.get("sample", {})
    for procedure, values in accuracy.items():
        common = [name for name in values if name in reference]
        tau = np.nan
        if len(common) > 2:
            tau = stats.kendalltau(
                [values[n] for n in common], [reference[n] for n in common]
            ).statistic
        ranks = stats.rankdata([-value for value in values.values()])
        for rank, (name, value) in zip(ranks, values.items(), strict=True):
            every = [other[name] for other in accuracy.values() if name in other]
            low, high = _interval(solved, procedure, name)
            rows.append(
                {
                    "procedure": procedure,
                    "strategy": name,
                    "budget": 1 if name == "single" else budget,
                    "accuracy": value,
                    **implied[procedure, name],
                    "rank": float(rank),
                    "difference": value - reference.get(name, np.nan),
                    "low": low,
                    "high": high,
                    "spread": max(every) - min(every),
                    "kendall_tau": float(tau),
                }
            )
    return rows


def _interval(
    solved: Mapping[tuple[str, str], pd.Series],
    procedure: str,
    strategy: str,
) -> tuple[float, float]:
    """95 % interval of the difference from procedure ``sample`` over problems that both have."""
    other = solved.get(("sample", strategy))
    if other is None:
        return np.nan, np.nan
    paired = (solved[procedure, strategy] - other).dropna().to_numpy()
    if len(paired) < 2:
        return np.nan, np.nan
    low, high = intervals.difference(paired).interval()
    return float(low[0]), float(high[0])
