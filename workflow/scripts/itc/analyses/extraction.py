"""How the answers were found: the audit of what graders could read in the replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from itc.schemas import BOOL, FLOAT, INT, LONG, RESPONSE_KEY, STRING, Schema, register

TITLE = "How answers were found"
INPUTS = ("outcomes",)
UNIT = "cell"

KEY = {"dataset": STRING, "model": STRING, "procedure": STRING, "how": STRING}
SCHEMA = register(
    Schema(
        "extraction",
        1,
        {
            **KEY,  # how: boxed | phrase | tag | json | thinking | fallback | source | none
            "n_responses": LONG,
            "independent": BOOL,  # plain samples, whose prompt asks for a format of the answer
            "share": FLOAT,  # of the responses of this dataset, model and procedure
            "right": FLOAT,  # share of these responses that are right; undecided ones are not
            "undecided": FLOAT,
            "n_problems": INT,
        },
        tuple(KEY),
        ("n_responses",),
    )
)


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return (*RESPONSE_KEY, "answer_how", "verdict")


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``extraction`` from ``outcomes``, without judgements and selections."""
    outcomes = inputs["outcomes"]
    entries = settings.get("procedures", {})
    other = [
        name
        for name, entry in entries.items()
        if entry.get("kind") == "judge" or entry.get("show") == "select"
    ]
    rows = outcomes[~outcomes["procedure"].isin(other)]
    rows = rows.assign(
        how=rows["answer_how"].astype(str),
        right=(rows["verdict"] == "right").astype(float),
        undecided=(rows["verdict"] == "undecided").astype(float),
    )
    table = (
        rows.groupby(list(KEY), sort=True, observed=True)
        .agg(
            n_responses=("right", "size"),
            right=("right", "mean"),
            undecided=("undecided", "mean"),
            n_problems=("problem_id", "nunique"),
        )
        .reset_index()
    )
    whole = table.groupby(list(KEY)[:3], observed=True)["n_responses"].transform("sum")
    plain = table["procedure"].map(lambda name: entries.get(name, {}).get("kind", "sample"))
    table = table.assign(share=table["n_responses"] / whole, independent=plain == "sample")
    return table[list(SCHEMA.columns)]
