"""The best operating point of every model and of all, chosen and scored on different problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _plain, _points, _undecided
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap, intervals
from itc.stats.choosing import best_of, cross_fit, same_points
from itc.stats.frontier import EVERY_POINT
from itc.stats.matched import Part, at_cost
from itc.stats.paired import Paired

TITLE = "Best operating points, scored on other problems than they were chosen on"
INPUTS = ("evaluations",)
COST = "cost_output_tokens"

SCHEMA = register(
    Schema(
        "best_points",
        1,
        {
            "dataset": STRING,
            "scope": STRING,  # EVERY_POINT, a model, or a kind of models (see KINDS)
            "model": STRING,  # the point that is best on all problems
            "strategy": STRING,
            "budget": INT,
            "n_points": INT,  # among how many different points it was chosen
            "shown": FLOAT,  # its accuracy on the problems that made it the best: too high
            **_undecided.COLUMNS,  # of ``shown``
            "accuracy": FLOAT,  # of points chosen in this way, on problems without a say in it
            "low": FLOAT,  # 95 %, over problems, for the choices as made
            "high": FLOAT,
            "gain": FLOAT,  # ... minus one response of the model that was chosen
            "gain_low": FLOAT,
            "gain_high": FLOAT,
            # ... minus majority vote of that model at equal output tokens; null where the choice
            # always is that vote itself, and where it costs more than the largest vote
            "vote_gain": FLOAT,
            "vote_gain_low": FLOAT,
            "vote_gain_high": FLOAT,
            "chosen_share": FLOAT,  # of the choices without a fold that fell on the same point
            "reasoning": BOOL,  # of the model; null for a mix of models
        },
        ("dataset", "scope"),
        ("accuracy",),
    )
)
KINDS = {"reasoning models": True, "non-reasoning models": False}


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``best_points`` from ``evaluations``; oracles and controls take no part.

    The choice is the highest mean accuracy, of equals the plainest point. On every fifth of the
    problems the points chosen on the others are scored, over several partitions.
    """
    rows: list[dict[str, Any]] = []
    if len(inputs["evaluations"]):
        for group in _points.groups(_points.dataset_points(inputs["evaluations"], settings)):
            rows += _of_group(group)
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.astype({"reasoning": "boolean"}).sort_values(list(SCHEMA.key), ignore_index=True)


def _of_group(group: _points.Group) -> list[dict[str, Any]]:
    keys, settings = group.keys, group.settings
    values = [p.values["correct"][:, columns] for p, columns in group.parts]
    rank = _plain.rank(keys, settings)
    costs = _points.quantities(group, COST)
    price = group.mean(COST) if COST in costs else keys["budget"].to_numpy(float)
    usable = _plain.eligible(keys["strategy"], settings)
    usable &= same_points(keys["model"].to_numpy(), values, np.nan_to_num(price, nan=-1.0), rank)
    usable &= ~np.isnan(group.mean("correct"))
    scopes = _scopes(keys["model"], settings)
    allowed = np.stack([usable & members for members in scopes.values()])
    kept = np.asarray(allowed.any(axis=1))
    names = [name for name, k in zip(scopes, kept, strict=True) if k]
    allowed = allowed[kept]
    rng = bootstrap.generator(int(settings["seed"]), "best points", group.name)
    picks = cross_fit(values, allowed, rank, rng)
    named = best_of(group.mean("correct"), allowed, rank)
    score = picks.held_out(values)
    estimate = intervals.share(score)
    ends = {"": (estimate.value, *estimate.interval())}
    plain = {"gain": _plain.singles(values, keys), "vote_gain": _votes(group, values)}
    for label, other in plain.items():
        lead = picks.held_out([v - o for v, o in zip(values, other, strict=True)])
        known = np.all([~np.isnan(part).any(axis=0) for part in lead], axis=0)
        known &= np.any([np.nan_to_num(part).any(axis=0) for part in lead], axis=0)  # itself
        gain = Paired.of([np.where(known, part, np.nan) for part in lead])
        ends[label] = (gain.value, *gain.interval())
    share, mean = picks.share(named), group.mean("correct")
    undecided = _undecided.of_group(group, named)
    rows = []
    for c, (scope, o) in enumerate(zip(names, named, strict=True)):
        about = settings.get("models", {}).get(keys["model"].iloc[o])
        rows.append(
            {
                "dataset": group.name,
                "scope": scope,
                **keys.iloc[o].to_dict(),
                "n_points": int(allowed[c].sum()),
                "shown": mean[o],
                **{name: column[c] for name, column in undecided.items()},
                "accuracy": ends[""][0][c],
                "low": ends[""][1][c],
                "high": ends[""][2][c],
                **{
                    f"{label}{end}": ends[label][i][c]
                    for label in ("gain", "vote_gain")
                    for i, end in enumerate(("", "_low", "_high"))
                },
                "chosen_share": share[c],
                "reasoning": None if about is None else bool(about.get("reasoning")),
            }
        )
    return rows


def _scopes(models: pd.Series, settings: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Members [O] of every scope: all points, the two kinds of models, every model."""
    known = settings.get("models", {})
    kinds = models.map({m: bool(a.get("reasoning")) for m, a in known.items()})
    scopes = {EVERY_POINT: np.ones(len(models), dtype=bool)}
    scopes |= {kind: kinds.eq(flag).to_numpy(dtype=bool) for kind, flag in KINDS.items()}
    return scopes | {str(m): (models == m).to_numpy() for m in models.unique()}


def _votes(group: _points.Group, values: list[np.ndarray]) -> list[np.ndarray]:
    """Majority vote of the model of every point at its output tokens, per problem [P_d, O].

    NaN outside the votes' range of costs. Where no tokens are recorded nothing is equal.
    """
    keys = group.keys
    result = [np.full(v.shape, np.nan) for v in values]
    if COST not in _points.quantities(group, COST):
        return result
    for own in keys.groupby("model").indices.values():
        base = own[(keys["strategy"].iloc[own] == "majority").to_numpy()]
        if not len(base):
            continue
        parts = [
            Part(p.values[COST][:, c[own]], p.values[COST][:, c[base]], v[:, base])
            for (p, c), v in zip(group.parts, values, strict=True)
        ]
        for table, found in zip(result, at_cost(parts).values, strict=True):
            table[:, own] = found
    return result
