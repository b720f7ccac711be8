"""Truncated thinking: accuracy and tokens along the procedure's own axis."""

from __future__ import annotations

from itc.strategies import _revised
from itc.strategies._base import Estimate, Pool

TITLE = "Truncated thinking"
DESCRIPTION = "The thinking is cut at a number of tokens and an answer forced."
CITATION = "Wang et al. 2025, arXiv 2504.14047 (reasoning truncation); Ma et al. 2025, 2504.09858"
PROCEDURE = "truncate"
POOL = "sample"
RELATED = {"entry": "truncate"}
PER_DRAW = True
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "truncate") -> Estimate:
    """Budget is thinking tokens kept; a row is charged as one whole response."""
    return _revised.curve(pool, entry)
