"""Beyond the paper: best-of-n by the model's own judgement gets worse with n in the end."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import last_doubling
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Verdict, assess_units

TITLE = "Self-judged best-of-n degrades"
STATEMENT = (
    "With the models of this study the last doubling of n makes best-of-n by the model's own "
    "judgement worse."
)
PRIMARY = "smallest loss of the judged strategies by the last doubling"
OVER = "smallest"
TABLES = ("evaluations",)


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """One part per strategy that reads a judge; unit: model x dataset; effect: accuracy lost."""
    points = Evaluations.of(tables["evaluations"], settings)
    cells = list(points.cells())
    names = [s for s in points.all_strategies() if points.kind(s) == "judge" and "best" in s]
    reason = "no best-of-n by a self-judge was evaluated at a budget and at twice that budget"
    verdicts = []
    for strategy in names:
        gains = [last_doubling(points, dataset, model, strategy) for dataset, model in cells]
        losses = [gain.turned() for gain in gains if gain]
        verdicts.append(assess_units(strategy, losses, about, reason))
    return verdicts or [assess_units("any", [], about, reason)]
