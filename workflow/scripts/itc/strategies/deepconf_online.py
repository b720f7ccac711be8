"""DeepConf, online: warm-up draws set a bar of confidence, draws that fall below it are stopped."""

from __future__ import annotations

from itc.estimators import stopping
from itc.strategies import _sequential
from itc.strategies._base import Estimate, Pool

TITLE = "DeepConf, online"
DESCRIPTION = (
    "16 draws set a bar; later ones stop below it; ends at consensus. Costs are upper bounds."
)
CITATION = "Fu et al. 2025, arXiv 2508.15260 (DeepConf, online)"
PROCEDURE = "sample"
NEEDS = ("confidence_lowest",)
EXACT = False
UPPER_BOUND = False


def evaluate(
    pool: Pool,
    budgets: list[int],
    warmup: int = 16,
    keep_share: float = 0.1,
    consensus: float = 0.95,
) -> Estimate:
    """At most n draws. Who votes is known: a draw is stopped iff its lowest group is below the bar.

    Where it would have stopped is not recorded, so it is charged to its recorded end: costs are
    upper bounds. ``metric_least_output_tokens`` leaves stopped draws out and is a lower bound.
    """
    return _sequential.stopped(
        pool,
        budgets,
        stopping.confident_vote,
        confidence=pool.values("confidence_lowest"),
        warmup=warmup,
        keep_share=keep_share,
        consensus=consensus,
    )
