"""DeepConf, offline: vote of the responses of highest confidence, by mean token confidence."""

from __future__ import annotations

from itc.strategies import _picks
from itc.strategies._base import Estimate, Pool

TITLE = "DeepConf, mean token confidence"
DESCRIPTION = (
    "Confidence-weighted vote of the top 90 % of n responses by mean confidence of all tokens."
)
CITATION = "Fu et al. 2025, arXiv 2508.15260 (DeepConf)"
PROCEDURE = "sample"
NEEDS = ("confidence_mean",)
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], keep_share: float = 0.9) -> Estimate:
    """``keep_share``: share of the answered draws that vote, at least one."""
    return _picks.confident_vote(pool, "confidence_mean", budgets, keep_share)
