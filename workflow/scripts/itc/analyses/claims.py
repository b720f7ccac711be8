"""Every claim as a hypothesis: effect, interval, verdict, and what it rests on."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.analyses._claims import Assessed, assessed, outcome_columns
from itc.claims._spread import between_models
from itc.claims._verdict import Verdict, ruled_out
from itc.features._lexicon import lexicon_hash
from itc.schemas import BOOL, FLOAT, INT, STRING, TEXT, Schema, register

__all__ = ["build", "outcome_columns"]

TITLE = "Claims and verdicts"
INPUTS = ("evaluations", "outcomes")
LOADS = ("claims",)  # kinds found at run time: all of their files decide this table

SCHEMA = register(
    Schema(
        "claims",
        3,
        {
            "claim": STRING,
            "part": STRING,
            "title": STRING,
            "statement": TEXT,
            "measure": TEXT,
            "unit": STRING,
            "kind": STRING,  # greater | at most: how the effect relates to the smallest effect
            "smallest_effect": FLOAT,
            "verdict": STRING,  # one of claims._verdict.WORDS, from joint_low and joint_high
            "ruled_out": BOOL,  # undecided, and yet an effect of the smallest size is ruled out
            "effect": FLOAT,
            "low": FLOAT,  # 95 % of this part alone, clustered by problem over all units
            "high": FLOAT,
            "joint_low": FLOAT,  # 95 % for all parts of the claim together: these decide
            "joint_high": FLOAT,
            "p_value": FLOAT,  # two-sided, of no effect; from the same statistic as low, high
            "p_joint": FLOAT,  # adjusted for the parts of the claim (max-T)
            "primary": BOOL,  # belongs to the claim's primary endpoint
            "primary_endpoint": TEXT,
            "claim_verdict": STRING,  # of the claim: of its primary endpoint
            "claim_ruled_out": BOOL,
            "claim_low": FLOAT,  # 95 % of the primary endpoint
            "claim_high": FLOAT,
            "tested": TEXT,  # number and names of the strategies tested; null elsewhere
            "resolves": FLOAT,  # distance from the smallest effect seen with 80 % power
            "chance_wrong": FLOAT,  # of a wrong verdict of the claim where no effect exists
            "tau": FLOAT,  # standard deviation of the effect between models; null below 3 models
            "predicted_low": FLOAT,  # 95 % prediction interval of one more such model
            "predicted_high": FLOAT,
            "hinges_on": TEXT,  # models without which the word changes, comma-separated
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
    for claim in assessed(inputs, settings):
        for part in claim.parts:
            rows.append(_of_claim(claim) | _of_part(part))
    table = pd.DataFrame(rows).assign(lexicon_sha256=lexicon_hash())
    return table.reindex(columns=list(SCHEMA.columns))


def _of_claim(claim: Assessed) -> dict[str, Any]:
    """Columns that all parts of a claim share."""
    whole, kind = claim.whole, claim.parts[0].kind
    primary = next((p for p in claim.parts if p.primary), claim.parts[0])
    return {
        "claim": claim.name,
        "title": claim.module.TITLE,
        "statement": claim.statement,
        "primary_endpoint": claim.module.PRIMARY,
        "claim_verdict": whole.verdict,
        "claim_ruled_out": ruled_out(kind, whole.verdict, whole.high, primary.smallest_effect),
        "claim_low": whole.low,
        "claim_high": whole.high,
        "tested": claim.tested or None,
        "resolves": whole.resolves,
        "chance_wrong": whole.wrong,
    }


def _of_part(part: Verdict) -> dict[str, Any]:
    """Columns of one part."""
    n = len(part.units)
    spread = between_models(part)
    return {
        "part": part.part,
        "measure": part.measure,
        "unit": part.unit,
        "kind": part.kind,
        "smallest_effect": part.smallest_effect,
        "verdict": part.verdict,
        "ruled_out": ruled_out(part.kind, part.verdict, part.joint_high, part.smallest_effect),
        "effect": part.effect,
        "low": part.low,
        "high": part.high,
        "joint_low": part.joint_low,
        "joint_high": part.joint_high,
        "p_value": part.p_value,
        "p_joint": part.p_joint,
        "primary": part.primary,
        "tau": spread.tau,
        "predicted_low": spread.low,
        "predicted_high": spread.high,
        "hinges_on": ", ".join(spread.hinges_on) or None,
        "n_units": n,
        "n_agree": sum(part.agree),
        "share_agree": sum(part.agree) / n if n else None,
        "n_problems": part.n_problems,
        "models": ", ".join(sorted({u.model for u in part.units})),
        "datasets": ", ".join(sorted({u.dataset for u in part.units})),
        "reason": part.reason or None,
    }
