"""Compute-optimal allocation: the best strategy and budget per difficulty bin, cross-validated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _undecided
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap
from itc.stats.allocation import choose, rank_bins
from itc.strategies._base import evaluate_strategy
from itc.strategies._pool import Pool, build_pools

TITLE = "Allocation of compute by difficulty"
LOADS = ("strategies",)
INPUTS = ("outcomes",)
UNIT = "cell"
OPTIONS = ("single", "majority", "shortest", "short_m")
FOLDS = 5
BINS = 4
EVALUATED = ("correct", "cost_output_tokens", *_undecided.EVALUATED.values())
POLICIES = ("uniform", "predicted difficulty", "oracle difficulty")

SCHEMA = register(
    Schema(
        "allocation",
        1,
        {
            "dataset": STRING,
            "model": STRING,
            "policy": STRING,  # uniform: one choice for all; oracle: bins and choices see labels
            "target_budget": INT,  # the cost to keep is that of majority at this budget
            "target_cost": FLOAT,  # output tokens per problem
            "cost": FLOAT,  # spent on the test folds
            "accuracy": FLOAT,
            **_undecided.COLUMNS,
            "low": FLOAT,  # 95 %, bootstrap over problems
            "high": FLOAT,
            "difference": FLOAT,  # accuracy minus uniform's, same problems
            "difference_low": FLOAT,
            "difference_high": FLOAT,
            "probe_cost": FLOAT,  # tokens of the draws that predict difficulty; not charged
            "n_problems": INT,
            "n_bins": INT,
        },
        ("dataset", "model", "policy", "target_budget"),
        ("accuracy",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``allocation`` from draws with tokens: even draws predict difficulty, odd ones answer.

    Predicted difficulty is the agreement among the held-out draws, no label needed. Bins hold
    equally many problems. On four folds the choice per bin of highest accuracy within the target
    cost is made (Lagrangian, so between hull points less than the target is spent), on the fifth
    it is applied. The oracle bins by true accuracy and chooses on the problems it is scored on.
    """
    rows, _ = compute(inputs["outcomes"], settings)
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def compute(
    outcomes: pd.DataFrame, settings: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of table ``allocation`` and of ``allocation_choices``."""
    rows: list[dict[str, Any]] = []
    choices: list[dict[str, Any]] = []
    sampled = outcomes[outcomes["procedure"] == "sample"]
    for (dataset, model), own in sampled.groupby(["dataset", "model"], sort=True):
        even = own["draw"] % 2 == 0
        probes = build_pools(own[even], "sample", int(settings["seed"]))
        pools = build_pools(own[~even], "sample", int(settings["seed"]))
        usable = len(probes) == len(pools) == 1 and pools[0].has("n_output_tokens")
        if usable and len(pools[0].problem_ids) >= 2 * FOLDS:
            place = {"dataset": dataset, "model": model}
            found, chosen = _cell(probes[0], pools[0], own[~even], settings)
            rows += [place | row for row in found]
            choices += [place | row for row in chosen]
    return rows, choices


def _options(
    outcomes: pd.DataFrame, budgets: list[int], seed: int, options: Mapping[str, dict[str, Any]]
) -> tuple[dict[str, np.ndarray], list[tuple[str, int]]]:
    """Columns of table ``evaluations`` [P, O] of every option, and its strategy and budget."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in EVALUATED}
    named: list[tuple[str, int]] = []
    n = outcomes["problem_id"].nunique()
    for name in OPTIONS:
        frame = evaluate_strategy(name, outcomes, budgets, options.get(name), seed)
        named += [(name, int(b)) for b in frame["budget"].to_numpy().reshape(n, -1)[0]]
        for quantity, values in found.items():
            values.append(frame[quantity].to_numpy().reshape(n, -1))
    return {quantity: np.hstack(values) for quantity, values in found.items()}, named


def _cell(
    probe: Pool, pool: Pool, outcomes: pd.DataFrame, settings: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    budgets = [b for b in settings["budgets"] if b <= pool.n_draws]
    options, named = _options(
        outcomes, budgets, int(settings["seed"]), settings.get("strategy_options", {})
    )
    accuracy, cost = options["correct"], options["cost_output_tokens"]
    n = len(pool.problem_ids)
    n_bins = max(1, min(BINS, n // 10))
    rng = bootstrap.generator(int(settings["seed"]), "allocation", pool.dataset, pool.model)
    fold = rng.permutation(n) % FOLDS
    weights = bootstrap.problem_weights(n, int(settings["bootstrap"]), rng)
    agreement = probe.counts.max(axis=1, initial=0) / probe.n_draws
    truth = (probe.right.mean(axis=1) + pool.right.mean(axis=1)) / 2
    bins = {
        "uniform": np.zeros(n, dtype=int),
        "predicted difficulty": rank_bins(agreement, n_bins),
        "oracle difficulty": rank_bins(truth, n_bins),
    }
    probe_cost = float(probe.values("n_output_tokens").sum(axis=1).mean())
    rows, choices = [], []
    for at, (name, budget) in enumerate(named):
        if name != "majority":
            continue
        target = float(cost[:, at].mean())
        base = None
        for policy in POLICIES:
            picked = np.empty(n, dtype=int)
            votes: Counter[tuple[int, Any]] = Counter()
            for f in range(FOLDS):
                test = fold == f
                train = np.ones(n, bool) if policy == "oracle difficulty" else ~test
                chosen = choose(accuracy[train], cost[train], bins[policy][train], n_bins, target)
                picked[test] = chosen[bins[policy][test]]
                votes.update((int(b), named[chosen[b]]) for b in np.unique(bins[policy]))
            place = {"policy": policy, "target_budget": budget}
            choices += [
                place | {"bin": b, "strategy": strategy, "budget": k, "folds": count}
                for (b, (strategy, k)), count in votes.items()
            ]
            scored = {name: values[np.arange(n), picked] for name, values in options.items()}
            score, spent = scored["correct"], scored["cost_output_tokens"]
            base = score if base is None else base
            stacked = np.column_stack([score, score - base])
            replicates = bootstrap.resampled_means(weights, stacked)
            low, high = bootstrap.percentile_interval(replicates, n, n - 1)
            rows.append(
                {
                    "policy": policy,
                    "target_budget": budget,
                    "target_cost": target,
                    "cost": float(spent.mean()),
                    "accuracy": float(score.mean()),
                    **_undecided.of_values(pd.DataFrame(scored)),
                    "low": float(max(low[0], 0.0)),
                    "high": float(min(high[0], 1.0)),
                    "difference": float((score - base).mean()),
                    "difference_low": float(low[1]),
                    "difference_high": float(high[1]),
                    "probe_cost": probe_cost,
                    "n_problems": n,
                    "n_bins": 1 if policy == "uniform" else n_bins,
                }
            )
    return rows, choices
