"""Beyond the paper: parallel votes against sequential revision, by tokens and by latency."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import LATENCY, TOKENS, gain_at_equal_cost
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Unit, Verdict, assess_units

TITLE = "Parallel beats sequential"
STATEMENT = (
    "Majority vote of parallel responses is right more often than sequential revision or extended "
    "thinking at equal output tokens, and at equal tokens one after the other (latency)."
)
TABLES = ("evaluations",)
KINDS = ("revise", "extend")


def _turned(unit: Unit | None) -> Unit | None:
    """The same contrast seen from the baseline."""
    if unit is None:
        return None
    return Unit(unit.model, unit.dataset, -unit.effect, -unit.influence)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """One part per sequential strategy and cost axis; unit: model x dataset, all models."""
    points = Evaluations.of(tables["evaluations"], settings)
    cells = list(points.cells())
    names = [
        s for s in points.all_strategies() if points.kind(s) in KINDS and not points.upper_bound(s)
    ]
    verdicts = []
    for axis, words in ((TOKENS, "output tokens"), (LATENCY, "sequential tokens")):
        more = about | {"measure": f"{about['measure']}, at equal {words}"}
        for strategy in names:
            units = [
                _turned(gain_at_equal_cost(points, dataset, model, strategy, "majority", axis))
                for dataset, model in cells
            ]
            reason = f"majority vote has no point at the {words} of {strategy}"
            verdicts.append(assess_units(f"{strategy}, {words}", units, more, reason))
        if not names:
            reason = "no strategy of sequential revision or extended thinking was evaluated"
            verdicts.append(assess_units(words, [], more, reason))
    return verdicts
