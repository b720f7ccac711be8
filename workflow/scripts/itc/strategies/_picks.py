"""Shared bodies of strategies that pick by a score or vote among draws ranked by one."""

from __future__ import annotations

import numpy as np

from itc.estimators import order, votes
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool


def best(pool: Pool, score: np.ndarray, budgets: list[int]) -> Estimate:
    """Exact best of n by ``score`` [P, N] among answered draws; every draw runs to its end."""
    answered = pool.codes >= 0
    correct, upper = (
        order.expected_pick(score, verdict, budgets, valid=answered)
        for verdict in (pool.right, pool.right_upper)
    )
    return Estimate(budgets, correct, upper, _costs.parallel(pool, budgets))


def confident_vote(
    pool: Pool, column: str, budgets: list[int], keep_share: float, weighted: bool = True
) -> Estimate:
    """DeepConf: vote of the most confident share of n draws, weighted by their confidence.

    ``column``: confidence [P, N], higher is better; offline form, every draw runs to its end.
    """
    confidence = pool.values(column)
    result = votes.ranked_vote(
        pool.codes,
        confidence,
        pool.credit,
        pool.credit_upper,
        budgets,
        pool.seeds,
        keep_share=keep_share,
        weights=confidence if weighted else None,
    )
    return Estimate(budgets, result.mean, result.upper, _costs.parallel(pool, budgets), result.se)
