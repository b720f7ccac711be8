"""Correct against incorrect responses: the pooled and the within-question difference of a mean.

The pooled difference mixes questions: hard ones have more incorrect responses and longer ones. The
within-question difference compares responses to the same question and is free of difficulty.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse, stats

from itc.schemas import FLOAT, INT
from itc.stats._shares import student_quantile

COLUMNS = {
    "n_responses": INT,
    "n_correct": INT,
    "n_problems": INT,
    "n_problems_both": INT,  # with a correct and an incorrect response
    "correct_mean": FLOAT,
    "incorrect_mean": FLOAT,
    "pooled_difference": FLOAT,  # correct minus incorrect, over all responses
    "pooled_se": FLOAT,  # clustered by problem
    "pooled_low": FLOAT,
    "pooled_high": FLOAT,
    "within_difference": FLOAT,  # mean over problems of (correct minus incorrect)
    "within_se": FLOAT,
    "within_low": FLOAT,
    "within_high": FLOAT,
    "within_p": FLOAT,  # two-sided t test of no difference
}
LEVEL = 0.95


def contrast(values: np.ndarray, right: np.ndarray, problem: np.ndarray) -> pd.DataFrame:
    """Differences of c measures between correct and incorrect responses.

    ``values``: (n, c) floats, NaN = not known for this response; ``right``: (n,) of 0 and 1;
    ``problem``: (n,) labels. Returns c rows with the columns COLUMNS.

    Pooled: difference of the two means over responses; its s.e. is the linearised one, clustered
    by problem with factor P / (P - 1). Within: mean of the per-problem differences, over problems
    with both outcomes, each problem counting once. Intervals are 95 %, Student's t with one degree
    of freedom less than problems. NaN where fewer than two problems carry the estimate, and the
    ends also where its values have no spread.
    """
    values = np.asarray(values, np.float64)
    codes, labels = pd.factorize(np.asarray(problem))
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    rows = np.arange(len(codes))
    member = sparse.csr_matrix(
        (np.ones(len(codes)), (codes, rows)), shape=(max(len(labels), 1), len(codes))
    )
    right = np.asarray(right, np.float64)[:, None]
    n = [member @ (known * right), member @ (known * (1 - right))]  # (problems, c) each
    sums = [member @ (filled * right), member @ (filled * (1 - right))]
    with np.errstate(divide="ignore", invalid="ignore"):
        means = [s.sum(0) / k.sum(0) for s, k in zip(sums, n, strict=True)]
        influence = [(s - m * k) / k.sum(0) for s, m, k in zip(sums, means, n, strict=True)]
        n_problems = ((n[0] + n[1]) > 0).sum(0)
        variance = ((influence[0] - influence[1]) ** 2).sum(0) * n_problems / (n_problems - 1)
        pooled = means[0] - means[1]
        both = (n[0] > 0) & (n[1] > 0)
        difference = np.where(both, sums[0] / n[0] - sums[1] / n[1], 0.0)
        n_both = both.sum(0)
        within = np.where(n_both > 0, difference.sum(0) / n_both, np.nan)
        spread = np.where(both, (difference - within) ** 2, 0.0).sum(0) / (n_both - 1)
        within_se = np.sqrt(spread / n_both)
        pooled_se = np.sqrt(variance)
    pooled_se = np.where((n_problems > 1) & np.isfinite(pooled), pooled_se, np.nan)
    within_se = np.where(n_both > 1, within_se, np.nan)
    tail = np.asarray((1 - LEVEL) / 2)
    reach = [  # rates have no bounds: without spread there is no interval
        np.where(se > 0, student_quantile(count - 1.0, tail) * se, np.nan)
        for count, se in ((n_problems, pooled_se), (n_both, within_se))
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(within / within_se), np.maximum(n_both - 1, 1))
    return pd.DataFrame(
        {
            "n_responses": (n[0] + n[1]).sum(0).astype(int),
            "n_correct": n[0].sum(0).astype(int),
            "n_problems": n_problems,
            "n_problems_both": n_both,
            "correct_mean": means[0],
            "incorrect_mean": means[1],
            "pooled_difference": pooled,
            "pooled_se": pooled_se,
            "pooled_low": pooled - reach[0],
            "pooled_high": pooled + reach[0],
            "within_difference": within,
            "within_se": within_se,
            "within_low": within - reach[1],
            "within_high": within + reach[1],
            "within_p": p,
        }
    )
