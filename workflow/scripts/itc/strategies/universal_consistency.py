"""Universal self-consistency: one answer from several responses by the same model."""

from __future__ import annotations

from itc.strategies import _aggregated
from itc.strategies._base import Estimate, Pool

TITLE = "Universal self-consistency"
DESCRIPTION = "The model names the response that agrees most with the others."
CITATION = "Chen et al. 2023, arXiv 2311.17311 (universal self-consistency)"
PROCEDURE = "select"
POOL = "sample"
RELATED = {"entry": "select"}
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "select") -> Estimate:
    """One budget, the number of responses merged, whatever ``budgets`` holds."""
    return _aggregated.merged(pool, entry)
