"""Ranks of models and of strategies: their confidence sets, tiers, and a Bayesian companion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points, _undecided
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import bayes, bootstrap, ranks

TITLE = "Ranks of models and strategies"
INPUTS = ("evaluations",)
BY_MODEL = ("single", "majority")  # strategies by which models are ranked

SCHEMA = register(
    Schema(
        "standings",
        1,
        {
            "dataset": STRING,  # ``all``: mean over datasets with equal weight
            "scope": STRING,  # models by one strategy | strategies of one model
            "model": STRING,
            "strategy": STRING,
            "budget": INT,  # the largest that all who are ranked have
            "n_ranked": INT,
            "n_problems": INT,
            "accuracy": FLOAT,
            **_undecided.COLUMNS,
            "rank": FLOAT,  # 1 is best, ties share
            "rank_low": INT,  # 95 % for all ranks of the table at once, problems meant
            "rank_high": INT,
            "tier": INT,  # 1: the best and all that are not surely worse than it
            "share_best": FLOAT,  # of resamples of the problems in which it is best, ties shared
            "bayes": FLOAT,  # models by one response: posterior mean, uniform prior
            "bayes_low": FLOAT,  # 95 % credible, these problems
            "bayes_high": FLOAT,
            "bayes_best": FLOAT,  # posterior probability to be the best on these problems
        },
        ("dataset", "scope", "model", "strategy"),
        ("accuracy",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``standings``, at the largest common budget; without bounds and controls."""
    pieces = []
    if len(inputs["evaluations"]):
        names = ("correct", "n_draws", *_undecided.QUANTITIES.values())
        points = _points.dataset_points(inputs["evaluations"], settings, None, names)
        for group in _points.groups(points):
            for scope, chosen in _fields(group):
                pieces.append(_ranked(group, scope, chosen))
    pieces = [piece for piece in pieces if len(piece)]
    if not pieces:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(pieces).sort_values(list(SCHEMA.key), ignore_index=True)


def _fields(group: _points.Group) -> Iterator[tuple[str, np.ndarray]]:
    """Scope and points [S] of every field of competitors, two at least, values complete."""
    keys = group.keys.assign(point=np.arange(len(group.keys)))
    complete = np.ones(len(keys), dtype=bool)
    for part, columns in group.parts:
        complete &= ~np.isnan(part.values["correct"][:, columns]).any(axis=0)
    barred = _points.upper_bounds(keys["strategy"], group.settings)
    barred = barred | _points.controls(keys["strategy"], group.settings)
    keys = keys[complete & ~barred]
    for strategy in BY_MODEL:
        own = keys[keys["strategy"] == strategy]
        field = _common(own, "model")
        if len(field) > 1:
            yield f"models by {strategy}", field
    for _, own in keys[keys["strategy"] != "single"].groupby("model", sort=True):
        field = _common(own, "strategy")
        if len(field) > 1:
            yield "strategies", field


def _common(keys: pd.DataFrame, competitor: str) -> np.ndarray:
    """Points at the largest budget that most competitors have, so that equal budgets compete."""
    if keys.empty:
        return np.array([], dtype=int)
    counts = keys.groupby("budget")[competitor].nunique()
    budget = counts[counts == counts.max()].index.max()
    result: np.ndarray = keys.loc[keys["budget"] == budget, "point"].to_numpy()
    return result


def _ranked(group: _points.Group, scope: str, chosen: np.ndarray) -> pd.DataFrame:
    found = ranks.of([part.values["correct"][:, columns[chosen]] for part, columns in group.parts])
    replicates = group.replicates("correct")[:, chosen]
    best = replicates >= replicates.max(axis=1, keepdims=True) - 1e-12
    rows = group.keys.iloc[chosen].assign(
        dataset=group.name,
        scope=scope,
        n_ranked=len(chosen),
        n_problems=group.n_problems[chosen],
        accuracy=group.mean("correct")[chosen],
        **_undecided.of_group(group, chosen),
        rank=found.rank,
        rank_low=found.low,
        rank_high=found.high,
        tier=found.tier,
        share_best=(best / best.sum(axis=1, keepdims=True)).mean(axis=0),
    )
    if scope != "models by single":
        return rows
    posteriors = [_posterior(group, point) for point in chosen]
    rng = bootstrap.generator(int(group.settings["seed"]), "standings", group.name)
    ends = np.array([p.interval() for p in posteriors])
    return rows.assign(
        bayes=[p.mean for p in posteriors],
        bayes_low=ends[:, 0],
        bayes_high=ends[:, 1],
        bayes_best=bayes.chance_best(posteriors, rng),
    )


def _posterior(group: _points.Group, point: int) -> bayes.Posterior:
    """Of one model by one response: every draw is right or not."""
    parts = []
    for part, columns in group.parts:
        share, n = (part.values[name][:, columns[point]] for name in ("correct", "n_draws"))
        right = np.rint(share * n)
        parts.append(bayes.posterior(np.column_stack([n - right, right])))
    return bayes.together(parts)
