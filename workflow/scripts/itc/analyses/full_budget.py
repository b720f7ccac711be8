"""One response against a vote at full budget, for every model, and the source's own grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register
from itc.stats import intervals

TITLE = "One response and a vote at full budget"
INPUTS = ("curves", "outcomes")

SCHEMA = register(
    Schema(
        "full_budget",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "reasoning": BOOL,
            "n_problems": INT,
            "single": FLOAT,  # accuracy of one response, undecided counted as wrong
            "single_low": FLOAT,  # 95 %, for the problems meant
            "single_high": FLOAT,
            "budget": INT,  # largest number of draws of the majority vote; null without a vote
            "vote": FLOAT,  # accuracy of the majority vote at that budget
            "vote_low": FLOAT,
            "vote_high": FLOAT,
            "undecided": FLOAT,  # share of responses that nothing could grade
            "recorded": FLOAT,  # mean over problems of the source's own grades
            "recorded_low": FLOAT,
            "recorded_high": FLOAT,
            "graded": FLOAT,  # share of responses that the source graded
        },
        ("dataset", "model"),
        ("reasoning",),
    )
)
ENDS = ("", "_low", "_high")


def outcome_columns(settings: Mapping[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return ("dataset", "model", "procedure", "problem_id", "verdict", "source_correct")


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``full_budget``, one row per dataset and model, from ``curves`` and ``outcomes``."""
    curves, outcomes = inputs["curves"], inputs["outcomes"]
    outcomes = outcomes[outcomes["procedure"] == settings.get("sample_procedure", "sample")]
    rows = []
    for (dataset, model), part in outcomes.groupby(["dataset", "model"], sort=True):
        own = curves[(curves["dataset"] == dataset) & (curves["model"] == model)]
        row = {
            "dataset": dataset,
            "model": model,
            "reasoning": bool(settings["models"][model]["reasoning"]),
            "n_problems": part["problem_id"].nunique(),
            "undecided": (part["verdict"] == "undecided").mean(),
            **_point(own[(own["strategy"] == "single") & (own["budget"] == 1)], "single"),
            **_point(own[own["strategy"] == "majority"], "vote"),
            **_recorded(part, settings, str(dataset), str(model)),
        }
        votes = own.loc[own["strategy"] == "majority", "budget"]
        rows.append(row | {"budget": votes.max() if len(votes) else None})
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.astype({"budget": "Int32"})


def _point(rows: pd.DataFrame, name: str) -> dict[str, float]:
    """Accuracy and interval at the largest budget."""
    if rows.empty:
        return {f"{name}{end}": np.nan for end in ENDS}
    last = rows.sort_values("budget").iloc[-1]
    values = last[["accuracy", "low", "high"]].astype(float)
    return dict(zip((f"{name}{end}" for end in ENDS), values, strict=True))


def _recorded(
    part: pd.DataFrame, settings: Mapping[str, Any], dataset: str, model: str
) -> dict[str, float]:
    """Mean of the source's grades, each problem weighing equally, as in every strategy."""
    grades = part["source_correct"].astype("boolean")
    known = grades.dropna().astype(float)
    if known.empty:
        return {f"recorded{end}": np.nan for end in ENDS} | {"graded": 0.0}
    means = known.groupby(part.loc[known.index, "problem_id"]).mean().to_numpy()[:, None]
    mean = means.mean(axis=0)
    low, high = intervals.share(means).interval()
    values = (float(mean[0]), float(low[0]), float(high[0]))
    return dict(zip((f"recorded{end}" for end in ENDS), values, strict=True)) | {
        "graded": float(grades.notna().mean())
    }
