"""Shared bodies of claims about a feature of correct and incorrect responses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _responses as responses
from itc.claims._verdict import MIN_PROBLEMS, Unit, Verdict, assess_units

SUBSET = "exchangeable"  # answered, and no draw index of another length; see analyses/_responses


def reasoning_rows(outcomes: pd.DataFrame, settings: dict[str, Any]) -> pd.DataFrame:
    """Decided samples of reasoning models, in the subset that claims use."""
    models = settings.get("models", {})
    wanted = [m for m in outcomes["model"].unique() if models.get(m, {}).get("reasoning")]
    frame = responses.decided(outcomes[outcomes["model"].isin(wanted)], settings)
    return dict(responses.subsets(frame))[SUBSET]


def units(rows: pd.DataFrame, column: str, sign: float) -> tuple[list[Unit], list[Unit]]:
    """Pooled and within-question units, one per model and dataset, of sign * (correct - incorrect).

    Pooled: difference of the means over responses. Within: mean over problems with both outcomes.
    """
    pooled: list[Unit] = []
    within: list[Unit] = []
    if column not in rows:
        return pooled, within
    for (model, dataset), cell in rows.groupby(["model", "dataset"], sort=True, observed=True):
        cell = cell[np.isfinite(cell[column].to_numpy(np.float64, na_value=np.nan))]
        sums = cell.groupby(["problem", "right"])[column].agg(["sum", "size"]).unstack("right")
        if {("sum", 0.0), ("sum", 1.0)} - set(sums.columns):
            continue  # only one outcome
        sums = sums.fillna(0.0)
        total, n = sums["sum"], sums["size"]
        means = total.sum() / n.sum()
        parts = {r: (total[r] - means[r] * n[r]) / n[r].sum() for r in (0.0, 1.0)}
        if len(sums) >= MIN_PROBLEMS:
            influence = sign * (parts[1.0] - parts[0.0])
            effect = sign * (means[1.0] - means[0.0])
            pooled.append(Unit(str(model), str(dataset), float(effect), influence, False))
        both = (n > 0).all(axis=1)
        difference = sign * (total[1.0] / n[1.0] - total[0.0] / n[0.0])[both]
        if both.sum() >= MIN_PROBLEMS:
            mean = float(difference.mean())
            influence = (difference - mean) / len(difference)
            within.append(Unit(str(model), str(dataset), mean, influence, False))
    return pooled, within


def assess(
    outcomes: pd.DataFrame,
    settings: dict[str, Any],
    column: str,
    sign: float,
    about: dict[str, Any],
) -> list[Verdict]:
    """Verdicts ``pooled`` and ``within`` on one feature column of reasoning models."""
    rows = reasoning_rows(outcomes, settings)
    verdicts: list[Verdict] = []
    for part, found in zip(("pooled", "within"), units(rows, column, sign), strict=True):
        where = "over all responses" if part == "pooled" else "within the same question"
        verdicts.append(
            assess_units(
                part,
                found,
                about | {"measure": f"{about['measure']}, {where}"},
                f"no reasoning model has {column} with {MIN_PROBLEMS} problems to compare",
                by_problems=True,
                primary=part == "within",
            )
        )
    return verdicts
