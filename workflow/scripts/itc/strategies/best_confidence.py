"""Best of n by the mean confidence of its tokens."""

from __future__ import annotations

from itc.strategies import _picks
from itc.strategies._base import Estimate, Pool

TITLE = "Best of n, self-certainty"
DESCRIPTION = "The answered response of n with the highest mean token confidence."
CITATION = "Kang et al. 2025, arXiv 2502.18581 (self-certainty, here over the top-k)"
PROCEDURE = "sample"
NEEDS = ("confidence_mean",)
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """Exact: expected verdict of the draw of highest confidence, ties shared evenly."""
    return _picks.best(pool, pool.values("confidence_mean"), budgets)
