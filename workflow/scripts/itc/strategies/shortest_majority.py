"""Shortest Majority Vote: votes divided by the logarithm of the group's mean length."""

from __future__ import annotations

from itc.estimators import votes
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Shortest majority vote"
DESCRIPTION = "Answers are ranked by votes / log(mean tokens of the responses that give them)."
CITATION = "Zeng et al. 2025, arXiv 2502.12215 (Shortest Majority Vote)"
PROCEDURE = "sample"
NEEDS = ("n_output_tokens",)
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """Monte Carlo over nested orders; no closed form, as the score depends on the lengths drawn."""
    result = votes.shortest_majority(
        pool.codes,
        pool.values("n_output_tokens"),
        pool.credit,
        pool.credit_upper,
        budgets,
        pool.seeds,
    )
    return Estimate(budgets, result.mean, result.upper, _costs.parallel(pool, budgets), result.se)
