"""What each verdict rests on: the effect of every model on every dataset."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.analyses._claims import assessed, outcome_columns
from itc.claims._verdict import combine
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register

__all__ = ["build", "outcome_columns"]

TITLE = "Evidence behind the verdicts"
INPUTS = ("evaluations", "outcomes")
LOADS = ("claims",)  # kinds found at run time: all of their files decide this table

SCHEMA = register(
    Schema(
        "claim_evidence",
        2,
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
            "budget": INT,  # of the strategy that was compared; null where there is none
            "held": STRING,  # what was equal on both sides: output tokens, samples; null if nothing
        },
        ("claim", "part", "model", "dataset"),
        ("effect",),
    )
)


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``claim_evidence``, one row per unit of every part."""
    rows = []
    for claim in assessed(inputs, settings):
        for part in claim.parts:
            for unit, agrees in zip(part.units, part.agree, strict=True):
                low, high = (float(end[0]) for end in combine([unit]).interval())
                place = (claim.name, part.part, unit.model, unit.dataset)
                more = (unit.n_problems, unit.budget, unit.held or None)
                rows.append((*place, unit.effect, low, high, agrees, *more))
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.astype({"budget": "Int32"})
