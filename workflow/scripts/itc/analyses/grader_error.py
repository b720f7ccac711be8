"""Second grades: how often the grader is wrong either way, and the accuracy that this implies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _undecided
from itc.schemas import FLOAT, INT, LONG, STRING, Schema, register
from itc.stats import misclassification
from itc.stats.intervals import Estimate

TITLE = "False grades and the accuracy corrected for them"
INPUTS = ("outcomes",)
UNIT = "cell"

SCHEMA = register(
    Schema(
        "grader_error",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "procedure": STRING,
            "n_problems": INT,
            "n_responses": LONG,
            "n_second": LONG,  # responses with a second grade
            "n_false_right": LONG,  # graded right here, wrong by the second grade
            "n_false_wrong": LONG,  # graded wrong or undecided here, right by the second grade
            "false_right": FLOAT,  # share of the truly wrong ones, the second grade taken as truth
            "false_right_low": FLOAT,  # 95 %, clustered by problem
            "false_right_high": FLOAT,
            "false_wrong": FLOAT,  # share of the truly right ones
            "false_wrong_low": FLOAT,
            "false_wrong_high": FLOAT,
            "accuracy": FLOAT,  # of one response, as graded here
            **_undecided.COLUMNS,
            "corrected": FLOAT,  # (accuracy - false_right) / (1 - false_right - false_wrong)
            "corrected_low": FLOAT,  # 95 %, for the problems meant, both rates uncertain
            "corrected_high": FLOAT,
        },
        ("dataset", "model", "procedure"),
        ("n_second",),
    )
)


def outcome_columns(settings: Mapping[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return ("dataset", "model", "procedure", "problem_id", "verdict", "source_correct")


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``grader_error``; procedures without any second grade are absent."""
    outcomes = inputs["outcomes"]
    rows = []
    for key, part in outcomes.groupby(["dataset", "model", "procedure"], sort=True):
        if part["source_correct"].notna().any():
            rows.append(dict(zip(SCHEMA.key, key, strict=True)) | _row(part))
    return pd.DataFrame(rows, columns=list(SCHEMA.columns))


def counts(part: pd.DataFrame) -> misclassification.Counts:
    """Counts per problem; an undecided response counts as wrong, as in every accuracy."""
    right = (part["verdict"] == "right").to_numpy()
    second = part["source_correct"].astype("boolean")
    known = second.notna().to_numpy()
    true = second.fillna(value=False).to_numpy(dtype=bool)
    problem = pd.factorize(part["problem_id"])[0]

    def per_problem(chosen: np.ndarray) -> np.ndarray:
        return np.bincount(problem[chosen], minlength=problem.max() + 1).astype(float)

    return misclassification.Counts(
        n=per_problem(np.ones_like(known)),
        right=per_problem(right),
        truly_wrong=per_problem(known & ~true),
        false_right=per_problem(known & ~true & right),
        truly_right=per_problem(known & true),
        false_wrong=per_problem(known & true & ~right),
    )


def _row(part: pd.DataFrame) -> dict[str, Any]:
    found = counts(part)
    return {
        "n_problems": len(found.n),
        "n_responses": len(part),
        "n_second": int((found.truly_wrong + found.truly_right).sum()),
        "n_false_right": int(found.false_right.sum()),
        "n_false_wrong": int(found.false_wrong.sum()),
        **_ends("false_right", misclassification.false_right(found)),
        **_ends("false_wrong", misclassification.false_wrong(found)),
        **_accuracy(part),
        **_named("corrected", misclassification.corrected(found)),
    }


def _accuracy(part: pd.DataFrame) -> dict[str, float]:
    """Accuracy of one response, problems weighing equally, and what undecided ones leave open."""
    verdict = part["verdict"]
    each = pd.DataFrame({"right": verdict == "right", "undecided": verdict == "undecided"})
    right, undecided = each.groupby(part["problem_id"]).mean().mean()
    ends = {"undecided_low": right, "undecided_high": min(right + undecided, 1.0)}
    return {"accuracy": right, "undecided": undecided} | ends


def _ends(name: str, estimate: Estimate | None) -> dict[str, float]:
    if estimate is None:
        return _named(name, None)
    low, high = estimate.interval()
    return _named(name, (float(estimate.value[0]), float(low[0]), float(high[0])))


def _named(name: str, values: tuple[float, float, float] | None) -> dict[str, float]:
    keys = (name, f"{name}_low", f"{name}_high")
    return dict(zip(keys, values or (np.nan,) * 3, strict=True))
