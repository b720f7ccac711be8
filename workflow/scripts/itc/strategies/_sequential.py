"""Shared body of strategies that stop sampling early."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from itc.estimators.montecarlo import MonteCarlo
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool


def stopped(
    pool: Pool, budgets: list[int], vote: Callable[..., MonteCarlo], **rule: Any
) -> Estimate:
    """Estimate of a stopping ``vote`` (estimators.stopping) with the costs of what was drawn.

    Each batch of calls waits for a decision, yet the prompt's cache is kept and charged once.
    An axis is null for problems with a draw that lacks what it sums.
    """
    tokens, size = pool.values("n_output_tokens"), pool.values("f_bytes")
    also = {"cost_squared_tokens": tokens**2}
    if not np.isnan(size).all():
        also["cost_bytes"] = size
    result = vote(
        pool.codes,
        tokens,
        pool.credit,
        pool.credit_upper,
        budgets,
        pool.seeds,
        also=also,
        **rule,
    )
    output = result.extra["tokens"]
    metrics = {}
    if "whole" in result.extra:
        metrics["metric_least_output_tokens"] = result.extra["whole"]
    costs = {
        "cost_output_tokens": output,
        "cost_total_tokens": output + _costs.prompt_tokens(pool),
        "cost_sequential_tokens": result.extra["path"],
        "cost_calls": result.extra["draws"],
        **{name: result.extra[name] for name in also},
    }
    costs = _exact_at_one(pool, budgets, costs, result.extra["draws"])
    unknown = np.isnan(tokens).any(axis=1)
    for name in ("cost_output_tokens", "cost_total_tokens", "cost_sequential_tokens"):
        costs[name] = np.where(unknown[:, None], np.nan, costs[name])
    noise = np.where(unknown[:, None], np.nan, result.extra_se["tokens"])
    noise = np.where((result.extra["draws"] == 1).all(axis=0), 0.0, noise)
    return Estimate(budgets, result.mean, result.upper, costs, result.se, metrics, noise)


def _exact_at_one(
    pool: Pool, budgets: list[int], costs: dict[str, np.ndarray], draws: np.ndarray
) -> dict[str, np.ndarray]:
    """``costs`` where one draw is all that is made: those of one response, without any noise.

    Else the noise of the replicates would make one response cheaper under one name than another.
    """
    one = [i for i, b in enumerate(budgets) if b == 1 and (draws[:, i] == 1).all()]
    if not one:
        return costs
    exact = _costs.parallel(pool, [1])
    result = {name: np.array(values, dtype=float) for name, values in costs.items()}
    for name, values in result.items():
        values[:, one] = exact[name]
    return result
