"""Regression-weighted vote: each vote weighs the correctness that all features predict."""

from __future__ import annotations

from itc.strategies import _learned
from itc.strategies._base import Estimate, Pool

TITLE = "Regression-weighted vote"
DESCRIPTION = "Vote weighted by the correctness that length and markers predict on other problems."
CITATION = "Wang et al. 2025, arXiv 2504.14047 (idea; cross-fitted logit of this study)"
PROCEDURE = "sample"
NEEDS = ("f_words",)
FEATURES = (
    "f_log_tokens",  # of these two the first that every draw has
    "f_log_words",
    "f_hedging_per_1000_words",
    "f_thinking_per_1000_words",
    "f_discourse_per_1000_words",
    "f_repetition",
    "f_answer_changes",
    "f_thinking_share",
)
EXACT = False
UPPER_BOUND = False
LEARNS = True


def columns(pool: Pool) -> tuple[str, ...]:
    """Features the weights are learned from."""
    others = (column for column in FEATURES if column not in _learned.LENGTHS)
    return (*_learned.length_columns(pool), *others)


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """Ridge logit on length, marker rates, repetition and changes of the answer, five folds."""
    return _learned.weighted(pool, budgets, _learned.probabilities(pool, columns(pool)))
