"""Accuracy and tokens by subject and by difficulty, beside every mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points, _undecided
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals

TITLE = "Accuracy and tokens by subject and difficulty"
INPUTS = ("evaluations", "outcomes")
MAX_LEVELS = 12  # more distinct difficulties are grouped into quintiles

SCHEMA = register(
    Schema(
        "breadth",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "strategy": STRING,
            "budget": INT,
            "by": STRING,  # subject | difficulty
            "level": STRING,
            "rank": INT,  # order of levels
            "n_problems": INT,
            "accuracy": FLOAT,
            "low": FLOAT,  # 95 %, for the problems meant of this level
            "high": FLOAT,
            **_undecided.COLUMNS,
            "cost_output_tokens": FLOAT,
        },
        ("dataset", "model", "strategy", "budget", "by", "rank"),
        ("accuracy",),
    )
)


def outcome_columns(settings: Mapping[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return ("dataset", "problem_id", "subject", "difficulty")


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``breadth``; a strategy's smallest and largest budget, levels of known problems."""
    evaluations = inputs["evaluations"]
    pieces: list[pd.DataFrame] = []
    if len(evaluations):
        columns = ["dataset", "problem_id", "subject", "difficulty"]
        problems = inputs["outcomes"][columns].drop_duplicates(["dataset", "problem_id"])
        for points in _points.dataset_points(evaluations, settings):
            own = problems[problems["dataset"] == points.name].set_index("problem_id")
            own = own.reindex(points.problem_ids)
            for by, levels in (
                ("subject", own["subject"].astype("string")),
                ("difficulty", difficulty_levels(own["difficulty"])),
            ):
                pieces += _levels(points, by, levels.to_numpy(dtype=object, na_value=None))
    if not pieces:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(pieces).sort_values(list(SCHEMA.key), ignore_index=True)


def difficulty_levels(difficulty: pd.Series) -> pd.Series:
    """Labels of difficulties: the value itself where few are distinct, else quintile ranges."""
    values = pd.to_numeric(difficulty)
    if values.nunique() <= MAX_LEVELS:
        return values.map(lambda v: None if pd.isna(v) else f"{v:g}").astype("string")
    bins = pd.qcut(values, 5, duplicates="drop")
    return bins.map(lambda b: f"{b.left:g} to {b.right:g}").astype("string")


def _order(levels: np.ndarray) -> list[str]:
    known = sorted({level for level in levels if level is not None})
    try:
        return sorted(known, key=lambda text: float(text.split(" to ")[0]))
    except ValueError:
        return known


def _levels(points: _points.DatasetPoints, by: str, levels: np.ndarray) -> list[pd.DataFrame]:
    grouped = points.keys.groupby(["model", "strategy"])["budget"]
    extreme = (points.keys["budget"] == grouped.transform("min")) | (
        points.keys["budget"] == grouped.transform("max")
    )
    chosen = np.flatnonzero(extreme)
    pieces = []
    for rank, level in enumerate(_order(levels)):
        rows = np.flatnonzero(levels == level)
        values = points.values["correct"][np.ix_(rows, chosen)]
        mean = values.mean(axis=0)
        low, high = intervals.share(values).interval()
        if len(rows) < 2:
            low, high = np.full_like(mean, np.nan), np.full_like(mean, np.nan)
        tokens = points.values.get("cost_output_tokens")
        pieces.append(
            points.keys.iloc[chosen].assign(
                dataset=points.name,
                by=by,
                level=level,
                rank=rank,
                n_problems=len(rows),
                accuracy=mean,
                low=low,
                high=high,
                **_undecided.of_rows(points.values, rows, chosen),
                cost_output_tokens=np.nan
                if tokens is None
                else tokens[np.ix_(rows, chosen)].mean(axis=0),
            )
        )
    return pieces
