"""H1: other models do not reach a reasoning model, however many responses they vote with."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import FEWEST_VOTES
from itc.claims._evaluations import Evaluations
from itc.claims._rivals import against_best
from itc.claims._verdict import Verdict, assess_units

TITLE = "Reasoning floor"
STATEMENT = (
    "One response of a reasoning model of this study is right more often than the best majority "
    "vote, at any recorded budget, of any other model of this study."
)
PRIMARY = "gap to the best other vote"
OVER = "smallest"
TABLES = ("evaluations",)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Unit: reasoning model x dataset. Every other model's vote at every budget is a rival; one
    that was never evaluated with at least three votes is no vote.
    """
    points = Evaluations.of(tables["evaluations"], settings)
    rivals: dict[str, dict[object, pd.Series]] = {}
    for dataset, model in points.cells(reasoning=False):
        budgets = points.budgets(dataset, model, "majority")
        if budgets and budgets[-1] >= FEWEST_VOTES:
            own = {(model, b): points.correct(dataset, model, "majority", b) for b in budgets}
            rivals.setdefault(dataset, {}).update(own)
    singles = {
        (model, dataset): points.correct(dataset, model, "single", 1)
        for dataset, model in points.cells(reasoning=True)
        if points.budgets(dataset, model, "single")
    }
    units, bound = against_best(singles, rivals, int(settings.get("seed", 0)))
    reason = (
        "needs a dataset with a reasoning model (strategy single) and another model with a vote of "
        f"at least {FEWEST_VOTES} responses"
    )
    return [assess_units("gap", units, about, reason, bound=bound)]
