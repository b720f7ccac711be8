"""One draw: the mean accuracy over all recorded draws (pass@1)."""

from __future__ import annotations

import numpy as np

from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool

TITLE = "Single response"
DESCRIPTION = "One response, no further compute: expected accuracy of a random draw."
CITATION = "Chen et al. 2021, arXiv 2107.03374 (pass@1)"
PROCEDURE = "sample"
NEEDS = ()
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int]) -> Estimate:
    """Mean verdict of the N draws; budget 1 only, whatever ``budgets`` holds."""
    mean = pool.right.mean(axis=1, keepdims=True)
    upper = pool.right_upper.mean(axis=1, keepdims=True)
    return Estimate([1], np.asarray(mean), np.asarray(upper), _costs.parallel(pool, [1]))
