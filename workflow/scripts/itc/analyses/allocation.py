"""Compute-optimal allocation: the best strategy and budget per difficulty bin, cross-validated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _undecided
from itc.schemas import FLOAT, INT, STRING, TEXT, Schema, register
from itc.stats import bootstrap, intervals
from itc.stats.allocation import choose, rank_bins
from itc.stats.matched import Part, at_cost
from itc.stats.paired import Paired
from itc.strategies._base import evaluate_strategy
from itc.strategies._pool import Pool, build_pools

TITLE = "Allocation of compute by difficulty"
LOADS = ("strategies",)
INPUTS = ("outcomes",)
UNIT = "cell"
OPTIONS = ("single", "majority", "shortest", "short_m")
FOLDS = 5
BINS = 4
GRID = 24  # targets for which the uniform plan is worked out
EVALUATED = ("correct", "cost_output_tokens", *_undecided.EVALUATED.values())
POLICIES = ("uniform", "predicted difficulty", "oracle difficulty")

SCHEMA = register(
    Schema(
        "allocation",
        2,
        {
            "dataset": STRING,
            "model": STRING,
            "policy": STRING,  # uniform: one choice for all; oracle: bins and choices see labels
            "target_budget": INT,  # the cost to keep is that of majority at this budget
            "target_cost": FLOAT,  # output tokens per problem
            "cost": FLOAT,  # spent on the test folds
            "accuracy": FLOAT,
            **_undecided.COLUMNS,
            "low": FLOAT,  # 95 %, over problems
            "high": FLOAT,
            "difference": FLOAT,  # accuracy minus that of uniform at the money really spent
            "difference_low": FLOAT,  # 95 %, paired over problems, for the plans as chosen
            "difference_high": FLOAT,
            "no_difference": TEXT,  # why there is none
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
    cost is made, on the fifth it is applied. Every policy may toss a coin between two options, the
    uniform one as well, and the difference is taken at the money that was really spent. The oracle
    bins by true accuracy and chooses on the problems it is scored on.
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
    agreement = probe.counts.max(axis=1, initial=0) / probe.n_draws
    truth = (probe.right.mean(axis=1) + pool.right.mean(axis=1)) / 2
    bins = {
        "uniform": np.zeros(n, dtype=int),
        "predicted difficulty": rank_bins(agreement, n_bins),
        "oracle difficulty": rank_bins(truth, n_bins),
    }
    probe_cost = float(probe.values("n_output_tokens").sum(axis=1).mean())
    rows, choices = [], []
    folds = [(fold != f, fold == f) for f in range(FOLDS)]
    for at, (name, budget) in enumerate(named):
        if name != "majority":
            continue
        target = float(cost[:, at].mean())
        for policy in POLICIES:
            seen = [(np.ones(n, bool) if policy == POLICIES[-1] else a, b) for a, b in folds]
            mix = np.zeros_like(accuracy)
            used: Counter[tuple[int, int]] = Counter()
            shares: Counter[tuple[int, int]] = Counter()
            for train, test in seen:
                plan = choose(accuracy[train], cost[train], bins[policy][train], n_bins, target)
                mix[test] = plan[bins[policy][test]]
                for b in np.unique(bins[policy]):
                    for o in np.flatnonzero(plan[b] > 1e-12):
                        used[int(b), int(o)] += 1
                        shares[int(b), int(o)] += plan[b, o] / FOLDS
            place = {"policy": policy, "target_budget": budget}
            choices += [
                place
                | {"bin": b, "strategy": named[o][0], "budget": named[o][1]}
                | {"folds": count, "share": shares[b, o]}
                for (b, o), count in used.items()
            ]
            scored = {key: (values * mix).sum(axis=1) for key, values in options.items()}
            score, spent = scored["correct"], scored["cost_output_tokens"]
            base, why = _uniform(accuracy, cost, folds, spent)
            own = intervals.share(score[:, None])
            low, high = (float(end[0]) for end in own.interval())
            gain = Paired.of([score - base])
            same = policy == "uniform"  # by definition what it is compared with
            gain_low, gain_high = (float(end[0]) for end in gain.interval())
            rows.append(
                {
                    "policy": policy,
                    "target_budget": budget,
                    "target_cost": target,
                    "cost": float(spent.mean()),
                    "accuracy": float(score.mean()),
                    **_undecided.of_values(pd.DataFrame(scored)),
                    "low": low,
                    "high": high,
                    "difference": 0.0 if same else float(gain.value[0]),
                    "difference_low": 0.0 if same else gain_low,
                    "difference_high": 0.0 if same else gain_high,
                    "no_difference": None if same else why or None,
                    "probe_cost": probe_cost,
                    "n_problems": n,
                    "n_bins": 1 if policy == "uniform" else n_bins,
                }
            )
    return rows, choices


def _uniform(
    accuracy: np.ndarray,
    cost: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
    spent: np.ndarray,
) -> tuple[np.ndarray, str]:
    """Accuracy [P] of one choice for all problems at the money that a policy spent, and why none.

    The choice is made on the other folds for a ladder of GRID targets; between two rungs a coin is
    tossed. Beyond the dearest rung the best plan leaves the rest of the money unspent.
    """
    means = cost.mean(axis=0)
    targets = np.unique(np.append(np.geomspace(means.min(), means.max(), GRID), means))
    curve, paid = (np.empty((len(spent), len(targets))) for _ in range(2))
    together = np.zeros(len(spent), dtype=int)
    for t, target in enumerate(targets):
        for train, test in folds:
            plan = choose(accuracy[train], cost[train], together[train], 1, float(target))[0]
            curve[test, t] = accuracy[test] @ plan
            paid[test, t] = cost[test] @ plan
    found = at_cost([Part(spent[:, None], paid, curve)], constant=True)
    return found.values[0][:, 0], str(found.reasons[0])
