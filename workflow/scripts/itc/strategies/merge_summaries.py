"""Parallel, distil, refine: one answer from several responses by the same model."""

from __future__ import annotations

from itc.strategies import _aggregated
from itc.strategies._base import Estimate, Pool

TITLE = "Parallel, distil, refine"
DESCRIPTION = "The model summarises several responses and answers in view of the summaries."
CITATION = "Madaan et al. 2025, arXiv 2510.01123 (parallel-distill-refine)"
PROCEDURE = "aggregate_summaries"
POOL = "sample"
RELATED = {"entry": "aggregate_summaries"}
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "aggregate_summaries") -> Estimate:
    """One budget, the number of responses merged, whatever ``budgets`` holds."""
    return _aggregated.merged(pool, entry)
