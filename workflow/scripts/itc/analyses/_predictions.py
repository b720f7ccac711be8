"""Out-of-sample probabilities of correctness, by features and by what was held out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _responses as responses
from itc.analyses.regression import LENGTHS, MARKERS, length_feature
from itc.features import confidence
from itc.regression.cross_validation import CrossFit, cross_fitted, held_out

BEHAVIOUR = ("f_repetition", "f_answer_statements", "f_answer_changes", "f_thinking_share")
CONFIDENCE = tuple(column for column in confidence.COLUMNS if column != "f_truncated")
COLUMNS = (
    *responses.COLUMNS,
    *responses.JUDGED,
    *LENGTHS,
    *MARKERS,
    *BEHAVIOUR,
    *CONFIDENCE,
)
HELD_OUT = {
    "problems": "five folds of problems of the same dataset",
    "dataset": "all other datasets of the same model",
}
MIN_PROBLEMS = 10


def feature_sets(frame: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Name -> feature columns that some response has."""
    length = (length_feature(frame),)
    sets = {
        "length": length,
        "markers": MARKERS,
        "markers_length": (*MARKERS, *length),
        "all_text": (*MARKERS, *length, *BEHAVIOUR),
        "confidence": CONFIDENCE,
        "judge": ("f_judge_score",),
    }
    known = {name: tuple(c for c in columns if has(frame, c)) for name, columns in sets.items()}
    return {name: columns for name, columns in known.items() if columns}


def has(frame: pd.DataFrame, column: str) -> bool:
    """Whether any response has ``column``."""
    return column in frame and bool(frame[column].notna().any())


def predictions(
    frame: pd.DataFrame,
) -> Iterator[tuple[dict[str, str], pd.DataFrame, CrossFit]]:
    """(model, dataset, features, held_out), rows, and their predictions; held-out ones only.

    ``frame``: decided responses of ``responses.decided``. A model and dataset with fewer than
    MIN_PROBLEMS problems, or with one outcome only, gives nothing.
    """
    for model, own in frame.groupby("model", sort=True, observed=True):
        sets = feature_sets(own)
        values = {n: own[list(cs)].to_numpy(np.float64, na_value=np.nan) for n, cs in sets.items()}
        y = own["right"].to_numpy()
        for dataset in sorted(own["dataset"].unique()):
            here = (own["dataset"] == dataset).to_numpy()
            rows = own[here]
            if rows["problem"].nunique() < MIN_PROBLEMS or rows["right"].nunique() < 2:
                continue
            for name, x in values.items():
                cell = {"model": str(model), "dataset": str(dataset), "features": name}
                labels = rows["problem"].to_numpy()
                yield cell | {"held_out": "problems"}, rows, cross_fitted(x[here], y[here], labels)
                if not here.all():
                    away = held_out(x[~here], y[~here], x[here], labels)
                    yield cell | {"held_out": "dataset"}, rows, away


def answered(outcomes: pd.DataFrame, settings: dict[str, Any]) -> pd.DataFrame:
    """Decided responses with an answer: a response without one needs no prediction."""
    frame = responses.decided(outcomes, settings)
    return frame[frame["answer_class"] >= 0].reset_index(drop=True)
