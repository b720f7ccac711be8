"""H6: features of responses make majority vote better at equal cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import TOKENS, gain_at_equal_cost
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Verdict, assess_units

TITLE = "Features improve the vote"
STATEMENT = (
    "Filtering or weighting votes of reasoning models by length or markers gains accuracy over "
    "plain majority vote at equal cost."
)
TABLES = ("evaluations",)
STRATEGIES = (
    "marker_filtered",
    "marker_weighted",
    "regression_weighted",
    "length_filtered",
    "shortest_majority",
)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """One part per strategy; unit: reasoning model x dataset, at the largest budget."""
    points = Evaluations.of(tables["evaluations"], settings)
    cells = list(points.cells(reasoning=True))
    verdicts = []
    for strategy in STRATEGIES:
        units = [
            gain_at_equal_cost(points, dataset, model, strategy, "majority", TOKENS)
            for dataset, model in cells
        ]
        reason = f"strategy {strategy} or majority was evaluated for no reasoning model"
        verdicts.append(assess_units(strategy, units, about, reason))
    return verdicts
