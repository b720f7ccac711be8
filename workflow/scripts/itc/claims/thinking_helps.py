"""Beyond the paper: the same weights with thinking on and off, or at high and low effort."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from itc.claims._accuracy import HELD, TOKENS, Contrasts
from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Verdict, assess_units, from_means
from itc.config.efforts import families

TITLE = "Thinking helps the same weights"
STATEMENT = (
    "One response of a model of this study with thinking is right more often than the majority "
    "vote of the same weights without thinking, or at their lowest effort, at the same number of "
    "output tokens."
)
PRIMARY = "lead of one response with thinking at equal output tokens"
OVER = "smallest"
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
    reason = (
        "no weights were sampled with thinking on and off (two config entries, one `model`), or at "
        "two levels of effort (`effort_of`)"
    )
    return [assess_units("equal tokens", found.units, about, found.why(reason))]
