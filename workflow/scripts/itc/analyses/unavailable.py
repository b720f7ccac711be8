"""Why a strategy has no value for a model or a budget: missing columns, procedures or draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from itc import registry
from itc.schemas import INT, STRING, TEXT, Schema, register
from itc.strategies._availability import availability, inventory

TITLE = "Strategies that the recorded responses do not allow"
LOADS = ("strategies",)
INPUTS = ("outcomes",)
UNIT = "cell"

SCHEMA = register(
    Schema(
        "unavailable",
        1,
        {
            "dataset": STRING,
            "strategy": STRING,
            "model": STRING,
            "budget": INT,  # 0: every budget
            "reason": TEXT,
        },
        ("dataset", "strategy", "model", "budget"),
        ("reason",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``unavailable``; ``settings["strategies"]`` limits the strategies, else all of them."""
    names = settings.get("strategies") or registry.names("strategies")
    options = settings.get("strategy_options", {})
    pieces = []
    for dataset, rows in inputs["outcomes"].groupby("dataset", sort=True):
        stock = inventory(rows)
        for name in names:
            module, params = registry.strategy(name, options)
            found = availability(module, stock, settings["budgets"], params)
            pieces.append(
                found.groupby(["model", "budget"], as_index=False)["reason"]
                .agg("; ".join)
                .assign(dataset=dataset, strategy=name)
            )
    table = pd.concat(pieces)[list(SCHEMA.columns)]
    return table.sort_values(list(SCHEMA.key), ignore_index=True)
