"""Parallel chains of revisions: majority of their last answers."""

from __future__ import annotations

from itc.strategies import _revised
from itc.strategies._base import Estimate, Pool

TITLE = "Parallel revision"
DESCRIPTION = "Several chains, each revised to its last round; majority of the last answers."
CITATION = "Snell et al. 2024, arXiv 2408.03314 (parallel and sequential revision)"
PROCEDURE = "revise_full"
POOL = "sample"
RELATED = {"entry": "revise_full"}
PER_DRAW = True
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "revise_full") -> Estimate:
    """Budget = calls: chains x (1 + rounds), for as many chains as ``budgets`` says; exact."""
    return _revised.parallel(pool, entry, budgets)
