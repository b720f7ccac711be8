"""H3: more responses bring less and less, and little in the end, with reasoning models."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import last_doubling
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import AT_MOST, Verdict, assess_units, from_means

TITLE = "Diminishing returns"
STATEMENT = (
    "With a reasoning model the last doubling of the number of votes adds almost nothing, and less "
    "than the first doubling that breaks ties (two to four votes)."
)
TABLES = ("evaluations",)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Parts: gain of the last doubling; gain from 2 to 4 votes minus that gain."""
    points = Evaluations.of(tables["evaluations"], settings)
    last, decline = [], []
    for dataset, model in points.cells(reasoning=True):
        budgets = points.budgets(dataset, model, "majority")
        last.append(last_doubling(points, dataset, model, "majority"))
        tops = [b for b in budgets if b > 4 and b % 2 == 0 and b // 2 in budgets]
        if tops and {2, 4} <= set(budgets):
            at = {b: points.correct(dataset, model, "majority", b) for b in {2, 4, *tops}}
            at |= {b // 2: points.correct(dataset, model, "majority", b // 2) for b in tops}
            change = (at[4] - at[2]) - (at[tops[-1]] - at[tops[-1] // 2])
            decline.append(from_means(model, dataset, change))
    more = {"measure": "gain from 2 to 4 votes minus gain of the last doubling"}
    reason = "no reasoning model has majority vote at a budget and at twice that budget"
    return [
        assess_units("last doubling", last, about, reason, AT_MOST),
        assess_units("decline", decline, about | more, f"{reason} beyond 4 votes"),
    ]
