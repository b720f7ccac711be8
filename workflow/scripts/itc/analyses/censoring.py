"""Responses cut at the token cap: how many, and every vote with and without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _undecided
from itc.stats import bootstrap
from itc.strategies._base import evaluate_strategy
from itc.tables import FLOAT, INT, STRING, Schema, register

TITLE = "Results with and without responses cut at the token cap"
INPUTS = ("outcomes",)
STRATEGIES = ("single", "majority", "coverage")
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
            "low": FLOAT,  # 95 %, bootstrap over problems
            "high": FLOAT,
            **_undecided.COLUMNS,
        },
        ("dataset", "model", "strategy", "budget", "treatment"),
        ("accuracy",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``censoring``. ``uncut only`` keeps, per budget, the problems with enough uncut draws.

    Those problems are easier ones, so ``n_problems`` must be read beside the accuracy.
    """
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
        frames = dict(zip(TREATMENTS, (own, silenced, own[~is_cut]), strict=True))
        for treatment, frame in frames.items():
            for row in _rows(frame, settings, str(dataset), str(model)):
                rows.append(
                    {"dataset": dataset, "model": model, "treatment": treatment} | shares | row
                )
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def _rows(
    frame: pd.DataFrame, settings: Mapping[str, Any], dataset: str, model: str
) -> list[dict[str, Any]]:
    values = []
    draws = frame.groupby("problem_id")["draw"].transform("size")
    for n_draws in sorted(draws.unique()):  # each budget on all problems that have so many draws
        budgets = [b for b in settings["budgets"] if b <= n_draws]
        for strategy in STRATEGIES:
            if budgets:
                part = frame[draws == n_draws]
                values.append(evaluate_strategy(strategy, part, budgets, {}, int(settings["seed"])))
    if not values:
        return []
    rows = []
    for (strategy, budget), own in pd.concat(values).groupby(["strategy", "budget"], sort=True):
        correct = own["correct"]
        n = len(correct)
        rng = bootstrap.generator(int(settings["seed"]), "censoring", dataset, model, str(n))
        weights = bootstrap.problem_weights(n, int(settings["bootstrap"]), rng)
        array = correct.to_numpy()[:, None]
        mean = array.mean(axis=0)
        low, high = bootstrap.share_interval(
            bootstrap.resampled_means(weights, array), mean, n, n - 1
        )
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
