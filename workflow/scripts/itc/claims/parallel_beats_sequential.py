"""Beyond the paper: parallel votes against sequential revision, by tokens and by latency."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import HELD, LATENCY, TOKENS, at_equal_cost
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Verdict, assess_units

TITLE = "Parallel beats sequential"
STATEMENT = (
    "With the models of this study majority vote of parallel responses is right more often than "
    "sequential revision or extended thinking at equal output tokens."
)
PRIMARY = "smallest lead of the vote at equal output tokens"
OVER = "smallest"
TABLES = ("evaluations",)
KINDS = ("revise", "extend")


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """One part per sequential strategy and cost axis; unit: model x dataset, all models."""
    points = Evaluations.of(tables["evaluations"], settings)
    cells = list(points.cells())
    names = [s for s in points.all_strategies() if points.kind(s) in KINDS and points.rival(s)]
    verdicts = []
    for axis in (TOKENS, LATENCY):
        words, primary = HELD[axis], axis == TOKENS
        more = about | {"measure": f"{about['measure']}, at equal {words}"}
        for strategy in names:
            found = at_equal_cost(points, cells, strategy, "majority", axis)
            units = [None if unit is None else unit.turned() for unit in found.units]
            reason = found.why(f"majority vote has no point at the {words} of {strategy}")
            verdicts.append(
                assess_units(f"{strategy}, {words}", units, more, reason, primary=primary)
            )
        if not names:
            reason = "no strategy of sequential revision or extended thinking was evaluated"
            verdicts.append(assess_units(words, [], more, reason, primary=primary))
    return verdicts
