"""Early-stopping self-consistency: sample windows until one agrees with itself."""

from __future__ import annotations

from itc.estimators import stopping
from itc.strategies import _sequential
from itc.strategies._base import Estimate, Pool

TITLE = "Early-stopping self-consistency"
DESCRIPTION = "Draws windows of four responses until one window agrees; then the majority."
CITATION = "Li et al. 2024, arXiv 2401.10480 (ESC)"
PROCEDURE = "sample"
NEEDS = ()
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], window: int = 4) -> Estimate:
    """At most n draws; the draws of a window run in parallel."""
    return _sequential.stopped(pool, budgets, stopping.window_vote, window=window)
