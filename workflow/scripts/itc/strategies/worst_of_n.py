"""Worst of n: every one of n responses is right."""

from __future__ import annotations

from itc.estimators import coverage
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Worst of n"
DESCRIPTION = "All n responses are right: how far a user may rely on any single one."
CITATION = "Balachandran et al. 2025, arXiv 2504.00294 (worst-of-n)"
PROCEDURE = "sample"
NEEDS = ()
EXACT = True
UPPER_BOUND = False
CONTROL = True


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """C(c, n) / C(N, n) with c right draws among N."""
    correct, upper = (
        coverage.all_right(verdict.sum(axis=1), pool.n_draws, budgets)
        for verdict in (pool.right, pool.right_upper)
    )
    return Estimate(budgets, correct, upper, _costs.parallel(pool, budgets))
