"""H6: features of responses make majority vote better at equal cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import HELD, TOKENS, at_equal_cost, measured
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Verdict, assess_units

TITLE = "Features improve the vote"
STATEMENT = (
    "Filtering or weighting votes of the reasoning models of this study by length or markers gains "
    "accuracy over plain majority vote at equal output tokens."
)
PRIMARY = "largest gain of the strategies by length or markers"
OVER = "largest"
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
    """One part per strategy; unit: reasoning model x dataset, at its largest comparable budget."""
    points = Evaluations.of(tables["evaluations"], settings)
    cells = list(points.cells(reasoning=True))
    verdicts = []
    for strategy in STRATEGIES:
        found = at_equal_cost(points, cells, strategy, "majority", TOKENS)
        reason = f"strategy {strategy} or majority was evaluated for no reasoning model"
        own = measured(about, found.held, HELD[TOKENS])
        verdicts.append(assess_units(strategy, found.units, own, found.why(reason)))
    return verdicts
