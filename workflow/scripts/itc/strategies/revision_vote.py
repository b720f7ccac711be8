"""Vote over the rounds of one chain of revisions."""

from __future__ import annotations

from itc.strategies import _revised
from itc.strategies._base import Estimate, Pool

TITLE = "Vote over revisions"
DESCRIPTION = "Majority of the answers of all rounds of one chain of revisions."
CITATION = "Snell et al. 2024, arXiv 2408.03314 (majority within a chain)"
PROCEDURE = "revise_full"
POOL = "sample"
RELATED = {"entry": "revise_full"}
PER_DRAW = True
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "revise_full") -> Estimate:
    """Budget n is the vote of rounds 0 to n - 1, ties shared evenly."""
    return _revised.vote(pool, entry)
