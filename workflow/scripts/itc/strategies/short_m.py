"""short-m@k: stop all chains when m have finished, vote among those m."""

from __future__ import annotations

from itc.estimators.short_m import short_m_vote
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Short-{m} of n"
DESCRIPTION = "Majority of the m responses of n that finish first; the others are stopped."
CITATION = "Hassid et al. 2025, arXiv 2505.17813 (short-m@k)"
PROCEDURE = "sample"
NEEDS = ("n_output_tokens",)
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], m: int = 3) -> Estimate:
    """Exact for ``m`` up to 3; a tie goes to the shortest chain; only answered draws finish."""
    tokens = pool.values("n_output_tokens")
    correct, upper = (
        short_m_vote(pool.codes, tokens, credit, budgets, m)
        for credit in (pool.credit, pool.credit_upper)
    )
    return Estimate(budgets, correct, upper, _costs.halted(pool, budgets, m))
