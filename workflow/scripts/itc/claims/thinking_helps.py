"""Beyond the paper: the same weights with thinking on and off, or at high and low effort."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._accuracy import TOKENS
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Unit, Verdict, assess_units, from_means
from itc.config.efforts import families

TITLE = "Thinking helps the same weights"
STATEMENT = (
    "One response with thinking is right more often than the majority vote of the same weights "
    "without thinking, or at their lowest effort, at the same number of output tokens."
)
TABLES = ("evaluations",)


def pairs(models: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """(more thinking, less thinking) config entries of the same weights.

    A reasoning entry and one that does not reason but names the same `model`; and the highest and
    the lowest level of effort of one family.
    """
    switched = [
        (on, off)
        for on, about in sorted(models.items())
        for off, other in sorted(models.items())
        if about.get("reasoning")
        and not other.get("reasoning")
        and about.get("model")
        and about.get("model") == other.get("model")
    ]
    levels = [(names[-1], names[0]) for names in families(models).values()]
    return list(dict.fromkeys([*switched, *levels]))


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Unit: pair of config entries x dataset; the vote is taken at the tokens of one thought."""
    points = Evaluations.of(tables["evaluations"], settings)
    units: list[Unit | None] = []
    for on, off in pairs(settings.get("models", {})):
        for dataset in sorted({d for d, m in points.cells() if m == on}):
            if not points.budgets(dataset, on, "single"):
                continue
            cost = points.cost(dataset, on, "single", 1, TOKENS)
            base = points.at_cost(dataset, off, "majority", cost, TOKENS)
            if base is not None:
                gain = points.correct(dataset, on, "single", 1) - base
                units.append(from_means(f"{on} / {off}", dataset, gain))
    reason = (
        "no weights were sampled with thinking on and off (two config entries, one `model`), or at "
        "two levels of effort (`effort_of`)"
    )
    return [assess_units("equal tokens", units, about, reason)]
