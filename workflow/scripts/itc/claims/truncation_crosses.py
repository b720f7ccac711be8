"""Beyond the paper: thinking cut short falls below a model that does not think."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._rivals import against_best
from itc.claims._verdict import Verdict, assess_units

TITLE = "Cut thinking falls below no thinking"
STATEMENT = (
    "A reasoning model of this study whose thinking is cut at the smallest token budget is right "
    "less often than one response of the best other model, while uncut it is right more often."
)
PRIMARY = "smaller of the loss by cutting and the lead uncut"
OVER = "smallest"
TABLES = ("outcomes",)


def _accuracy(rows: pd.DataFrame) -> pd.Series:
    """Share right per problem; undecided counts as wrong."""
    return (rows["verdict"] == "right").groupby(rows["problem_id"]).mean()


def assess(
    tables: dict[str, pd.DataFrame], settings: dict[str, Any], about: dict[str, Any]
) -> list[Verdict]:
    """Parts ``cut`` (other minus cut) and ``uncut`` (uncut minus other); unit: model x dataset."""
    outcomes, models = tables["outcomes"], settings.get("models", {})
    sample = settings.get("sample_procedure", "sample")
    entries = settings.get("procedures", {})
    # Cells of a sweep, and cuts of another way's responses, are no more units of evidence.
    cuts = {
        name
        for name, about in entries.items()
        if about["kind"] == "truncate"
        and not about.get("swept_from")
        and (about.get("parent") or sample) == sample
    } | ({"truncate"} - set(entries))
    rivals: dict[str, dict[object, pd.Series]] = {}
    shown: dict[str, dict[tuple[str, str], pd.Series]] = {"cut": {}, "uncut": {}}
    for dataset, rows in outcomes.groupby("dataset", sort=True, observed=True):
        plain = rows[rows["procedure"] == sample]
        rivals[str(dataset)] = {
            model: _accuracy(own)
            for model, own in plain.groupby("model", sort=True, observed=True)
            if model in models and not models[model].get("reasoning")
        }
        cut = rows[rows["procedure"].isin(cuts)]
        for model, own in cut.groupby("model", sort=True, observed=True):
            whole = plain[plain["model"] == model]
            if not models.get(model, {}).get("reasoning") or whole.empty:
                continue
            least = own[own["round"] == own["round"].min()]
            shown["cut"][str(model), str(dataset)] = _accuracy(least)
            shown["uncut"][str(model), str(dataset)] = _accuracy(whole)
    reason = "needs procedure truncate of a reasoning model and samples of another model"
    seed = int(settings.get("seed", 0))
    verdicts = []
    for part, own in shown.items():
        units, floor = against_best(own, rivals, seed)
        if part == "uncut":
            verdicts.append(assess_units(part, units, about, reason, bound=floor))
            continue
        losses = [None if unit is None else unit.turned() for unit in units]
        ceiling = None if floor is None else lambda level, floor=floor: -floor(level)
        verdicts.append(assess_units(part, losses, about, reason, bound=ceiling, bound_side="high"))
    return verdicts
