"""H1: other models do not reach a reasoning model, however many responses they vote with."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Verdict, assess_units, from_means

TITLE = "Reasoning floor"
STATEMENT = (
    "One response of a reasoning model is right more often than the best majority vote of any "
    "other model at any budget."
)
TABLES = ("evaluations",)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Unit: reasoning model x dataset. The best other vote is chosen on the same data, which
    favours the other models and so makes the claim harder to support.
    """
    points = Evaluations.of(tables["evaluations"], settings)
    best: dict[str, tuple[float, pd.Series]] = {}
    for dataset, model in points.cells(reasoning=False):
        for budget in points.budgets(dataset, model, "majority"):
            values = points.correct(dataset, model, "majority", budget)
            if dataset not in best or values.mean() > best[dataset][0]:
                best[dataset] = (values.mean(), values)
    units = [
        from_means(model, dataset, points.correct(dataset, model, "single", 1) - best[dataset][1])
        for dataset, model in points.cells(reasoning=True)
        if dataset in best and points.budgets(dataset, model, "single")
    ]
    reason = "needs a dataset with a reasoning and another model, strategies single and majority"
    return [assess_units("gap", units, about, reason)]
