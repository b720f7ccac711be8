"""Whether features predict correctness of responses to questions never seen: AUROC, Brier, ECE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from itc.analyses import _predictions, _responses
from itc.analyses._contrast import LEVEL
from itc.features._lexicon import lexicon_hash
from itc.regression import calibration as measure
from itc.regression import cross_validation as validation
from itc.schemas import FLOAT, INT, STRING, Schema, register

TITLE = "Predictive value of features, out of sample"
INPUTS = ("outcomes",)
UNIT = "model"

KEY = {
    "model": STRING,
    "dataset": STRING,
    "features": STRING,  # see _predictions.feature_sets
    "held_out": STRING,  # problems | dataset
}
# What the intervals are about: other problems, or other problems and other fits of this size.
INTERVAL_FOR = {"problems": "fits of this size", "dataset": "this fit"}
SCHEMA = register(
    Schema(
        "prediction",
        2,
        {
            **KEY,
            "lexicon_sha256": STRING,
            "n_responses": INT,
            "n_problems": INT,
            "n_problems_both": INT,
            "n_undecided": INT,
            "share_correct": FLOAT,
            "interval_for": STRING,  # see INTERVAL_FOR
            "auroc": FLOAT,  # pairs of one fold: also rewards telling easy from hard questions
            "auroc_low": FLOAT,  # 95 %, over problems
            "auroc_high": FLOAT,
            "within_auroc": FLOAT,  # mean over questions with both outcomes
            "within_auroc_low": FLOAT,
            "within_auroc_high": FLOAT,
            "brier": FLOAT,
            "brier_base": FLOAT,  # of always saying the share correct where the fit learned
            "calibration_error": FLOAT,  # expected, ten equal bins
        },
        tuple(KEY),
    )
)


def _interval(centre: float, se: float, n: int) -> tuple[float, float]:
    """Student interval cut at 0 and 1; NaN below two problems."""
    if n < 2:
        return np.nan, np.nan
    reach = stats.t.ppf((1 + LEVEL) / 2, n - 1) * se
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def measures(found: validation.CrossFit, right: np.ndarray, problem: np.ndarray) -> dict[str, Any]:
    """Columns of the table from one set of held-out predictions.

    ``right`` (n,) 0/1, ``problem`` (n,) codes 0..P-1.
    """
    yes = np.asarray(right, bool)
    n_groups = int(found.group.max()) + 1
    area = validation.fold_auroc(found.log_odds, yes, found.fold)
    low, high = _interval(area, validation.auroc_error(found, yes), n_groups)
    inside = validation.problem_auroc(found.log_odds, yes, problem)
    inside = inside[np.isfinite(inside)]
    n = len(inside)
    within = float(inside.mean()) if n else np.nan
    error = validation.within_error(found, yes, problem)
    within_low, within_high = _interval(within, error, min(n, n_groups))
    return {
        "n_responses": len(right),
        "n_problems": int(problem.max()) + 1,
        "n_problems_both": n,
        "share_correct": right.mean(),
        "auroc": area,
        "auroc_low": low,
        "auroc_high": high,
        "within_auroc": within,
        "within_auroc_low": within_low,
        "within_auroc_high": within_high,
        "brier": measure.brier(found.probability, right),
        "brier_base": measure.brier(found.base, right),
        "calibration_error": measure.expected_calibration_error(
            measure.reliability(found.probability, right)
        ),
    }


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return _predictions.COLUMNS


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``prediction``; every probability comes from a fit that never saw the question."""
    frame = _predictions.answered(inputs["outcomes"], settings)
    rows = []
    for cell, part, found in _predictions.predictions(frame):
        codes = pd.factorize(part["problem"])[0]
        row = cell | measures(found, part["right"].to_numpy(), codes)
        row |= {"interval_for": INTERVAL_FOR[cell["held_out"]]}
        rows.append(row | {"n_undecided": _responses.n_undecided(part)})
    table = pd.DataFrame(rows, columns=[c for c in SCHEMA.columns if c != "lexicon_sha256"])
    return table.assign(lexicon_sha256=lexicon_hash())
