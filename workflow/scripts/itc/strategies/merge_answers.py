"""Fusion of answers: one answer from several responses by the same model."""

from __future__ import annotations

from itc.strategies import _aggregated
from itc.strategies._base import Estimate, Pool

TITLE = "Fusion of answers"
DESCRIPTION = "The model sees the final answers of several responses and gives one."
CITATION = "Wang et al. 2024, arXiv 2406.04692 (aggregation), over answers only"
PROCEDURE = "aggregate_answers"
POOL = "sample"
RELATED = {"entry": "aggregate_answers"}
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "aggregate_answers") -> Estimate:
    """One budget, the number of responses merged, whatever ``budgets`` holds."""
    return _aggregated.merged(pool, entry)
