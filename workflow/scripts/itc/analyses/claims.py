"""Every claim as a hypothesis: effect, interval, verdict, and what it rests on."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.analyses._claims import assessed, outcome_columns
from itc.features._lexicon import lexicon_hash
from itc.schemas import FLOAT, INT, STRING, TEXT, Schema, register

__all__ = ["build", "outcome_columns"]

TITLE = "Claims and verdicts"
INPUTS = ("evaluations", "outcomes")
LOADS = ("claims",)  # kinds found at run time: all of their files decide this table

SCHEMA = register(
    Schema(
        "claims",
        2,
        {
            "claim": STRING,
            "part": STRING,
            "title": STRING,
            "statement": TEXT,
            "measure": TEXT,
            "unit": STRING,
            "kind": STRING,  # greater | at most: how the effect relates to the smallest effect
            "smallest_effect": FLOAT,
            "verdict": STRING,  # supported | contradicted | undecided | missing data
            "effect": FLOAT,
            "low": FLOAT,  # 95 %, clustered by problem over all units
            "high": FLOAT,
            "n_units": INT,  # model x dataset
            "n_agree": INT,  # units whose own effect lies on the claim's side
            "share_agree": FLOAT,
            "n_problems": INT,
            "models": TEXT,  # comma-separated
            "datasets": TEXT,
            "reason": TEXT,  # why data are missing
            "lexicon_sha256": STRING,  # of the lists of words that features were measured with
        },
        ("claim", "part"),
        ("verdict",),
    )
)


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``claims``, one row per part of a claim."""
    rows = []
    for name, module, verdict in assessed(inputs, settings):
        n = len(verdict.units)
        rows.append(
            {
                "claim": name,
                "part": verdict.part,
                "title": module.TITLE,
                "statement": module.STATEMENT,
                "measure": verdict.measure,
                "unit": verdict.unit,
                "kind": verdict.kind,
                "smallest_effect": verdict.smallest_effect,
                "verdict": verdict.verdict,
                "effect": verdict.effect,
                "low": verdict.low,
                "high": verdict.high,
                "n_units": n,
                "n_agree": sum(verdict.agree),
                "share_agree": sum(verdict.agree) / n if n else None,
                "n_problems": verdict.n_problems,
                "models": ", ".join(sorted({u.model for u in verdict.units})),
                "datasets": ", ".join(sorted({u.dataset for u in verdict.units})),
                "reason": verdict.reason or None,
            }
        )
    return pd.DataFrame(rows, columns=list(SCHEMA.columns)).assign(lexicon_sha256=lexicon_hash())
