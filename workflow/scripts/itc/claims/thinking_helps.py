"""Beyond the paper: the same weights with thinking on and off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from itc.claims._accuracy import HELD, TOKENS, Contrasts
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Verdict, assess_units, from_means

TITLE = "Thinking helps the same weights"
STATEMENT = (
    "One response of a model of this study with thinking is right more often than the majority "
    "vote of the same weights without thinking, at the same number of output tokens."
)
PRIMARY = "lead of one response with thinking at equal output tokens"
OVER = "smallest"
TABLES = ("evaluations",)


def pairs(models: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """(reasoning, other) config entries that name the same weights."""
    return [
        (on, off)
        for on, about in sorted(models.items())
        for off, other in sorted(models.items())
        if about.get("reasoning")
        and not other.get("reasoning")
        and about.get("model")
        and about.get("model") == other.get("model")
    ]


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Unit: pair of config entries x dataset; the vote is taken at the tokens of one thought."""
    points = Evaluations.of(tables["evaluations"], settings)
    found = Contrasts()
    for on, off in pairs(settings.get("models", {})):
        for dataset in sorted({d for d, m in points.cells() if m == on}):
            single = points.budgets(dataset, on, "single")
            if not single or not points.budgets(dataset, off, "majority"):
                continue
            base, why = points.worth_of(
                (dataset, off, "majority"), (dataset, on, "single", 1), TOKENS
            )
            reason = f"no equal cost of {on} and the votes of {off} on {dataset}: {why}"
            unit = None
            if base is not None:
                gain = points.correct(dataset, on, "single", 1) - base
                unit = from_means(f"{on} / {off}", dataset, gain)
            found.add(None if unit is None else replace(unit, held=HELD[TOKENS]), reason)
    reason = "no weights were sampled with thinking on and off (two config entries, one `model`)"
    return [assess_units("equal tokens", found.units, about, found.why(reason))]
