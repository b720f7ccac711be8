"""Length-filtered vote: majority of the shorter half of the answered responses."""

from __future__ import annotations

from itc.estimators import votes
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Length-filtered vote"
DESCRIPTION = "Majority vote among the shorter half of n responses."
CITATION = "Wu et al. 2025, arXiv 2502.07266 (length-filtered vote, here with a fixed share)"
PROCEDURE = "sample"
NEEDS = ("n_output_tokens",)
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], keep_share: float = 0.5) -> Estimate:
    """Keeps the shortest ceil(keep_share n) of the n answered draws; all run to their end."""
    result = votes.ranked_vote(
        pool.codes,
        -pool.values("n_output_tokens"),
        pool.credit,
        pool.credit_upper,
        budgets,
        pool.seeds,
        keep_share=keep_share,
    )
    return Estimate(budgets, result.mean, result.upper, _costs.parallel(pool, budgets), result.se)
