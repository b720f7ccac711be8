"""Adaptive-Consistency, Dirichlet rule: sample until the leader is safe from all others."""

from __future__ import annotations

from itc.estimators import stopping
from itc.strategies import _sequential
from itc.strategies._base import Estimate, Pool

TITLE = "Adaptive consistency, Dirichlet"
DESCRIPTION = "Draws one by one until the leader is ahead of all others with 95 % confidence."
CITATION = "Aggarwal et al. 2023, arXiv 2305.11860 (Adaptive-Consistency)"
PROCEDURE = "sample"
NEEDS = ()
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], confidence: float = 0.95) -> Estimate:
    """At most n draws; costs are those drawn before the stop, one after the other."""
    return _sequential.stopped(
        pool, budgets, stopping.adaptive_vote, rule="dirichlet", confidence=confidence
    )
