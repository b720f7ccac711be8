"""Self-critique: the last answer of a chain of revisions."""

from __future__ import annotations

from itc.strategies import _revised
from itc.strategies._base import Estimate, Pool

TITLE = "Self-critique"
DESCRIPTION = "The model criticises its response and revises it; the last answer counts."
CITATION = "Madaan et al. 2023, arXiv 2303.17651 (Self-Refine)"
PROCEDURE = "revise_critique"
POOL = "sample"
RELATED = {"entry": "revise_critique"}
PER_DRAW = True
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "revise_critique") -> Estimate:
    """Budget n is the response and n - 1 revisions; all recorded rounds, whatever ``budgets``."""
    return _revised.last(pool, entry)
