"""Longest of n: wait for all and take the longest answered response."""

from __future__ import annotations

from itc.estimators import order
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Longest of n"
DESCRIPTION = "The longest answered response of n; a control for the choice by length."
CITATION = "Agarwal et al. 2025, arXiv 2512.02008 (last finish search)"
PROCEDURE = "sample"
NEEDS = ("n_output_tokens",)
EXACT = True
UPPER_BOUND = False
CONTROL = True


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """Draws without an answer are taken only where no draw has one."""
    tokens, answered = pool.values("n_output_tokens"), pool.codes >= 0
    correct, upper = (
        order.expected_pick(tokens, verdict, budgets, valid=answered)
        for verdict in (pool.right, pool.right_upper)
    )
    return Estimate(budgets, correct, upper, _costs.parallel(pool, budgets))
