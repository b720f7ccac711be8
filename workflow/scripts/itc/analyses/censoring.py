"""Responses cut at the token cap: how many, and every exact strategy with and without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc import registry
from itc.analyses import _undecided
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals
from itc.strategies._base import constants, evaluate_strategy

TITLE = "Results with and without responses cut at the token cap"
LOADS = ("strategies",)
INPUTS = ("outcomes",)
UNIT = "cell"
TREATMENTS = ("as recorded", "cut gives no answer", "uncut only")

SCHEMA = register(
    Schema(
        "censoring",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "strategy": STRING,
            "budget": INT,
            "treatment": STRING,  # of cut responses
            "n_problems": INT,  # with enough responses under the treatment
            "share_cut": FLOAT,  # of responses whose end is known
            "share_unknown": FLOAT,  # of responses whose end was not recorded
            "accuracy": FLOAT,
            "low": FLOAT,  # 95 %, for the problems meant
            "high": FLOAT,
            **_undecided.COLUMNS,
        },
        ("dataset", "model", "strategy", "budget", "treatment"),
        ("accuracy",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``censoring``. ``uncut only`` keeps, per budget, the problems with enough uncut draws.

    Those problems are easier ones, so ``n_problems`` must be read beside the accuracy. The
    strategies are those of the study that are exact on the samples of one model: a Monte Carlo
    vote would be drawn anew for every treatment.
    """
    strategies = replayed(settings)
    outcomes = inputs["outcomes"]
    outcomes = outcomes[outcomes["procedure"] == "sample"]
    rows: list[dict[str, Any]] = []
    for (dataset, model), own in outcomes.groupby(["dataset", "model"], sort=True):
        cut = own["truncated"].astype("boolean")
        shares = {
            "share_cut": float(cut.mean()) if cut.notna().any() else np.nan,
            "share_unknown": float(cut.isna().mean()),
        }
        is_cut = cut.fillna(False).to_numpy(dtype=bool)
        silenced = own.assign(
            answer_class=np.where(is_cut, -1, own["answer_class"]),
            verdict=np.where(is_cut, "wrong", own["verdict"]),
        )
        place = str(dataset), str(model)
        recorded = _rows(own, strategies, settings, *place)
        for treatment, frame in zip(TREATMENTS, (own, silenced, own[~is_cut]), strict=True):
            alike = treatment == TREATMENTS[0] or not is_cut.any()
            for row in recorded if alike else _rows(frame, strategies, settings, *place):
                rows.append(
                    {"dataset": dataset, "model": model, "treatment": treatment} | shares | row
                )
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def replayed(settings: Mapping[str, Any]) -> list[str]:
    """Exact strategies of the study that read one model's samples and nothing else."""
    found = []
    options = settings.get("strategy_options", {})
    for name in settings.get("strategies") or registry.names("strategies"):
        about = constants(registry.strategy(name, options)[0])
        own = about["PROCEDURE"] == "sample" and about["SCOPE"] == "model"
        if own and about["EXACT"] and not about["LEARNS"]:
            found.append(name)
    return found


def _rows(
    frame: pd.DataFrame,
    strategies: list[str],
    settings: Mapping[str, Any],
    dataset: str,
    model: str,
) -> list[dict[str, Any]]:
    values = []
    options, wanted = settings.get("strategy_options", {}), sorted(settings["budgets"])
    draws = frame.groupby("problem_id")["draw"].transform("size")
    allowed = np.searchsorted(wanted, draws, side="right")  # number of budgets within the draws
    for number in sorted(set(allowed) - {0}):  # so each budget has all problems with enough draws
        part, budgets = frame[allowed == number], wanted[:number]
        for strategy in strategies:
            module, params = registry.strategy(strategy, options)
            seed = int(settings["seed"])
            values.append(evaluate_strategy(module, part, budgets, params, seed, strategy))
    values = [frame for frame in values if len(frame)]
    if not values:
        return []
    rows = []
    for (strategy, budget), own in pd.concat(values).groupby(["strategy", "budget"], sort=True):
        correct = own["correct"]
        n = len(correct)
        array = correct.to_numpy()[:, None]
        mean = array.mean(axis=0)
        low, high = intervals.share(array).interval()
        rows.append(
            {
                "strategy": strategy,
                "budget": int(budget),
                "n_problems": n,
                "accuracy": float(mean[0]),
                "low": float(low[0]) if n > 1 else np.nan,
                "high": float(high[0]) if n > 1 else np.nan,
                **_undecided.of_values(own),
            }
        )
    return rows
