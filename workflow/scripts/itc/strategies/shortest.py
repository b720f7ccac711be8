"""Shortest of n (First Finish Search): take the first answer, stop the other chains."""

from __future__ import annotations

from itc.estimators import order
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Shortest of n"
DESCRIPTION = "The shortest answered response of n; all chains stop when it has finished."
CITATION = "Agarwal et al. 2025, arXiv 2505.18149; Hassid et al. 2025, arXiv 2505.17813"
PROCEDURE = "sample"
NEEDS = ("n_output_tokens",)
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """Only answered draws take part and stop the clock, as a draw cut at its cap never finishes."""
    tokens, answered = pool.values("n_output_tokens"), pool.codes >= 0
    correct, upper = (
        order.expected_pick(-tokens, verdict, budgets, valid=answered)
        for verdict in (pool.right, pool.right_upper)
    )
    return Estimate(budgets, correct, upper, _costs.halted(pool, budgets, 1))
