"""Abstaining vote: answer only with more than a share of the votes; wrong answers are fined."""

from __future__ import annotations

import math

import numpy as np

from itc.estimators import coverage
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Abstaining vote"
DESCRIPTION = "Answers only when more than half of n responses agree; says nothing otherwise."
CITATION = "Geifman & El-Yaniv 2017, arXiv 1705.08500 (selective prediction)"
PROCEDURE = "sample"
NEEDS = ()
EXACT = True
UPPER_BOUND = False
CONTROL = True


def evaluate(
    pool: Pool, budgets: list[int], threshold: float = 0.5, penalty: float = 1.0
) -> Estimate:
    """``correct``: answered and right; exact, as more than half of n can only be one class.

    ``threshold`` in [0.5, 1): an answer needs more than this share of all n draws, blank ones
    included. Metrics: ``metric_answered`` and ``metric_utility`` = right - penalty x wrong.
    """
    if not 0.5 <= threshold < 1.0:
        raise ValueError(f"abstaining, threshold: {threshold}, allowed 0.5 up to below 1")
    needed = [math.floor(threshold * k + 1e-9) + 1 for k in budgets]
    counts = pool.counts
    wins = coverage.at_least(counts.ravel(), pool.n_draws, budgets, needed)
    wins = wins.reshape(*counts.shape, len(budgets))
    correct, upper, answered = (
        np.minimum((wins * share[:, :, None]).sum(axis=1), 1.0)
        for share in (pool.credit, pool.credit_upper, np.ones_like(pool.credit))
    )
    metrics = {
        "metric_answered": answered,
        "metric_utility": correct - penalty * (answered - correct),
    }
    costs = _costs.parallel(pool, budgets)
    return Estimate(budgets, correct, upper, costs, metrics=metrics)
