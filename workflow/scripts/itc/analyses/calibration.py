"""Reliability curves: predicted probability of being correct against the share that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from itc.analyses import _predictions, _responses
from itc.features._lexicon import lexicon_hash
from itc.regression.calibration import reliability
from itc.schemas import FLOAT, INT, STRING, Schema, register

TITLE = "Calibration of predicted correctness"
INPUTS = ("outcomes",)
UNIT = "model"

KEY = {
    "model": STRING,
    "dataset": STRING,
    "features": STRING,
    "held_out": STRING,
    "bin": INT,  # 0..9, equal widths of predicted probability
}
SCHEMA = register(
    Schema(
        "calibration",
        1,
        {
            **KEY,
            "lexicon_sha256": STRING,
            "n": INT,
            "n_undecided": INT,  # responses left out, their grade being undecided
            "mean_probability": FLOAT,
            "share_correct": FLOAT,
        },
        tuple(KEY),
    )
)


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return _predictions.COLUMNS


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``calibration``; predictions are those of table ``prediction``."""
    frame = _predictions.answered(inputs["outcomes"], settings)
    curves = [
        reliability(found.probability, part["right"].to_numpy()).assign(
            **cell, n_undecided=_responses.n_undecided(part)
        )
        for cell, part, found in _predictions.predictions(frame)
    ]
    if not curves:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(curves, ignore_index=True).assign(lexicon_sha256=lexicon_hash())
