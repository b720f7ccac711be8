"""DeepConf, offline: vote of the most confident responses, by confidence of the last tokens."""

from __future__ import annotations

from itc.strategies import _picks
from itc.strategies._base import Estimate, Pool

TITLE = "DeepConf, confidence of the last tokens"
DESCRIPTION = (
    "Confidence-weighted vote of the top 10 % of n responses by confidence of the last tokens."
)
CITATION = "Fu et al. 2025, arXiv 2508.15260 (DeepConf)"
PROCEDURE = "sample"
NEEDS = ("confidence_tail",)
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], keep_share: float = 0.1) -> Estimate:
    """``keep_share``: share of the answered draws that vote, at least one."""
    return _picks.confident_vote(pool, "confidence_tail", budgets, keep_share)
