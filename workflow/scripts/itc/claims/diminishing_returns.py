"""H3: more responses bring less and less, and little in the end, with reasoning models."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import decline, last_doubling
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import AT_MOST, Verdict, assess_units

TITLE = "Diminishing returns"
STATEMENT = (
    "With the reasoning models of this study the last doubling of the number of votes adds almost "
    "nothing."
)
PRIMARY = "gain of the last doubling of votes"
OVER = "largest"
TABLES = ("evaluations",)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Parts: gain of the last doubling; gain per doubling at the start minus at the end."""
    points = Evaluations.of(tables["evaluations"], settings)
    cells = list(points.cells(reasoning=True))
    last = [last_doubling(points, dataset, model, "majority") for dataset, model in cells]
    falling = [decline(points, dataset, model) for dataset, model in cells]
    more = {"measure": "gain per doubling of the first votes minus that of the last ones"}
    reason = "no reasoning model has majority vote at a budget and at twice that budget"
    return [
        assess_units("last doubling", last, about, f"{reason}, from 2 votes on", AT_MOST),
        assess_units("decline", falling, about | more, f"{reason}, beyond 4 votes", primary=False),
    ]
