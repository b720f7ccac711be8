"""Marker-weighted vote: each vote weighs the probability that its markers predict."""

from __future__ import annotations

from itc.strategies import _learned
from itc.strategies._base import Estimate, Pool

TITLE = "Marker-weighted vote"
DESCRIPTION = "Vote weighted by the correctness that marker rates predict on other problems."
CITATION = "Wang et al. 2025, arXiv 2504.14047 (idea; cross-fitted logit of this study)"
PROCEDURE = "sample"
NEEDS = ("f_words",)
FEATURES = ("f_hedging_per_1000_words", "f_thinking_per_1000_words", "f_discourse_per_1000_words")
EXACT = False
UPPER_BOUND = False
LEARNS = True


def columns(pool: Pool) -> tuple[str, ...]:
    """Features the weights are learned from."""
    return FEATURES


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """Ridge logit on the rates of hedging, thinking and discourse markers, over five folds."""
    weights = _learned.probabilities(pool, columns(pool))
    return _learned.weighted(pool, budgets, weights)
