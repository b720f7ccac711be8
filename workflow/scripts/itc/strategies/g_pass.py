"""G-Pass@k: at least a share tau of n responses is right."""

from __future__ import annotations

import math

from itc.estimators import coverage
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "G-Pass@n"
DESCRIPTION = "At least half of n responses are right: stability of a model, not a way to answer."
CITATION = "Liu et al. 2024, arXiv 2412.13147 (G-Pass@k)"
PROCEDURE = "sample"
NEEDS = ()
EXACT = True
UPPER_BOUND = True


def evaluate(pool: Pool, budgets: list[int], tau: float = 0.5) -> Estimate:
    """Hypergeometric tail from ceil(tau n) right draws; ``tau`` in (0, 1]."""
    if not 0.0 < tau <= 1.0:
        raise ValueError(f"g_pass, tau: {tau}, allowed above 0 up to 1")
    needed = [math.ceil(tau * k - 1e-9) for k in budgets]
    correct, upper = (
        coverage.at_least(verdict.sum(axis=1), pool.n_draws, budgets, needed)
        for verdict in (pool.right, pool.right_upper)
    )
    return Estimate(budgets, correct, upper, _costs.parallel(pool, budgets))
