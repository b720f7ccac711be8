"""Majority vote weighted by the model's own score of each response."""

from __future__ import annotations

from itc.strategies import _judged
from itc.strategies._base import Estimate, Pool

TITLE = "Self-judged vote"
DESCRIPTION = "Votes weighted by the score that the model gives to each of its responses."
CITATION = "Li et al. 2022, arXiv 2206.02336 (weighted vote), with the model as its own verifier"
PROCEDURE = "judge_score"
POOL = "sample"
RELATED = {"judge": "judge_score"}
PER_DRAW = True
NEEDS = ()
EXACT = False
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], judge: str = "judge_score") -> Estimate:
    """``judge``: procedure entry whose scores are read; its calls are charged."""
    return _judged.weighted(pool, judge, budgets)
