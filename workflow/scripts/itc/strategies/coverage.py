"""Coverage (pass@k): at least one of n responses is right; needs an oracle to be reached."""

from __future__ import annotations

from itc.estimators import coverage
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Coverage (pass@n)"
DESCRIPTION = "Some response of n is right: the upper bound of any choice among them."
CITATION = "Brown et al. 2024, arXiv 2407.21787; Chen et al. 2021, arXiv 2107.03374"
PROCEDURE = "sample"
NEEDS = ()
EXACT = True
UPPER_BOUND = True


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """1 - C(N - c, n) / C(N, n) with c right draws among N."""
    n = pool.n_draws
    correct = coverage.coverage(pool.right.sum(axis=1), n, budgets)
    upper = coverage.coverage(pool.right_upper.sum(axis=1), n, budgets)
    return Estimate(budgets, correct, upper, _costs.parallel(pool, budgets))
