"""Extended thinking: accuracy and tokens along the procedure's own axis."""

from __future__ import annotations

from itc.strategies import _revised
from itc.strategies._base import Estimate, Pool

TITLE = "Extended thinking"
DESCRIPTION = "The end of thinking is suppressed and more of it asked for."
CITATION = "Muennighoff et al. 2025, arXiv 2501.19393 (budget forcing)"
PROCEDURE = "extend"
POOL = "sample"
RELATED = {"entry": "extend"}
PER_DRAW = True
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], entry: str = "extend") -> Estimate:
    """Budget is the number of suppressed ends; a row is charged as one whole response."""
    return _revised.curve(pool, entry)
