"""Multi-round thinking: the last answer of a chain of revisions."""

from __future__ import annotations

from itc.strategies import _revised
from itc.strategies._base import Estimate, Pool

TITLE = "Multi-round thinking"
DESCRIPTION = "The model sees only its last answer and answers again; the last counts."
CITATION = "Tian et al. 2025, arXiv 2503.19855 (multi-round thinking)"
PROCEDURE = "revise_answer"
POOL = "sample"
RELATED = {"entry": "revise_answer"}
PER_DRAW = True
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "revise_answer") -> Estimate:
    """Budget n is the response and n - 1 revisions; all recorded rounds, whatever ``budgets``."""
    return _revised.last(pool, entry)
