"""Marker-filtered vote: majority among the responses that hedge and think aloud least."""

from __future__ import annotations

from itc.estimators import votes
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool, Unavailable

TITLE = "Marker-filtered vote"
DESCRIPTION = "Majority vote of the half of n responses with fewest hedging and thinking markers."
CITATION = "Wang et al. 2025, arXiv 2504.14047 (idea; filter of this study, nothing is fitted)"
PROCEDURE = "sample"
NEEDS = ("f_hedging_count", "f_thinking_count", "f_words")
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], keep_share: float = 0.5) -> Estimate:
    """Keeps the ceil(keep_share n) answered draws of lowest markers per word; all run to the end.

    Direction and share are set beforehand by the claim that correct responses have fewer markers.
    """
    words = pool.values("f_words")
    if not (words > 0).any():
        raise Unavailable("no draw has any words")
    rate = (pool.values("f_hedging_count") + pool.values("f_thinking_count")) / words.clip(1)
    result = votes.ranked_vote(
        pool.codes,
        -rate,
        pool.credit,
        pool.credit_upper,
        budgets,
        pool.seeds,
        keep_share=keep_share,
    )
    return Estimate(budgets, result.mean, result.upper, _costs.parallel(pool, budgets), result.se)
