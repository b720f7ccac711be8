"""Beyond the paper: the same weights with thinking on and off."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import TOKENS
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Unit, Verdict, assess_units, from_means

TITLE = "Thinking helps the same weights"
STATEMENT = (
    "One response with thinking is right more often than the majority vote of the same weights "
    "without thinking, at the same number of output tokens."
)
TABLES = ("evaluations",)


def pairs(models: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """(reasoning, other) config entries that name the same weights."""
    return [
        (on, off)
        for on, about in sorted(models.items())
        for off, other in sorted(models.items())
        if about.get("reasoning")
        and not other.get("reasoning")
        and about.get("model")
        and about.get("model") == other.get("model")
    ]


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Unit: pair of config entries x dataset; the vote is taken at the tokens of one thought."""
    points = Evaluations.of(tables["evaluations"], settings)
    units: list[Unit | None] = []
    for on, off in pairs(settings.get("models", {})):
        for dataset in sorted({d for d, m in points.cells() if m == on}):
            if not points.budgets(dataset, on, "single"):
                continue
            cost = points.cost(dataset, on, "single", 1, TOKENS)
            base = points.at_cost(dataset, off, "majority", cost, TOKENS)
            if base is not None:
                gain = points.correct(dataset, on, "single", 1) - base
                units.append(from_means(f"{on} / {off}", dataset, gain))
    reason = "no weights were sampled with thinking on and off (two config entries, one `model`)"
    return [assess_units("equal tokens", units, about, reason)]
