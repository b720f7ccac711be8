"""What each verdict rests on: the effect of every model on every dataset."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.analyses._claims import assessed, outcome_columns
from itc.claims._verdict import interval
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register

__all__ = ["build", "outcome_columns"]

TITLE = "Evidence behind the verdicts"
INPUTS = ("evaluations", "outcomes")
LOADS = ("claims",)  # kinds found at run time: all of their files decide this table

SCHEMA = register(
    Schema(
        "claim_evidence",
        1,
        {
            "claim": STRING,
            "part": STRING,
            "model": STRING,
            "dataset": STRING,
            "effect": FLOAT,
            "low": FLOAT,  # 95 %, over the unit's own problems
            "high": FLOAT,
            "agrees": BOOL,
            "n_problems": INT,
        },
        ("claim", "part", "model", "dataset"),
        ("effect",),
    )
)


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``claim_evidence``, one row per unit of every part."""
    rows = []
    for name, _, verdict in assessed(inputs, settings):
        for unit, agrees in zip(verdict.units, verdict.agree, strict=True):
            low, high = interval(unit.effect, unit.influence.to_numpy(), unit.n_problems)
            place = (name, verdict.part, unit.model, unit.dataset)
            rows.append((*place, unit.effect, low, high, agrees, unit.n_problems))
    return pd.DataFrame(rows, columns=list(SCHEMA.columns))
