"""Votes with learned weights against plain majority, by what the weights were learned from.

A strategy is evaluated one dataset at a time, so its weights come from other problems of the same
dataset. Here the same votes also get weights from all other datasets of the model: what a reader
has who brings a new set of problems and no answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from itc import registry
from itc.analyses import _responses as responses
from itc.analyses._predictions import HELD_OUT
from itc.features._lexicon import lexicon_hash
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals
from itc.strategies import _base, _learned, majority
from itc.strategies._base import Pool, Unavailable, constants, usable_budgets
from itc.strategies._pool import build_pools

TITLE = "Votes with learned weights, over problems and over datasets"
INPUTS = ("outcomes",)
UNIT = "model"
LOADS = ("strategies",)
LEAST_BUDGET = 3  # two votes that differ tie, and weights only break the tie

KEY = {
    "model": STRING,
    "dataset": STRING,  # "all": mean over datasets, each counting once
    "strategy": STRING,
    "held_out": STRING,  # problems | dataset: what the weights never saw
    "budget": INT,
}
SCHEMA = register(
    Schema(
        "learned_votes",
        1,
        {
            **KEY,
            "lexicon_sha256": STRING,
            "n_datasets": INT,
            "n_problems": INT,
            "n_undecided": INT,  # responses counted as wrong here, and never learned from
            "difference": FLOAT,  # share right minus that of the plain majority of as many draws
            "low": FLOAT,  # 95 %, Student's t over problems
            "high": FLOAT,
        },
        tuple(KEY),
        ("difference",),
    )
)


def learners(settings: dict[str, Any]) -> list[str]:
    """Strategies of the study whose weights are learned from features (``columns``)."""
    chosen = settings.get("strategies") or registry.names("strategies")
    known = [name for name in chosen if name in registry.names("strategies")]
    learned = [name for name in known if constants(name)["LEARNS"]]
    return [n for n in learned if hasattr(registry.load("strategies", n), "columns")]


def gains(
    name: str, held_out: str, pools: list[Pool], others: pd.DataFrame, budgets: list[int]
) -> np.ndarray:
    """Share right minus that of plain majority [P, B], problems in the order of ``pools``."""
    module = registry.load("strategies", name)
    found = []
    for pool in pools:
        pool.require(constants(name)["NEEDS"])
        columns = module.columns(pool)
        if held_out == "dataset":
            weights = _learned.transferred(pool, columns, others)
        else:
            weights = _learned.probabilities(pool, columns)
        vote = _learned.weighted(pool, budgets, weights).correct
        found.append(vote - majority.evaluate(pool, budgets).correct)
    return np.concatenate(found)


def _cells(
    outcomes: pd.DataFrame, settings: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], list[int], np.ndarray, int]]:
    """Identity, budgets, gains [P, B] and undecided responses of every cell that can be learned."""
    procedure = settings.get("sample_procedure", "sample")
    outcomes = outcomes[outcomes["procedure"] == procedure]
    decided = responses.decided(outcomes, settings)
    decided = decided[decided["answer_class"] >= 0]
    for (model, dataset), own in outcomes.groupby(["model", "dataset"], sort=True, observed=True):
        pools = build_pools(own, procedure, int(settings["seed"]))
        budgets = usable_budgets(settings["budgets"], [pool.n_draws for pool in pools])[0]
        budgets = [b for b in budgets if b >= LEAST_BUDGET]
        others = decided[(decided["model"] == model) & (decided["dataset"] != dataset)]
        n_undecided = int((own["verdict"] == "undecided").sum())
        for name in learners(settings) if budgets else []:
            for held_out in HELD_OUT:
                cell = {"model": str(model), "dataset": str(dataset), "strategy": name}
                try:
                    gain = gains(name, held_out, pools, others, budgets)
                except Unavailable:  # table `unavailable` says why for the strategy itself
                    continue
                yield cell | {"held_out": held_out}, budgets, gain, n_undecided


def summary(parts: list[np.ndarray]) -> dict[str, float]:
    """Mean over datasets of the mean gain per problem, ``parts`` (P,) each, and its interval.

    The interval is that of every paired difference of shares (``stats.intervals``): no gain among
    P problems is no proof of none. None below two problems in a dataset.
    """
    n = np.array([len(part) for part in parts])
    mean = float(np.mean([part.mean() for part in parts]))
    about = {"n_datasets": len(parts), "n_problems": int(n.sum()), "difference": mean}
    if n.min() < 2:
        return about
    low, high = intervals.difference(parts).interval()
    return about | {"low": float(low[0]), "high": float(high[0])}


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> list[str]:
    """Columns of ``outcomes`` that the strategies with learned weights read."""
    wanted = {column for name in learners(settings) for column in _base.outcome_columns(name)}
    return list(dict.fromkeys([*responses.COLUMNS, *sorted(wanted)]))


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``learned_votes``; cells that cannot learn (too few problems, no text) are absent.

    "all" holds budgets at which every dataset of the model has a value.
    """
    rows = []
    together: dict[tuple[Any, ...], list[tuple[np.ndarray, int]]] = {}
    for cell, budgets, gain, n_undecided in _cells(inputs["outcomes"], settings):
        for budget, values in zip(budgets, gain.T, strict=True):
            row = cell | {"budget": budget, "n_undecided": n_undecided}
            rows.append(row | summary([values]))
            key = (cell["model"], cell["strategy"], cell["held_out"], budget)
            together.setdefault(key, []).append((values, n_undecided))
    datasets: dict[str, set[str]] = {}
    for row in rows:
        datasets.setdefault(row["model"], set()).add(row["dataset"])
    for (model, strategy, held_out, budget), parts in together.items():
        if len(parts) == len(datasets[model]) > 1:
            row = {"model": model, "dataset": responses.ALL, "strategy": strategy}
            row |= {"held_out": held_out, "budget": budget, "n_undecided": sum(n for _, n in parts)}
            rows.append(row | summary([values for values, _ in parts]))
    table = pd.DataFrame(rows, columns=[c for c in SCHEMA.columns if c != "lexicon_sha256"])
    return table.assign(lexicon_sha256=lexicon_hash())
