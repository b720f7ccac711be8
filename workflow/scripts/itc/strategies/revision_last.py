"""Revision: the last answer of a chain of revisions."""

from __future__ import annotations

from itc.strategies import _revised
from itc.strategies._base import Estimate, Pool

TITLE = "Revision"
DESCRIPTION = "The model revises its response round by round; the last answer counts."
CITATION = "Snell et al. 2024, arXiv 2408.03314 (sequential revision)"
PROCEDURE = "revise_full"
POOL = "sample"
RELATED = {"entry": "revise_full"}
PER_DRAW = True
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "revise_full") -> Estimate:
    """Budget n is the response and n - 1 revisions; all recorded rounds, whatever ``budgets``."""
    return _revised.last(pool, entry)
