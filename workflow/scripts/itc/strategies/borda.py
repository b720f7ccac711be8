"""Borda vote: responses vote with a power of their confidence rank."""

from __future__ import annotations

from itc.estimators import votes
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Borda vote"
DESCRIPTION = "Votes weighted by (n - rank + 1)^p of the response's confidence among n."
CITATION = "Kang et al. 2025, arXiv 2502.18581 (Borda vote over self-certainty)"
PROCEDURE = "sample"
NEEDS = ("confidence_mean",)
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], p: float = 0.5) -> Estimate:
    """``p`` 0 is the plain vote; ranks are among the answered draws of a subset."""
    result = votes.ranked_vote(
        pool.codes,
        pool.values("confidence_mean"),
        pool.credit,
        pool.credit_upper,
        budgets,
        pool.seeds,
        power=p,
    )
    return Estimate(budgets, result.mean, result.upper, _costs.parallel(pool, budgets), result.se)
