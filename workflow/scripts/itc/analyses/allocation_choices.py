"""What the allocation chose: strategy and budget per difficulty bin, over folds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from itc.analyses.allocation import compute
from itc.schemas import FLOAT, INT, STRING, Schema, register

TITLE = "Strategy and budget chosen for each difficulty"
LOADS = ("strategies",)
INPUTS = ("outcomes",)
UNIT = "cell"

SCHEMA = register(
    Schema(
        "allocation_choices",
        2,
        {
            "dataset": STRING,
            "model": STRING,
            "policy": STRING,  # as in table ``allocation``
            "target_budget": INT,
            "bin": INT,  # of difficulty: 0 holds the lowest agreement or accuracy, the hardest
            "strategy": STRING,
            "budget": INT,
            "folds": INT,  # of five, in which this was chosen for some problems
            "share": FLOAT,  # mean over folds of the share of the bin's problems that get it
        },
        ("dataset", "model", "policy", "target_budget", "bin", "strategy", "budget"),
        ("folds",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``allocation_choices``; the bins and choices that table ``allocation`` scores."""
    _, choices = compute(inputs["outcomes"], settings)
    table = pd.DataFrame(choices, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)
