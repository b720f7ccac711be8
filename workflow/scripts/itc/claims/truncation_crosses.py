"""Beyond the paper: thinking cut short falls below a model that does not think."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc.claims._verdict import Verdict, assess_units, from_means

TITLE = "Cut thinking falls below no thinking"
STATEMENT = (
    "A reasoning model whose thinking is cut at the smallest token budget is right less often than "
    "one response of the best other model, while uncut it is right more often."
)
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
    parts: dict[str, list[Any]] = {"cut": [], "uncut": []}
    for dataset, rows in outcomes.groupby("dataset", sort=True, observed=True):
        plain = rows[rows["procedure"] == sample]
        others = {
            model: _accuracy(own)
            for model, own in plain.groupby("model", sort=True, observed=True)
            if model in models and not models[model].get("reasoning")
        }
        if not others:
            continue
        best = max(others.values(), key=lambda values: values.mean())
        cut = rows[rows["procedure"].isin(cuts)]
        for model, own in cut.groupby("model", sort=True, observed=True):
            whole = plain[plain["model"] == model]
            if not models.get(model, {}).get("reasoning") or whole.empty:
                continue
            least = own[own["round"] == own["round"].min()]
            parts["cut"].append(from_means(model, dataset, best - _accuracy(least)))
            parts["uncut"].append(from_means(model, dataset, _accuracy(whole) - best))
    reason = "needs procedure truncate of a reasoning model and samples of another model"
    return [assess_units(part, units, about, reason) for part, units in parts.items()]
