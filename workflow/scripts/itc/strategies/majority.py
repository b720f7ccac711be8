"""Majority vote (self-consistency), exact for every budget."""

from __future__ import annotations

from itc.estimators import majority
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Majority vote"
DESCRIPTION = "The most frequent answer of n responses; ties are shared, no answer casts no vote."
CITATION = "Wang et al. 2022, arXiv 2203.11171 (self-consistency)"
PROCEDURE = "sample"
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], ties: str = "even") -> Estimate:
    """``ties``: ``even`` (expected value) or ``first`` (the tied answer recorded first)."""
    correct, upper = majority.both_majorities(
        pool.codes, pool.credit, pool.credit_upper, budgets, ties
    )
    return Estimate(budgets, correct, upper, _costs.parallel(pool, budgets))
