"""Best of n by the model's own judgement of each response: a score."""

from __future__ import annotations

from itc.strategies import _judged
from itc.strategies._base import Estimate, Pool

TITLE = "Best of n, self-judged"
DESCRIPTION = "The response of n that the model itself gives the best score."
CITATION = "Wang et al. 2025, arXiv 2504.14047 (self-judged best-of-N)"
PROCEDURE = "judge_score"
POOL = "sample"
RELATED = {"judge": "judge_score"}
PER_DRAW = True
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], judge: str = "judge_score") -> Estimate:
    """``judge``: procedure entry whose scores are read; its calls are charged."""
    return _judged.best(pool, judge, budgets)
