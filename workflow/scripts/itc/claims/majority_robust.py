"""H2: for reasoning models no other strategy beats majority vote at equal cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import HELD, TOKENS, at_equal_cost, measured
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import AT_MOST, Verdict, assess_units

TITLE = "Majority vote is hard to beat"
STATEMENT = (
    "With the reasoning models of this study no other strategy that was tested gains accuracy over "
    "majority vote at equal output tokens."
)
PRIMARY = "largest gain of the strategies tested"
OVER = "largest"
TABLES = ("evaluations",)
BASELINES = ("majority", "single")


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """One part per strategy; unit: reasoning model x dataset; oracles and controls are out."""
    points = Evaluations.of(tables["evaluations"], settings)
    cells = list(points.cells(reasoning=True))
    rivals = sorted({s for cell in cells for s in points.strategies(*cell)} - set(BASELINES))
    reason = "no reasoning model with majority vote and another strategy at equal cost"
    verdicts = []
    for rival in filter(points.rival, rivals):
        found = at_equal_cost(points, cells, rival, "majority", TOKENS)
        own = measured(about, found.held, HELD[TOKENS])
        verdicts.append(assess_units(rival, found.units, own, found.why(reason), AT_MOST))
    return verdicts or [assess_units("any", [], about, reason, AT_MOST)]
