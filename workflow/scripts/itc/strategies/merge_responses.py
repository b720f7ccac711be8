"""Mixture of agents: one answer from several responses by the same model."""

from __future__ import annotations

from itc.strategies import _aggregated
from itc.strategies._base import Estimate, Pool

TITLE = "Mixture of agents"
DESCRIPTION = "The model rewrites several responses in view of all and fuses them."
CITATION = "Wang et al. 2024, arXiv 2406.04692 (mixture-of-agents), with one model"
PROCEDURE = "aggregate_full"
POOL = "sample"
RELATED = {"entry": "aggregate_full"}
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "aggregate_full") -> Estimate:
    """One budget, the number of responses merged, whatever ``budgets`` holds."""
    return _aggregated.merged(pool, entry)
