"""H2: for reasoning models no other strategy beats majority vote at equal cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import TOKENS, gain_at_equal_cost
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import AT_MOST, Verdict, assess_units

TITLE = "Majority vote is hard to beat"
STATEMENT = (
    "With a reasoning model no other strategy gains accuracy over majority vote at equal output "
    "tokens."
)
TABLES = ("evaluations",)
BASELINES = ("majority", "single")


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """One part per strategy; unit: reasoning model x dataset; strategies with an oracle are out."""
    points = Evaluations.of(tables["evaluations"], settings)
    cells = list(points.cells(reasoning=True))
    rivals = sorted({s for cell in cells for s in points.strategies(*cell)} - set(BASELINES))
    rivals = [s for s in rivals if not points.upper_bound(s)]
    reason = "no reasoning model with majority vote and another strategy at equal cost"
    verdicts = []
    for rival in rivals:
        units = [
            gain_at_equal_cost(points, dataset, model, rival, "majority", TOKENS)
            for dataset, model in cells
        ]
        verdicts.append(assess_units(rival, units, about, reason, AT_MOST))
    return verdicts or [assess_units("any", [], about, reason, AT_MOST)]
