"""Every strategy under every way to sample: spread, ranks, and the way chosen on held-out problems.

The ways are the entries that sample: hand-written ones, such as another prompt, and the cells of a
sweep over temperature, nucleus mass or prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from itc import registry
from itc.analyses import _undecided
from itc.analyses._ways import REFERENCE, columns, evaluate, strategies, ways
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap, intervals
from itc.strategies._base import constants

TITLE = "Stability over prompt formats, temperatures and other settings"
LOADS = ("strategies",)
INPUTS = ("outcomes",)
UNIT = "cell"
FOLDS = 5
VOTE = "majority"

SCHEMA = register(
    Schema(
        "stability",
        2,
        {
            "dataset": STRING,
            "model": STRING,
            "procedure": STRING,  # a way to sample
            "strategy": STRING,
            "budget": INT,  # the largest that all of them allow
            "accuracy": FLOAT,
            **_undecided.COLUMNS,
            "rank": FLOAT,  # among the strategies one could run, 1 is best, ties share
            "difference": FLOAT,  # accuracy minus that of procedure ``sample``
            "low": FLOAT,  # 95 % of the difference, paired over problems
            "high": FLOAT,
            "spread": FLOAT,  # largest minus smallest accuracy of the strategy over procedures
            "kendall_tau": FLOAT,  # of the strategies' order with that under ``sample``
            "folds": INT,  # of five, in which this way was the best on the other four
            # The rest is the strategy's own, the same on each of its rows: accuracy on problems
            # that did not choose the way.
            "tuned": FLOAT,
            "tuned_difference": FLOAT,  # minus its accuracy under ``sample``
            "tuned_low": FLOAT,
            "tuned_high": FLOAT,
            "over_vote": FLOAT,  # minus the majority vote, whose way is chosen alike
            "over_vote_low": FLOAT,
            "over_vote_high": FLOAT,
        },
        ("dataset", "model", "procedure", "strategy"),
        ("accuracy",),
    )
)
Solved = dict[str, dict[str, pd.Series]]  # strategy -> way to sample -> correct by problem


def outcome_columns(settings: Mapping[str, Any], available: list[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the study's strategies read."""
    return columns(settings, available)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``stability``; empty where the study samples in one way only."""
    outcomes = inputs["outcomes"]
    procedures = ways(settings)
    rows: list[dict[str, Any]] = []
    if len(procedures) > 1 and procedures[0] == REFERENCE:
        for (dataset, model), own in outcomes.groupby(["dataset", "model"], sort=True):
            place = {"dataset": str(dataset), "model": str(model)}
            rows += [place | row for row in _cell(own, procedures, place, settings)]
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def _cell(
    own: pd.DataFrame,
    procedures: list[str],
    place: Mapping[str, str],
    settings: Mapping[str, Any],
) -> list[dict[str, Any]]:
    sampled = own[own["procedure"].isin(procedures)]
    least = int(sampled.groupby(["procedure", "problem_id"]).size().min()) if len(sampled) else 0
    allowed = [b for b in settings["budgets"] if b <= least]
    if not allowed:
        return []
    solved: Solved = {}
    about: dict[tuple[str, str], dict[str, Any]] = {}
    for strategy in strategies(settings):
        for way in procedures:
            frame = evaluate(strategy, way, own, allowed, settings)
            if len(frame):
                values = frame.set_index("problem_id")["correct"].sort_index()
                solved.setdefault(strategy, {})[way] = values
                about[strategy, way] = {
                    "budget": int(frame["budget"].iloc[0]),
                    "accuracy": float(frame["correct"].mean()),
                    **_undecided.of_values(frame),
                }
    tuned = {name: _held_out(by_way, place, settings) for name, by_way in solved.items()}
    rows = []
    for way in procedures:
        names = [name for name, by_way in solved.items() if way in by_way]
        accuracy = {name: about[name, way]["accuracy"] for name in names}
        ranks = _ranks(accuracy, settings)
        common = [name for name in ranks if REFERENCE in solved[name]]
        tau = np.nan
        if len(common) > 2:
            reference = [about[name, REFERENCE]["accuracy"] for name in common]
            tau = stats.kendalltau([accuracy[n] for n in common], reference).statistic
        for name in names:
            every = [about[name, other]["accuracy"] for other in solved[name]]
            base = solved[name].get(REFERENCE)
            values, chosen = tuned[name]
            vote = tuned.get(VOTE, (None, Counter()))[0]
            rows.append(
                {
                    "procedure": way,
                    "strategy": name,
                    **about[name, way],
                    "rank": ranks.get(name, np.nan),
                    **_difference(solved[name][way], base, ""),
                    "spread": max(every) - min(every),
                    "kendall_tau": float(tau),
                    "folds": chosen[way],
                    "tuned": np.nan if values is None else float(values.mean()),
                    **_difference(values, base, "tuned_"),
                    **_difference(values, vote, "over_vote_"),
                }
            )
    return rows


def _ranks(accuracy: Mapping[str, float], settings: Mapping[str, Any]) -> dict[str, float]:
    """Rank by accuracy of the strategies one could run: an upper bound knows the answer."""
    options = settings.get("strategy_options", {})
    named = [
        name
        for name in accuracy
        if not constants(registry.strategy(name, options)[0]).get("UPPER_BOUND")
    ]
    ranks = stats.rankdata([-accuracy[name] for name in named])
    return dict(zip(named, map(float, ranks), strict=True))


def _held_out(
    by_way: Mapping[str, pd.Series], place: Mapping[str, str], settings: Mapping[str, Any]
) -> tuple[pd.Series | None, Counter[str]]:
    """Correctness [problems] where each fold's way is the best one of the other four folds.

    And the number of folds that chose each way. The folds are those of the dataset and model, so
    strategies are compared on the same splits. Ties go to the earlier way, ``sample`` first. None
    with fewer than two problems a fold, or one way alone.
    """
    table = pd.DataFrame(by_way).dropna().sort_index()
    if len(table) < 2 * FOLDS or table.shape[1] < 2:
        return None, Counter()
    rng = bootstrap.generator(int(settings["seed"]), "stability folds", *place.values())
    fold = rng.permutation(len(table)) % FOLDS
    scores = table.to_numpy()
    picked = np.empty(len(table), dtype=int)
    chosen: Counter[str] = Counter()
    for number in range(FOLDS):
        best = int(scores[fold != number].mean(axis=0).argmax())
        picked[fold == number] = best
        chosen[str(table.columns[best])] += 1
    return pd.Series(scores[np.arange(len(table)), picked], index=table.index), chosen


def _difference(
    values: pd.Series | None,
    other: pd.Series | None,
    prefix: str,
) -> dict[str, float]:
    """Mean paired difference and its 95 % interval over problems that both have."""
    centre = f"{prefix}difference" if prefix != "over_vote_" else "over_vote"
    found = {centre: np.nan, f"{prefix}low": np.nan, f"{prefix}high": np.nan}
    if values is None or other is None:
        return found
    paired = (values - other).dropna().sort_index().to_numpy()
    if not len(paired):
        return found
    found[centre] = float(paired.mean())
    if len(paired) < 2:
        return found
    low, high = intervals.difference(paired).interval()
    return found | {f"{prefix}low": float(low[0]), f"{prefix}high": float(high[0])}
