"""What every estimator demands of its input, and the table of binomial coefficients they share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

MAX_DRAWS = 1000  # C(1000, 500) is 2.7e299; 1030 draws would leave the range of a double


class DrawsError(ValueError):
    """Draws or budgets that an estimator must not average over."""


@lru_cache(maxsize=32)
def binomials(n: int) -> np.ndarray:
    """Pascal's triangle as float64 [n + 1, n + 1]; entry [a, b] is C(a, b), zero for b > a.

    Every product the estimators form is a part of some C(n, k) (Vandermonde), so nothing overflows
    up to MAX_DRAWS and, all terms being positive, nothing cancels.
    """
    if n > MAX_DRAWS:
        raise DrawsError(
            f"draws per problem: {n}, allowed at most {MAX_DRAWS} (range of a double); "
            "evaluate a random part of the draws"
        )
    table = np.zeros((n + 1, n + 1))
    table[:, 0] = 1.0
    for a in range(1, n + 1):
        table[a, 1 : a + 1] = table[a - 1, :a] + table[a - 1, 1 : a + 1]
    table.setflags(write=False)
    return table


def check_budgets(budgets: Sequence[int], n: int) -> np.ndarray:
    """Budgets as int64 [B]; refuses budgets outside 1..n instead of estimating from fewer draws."""
    ks = np.asarray(budgets)
    if ks.ndim != 1 or ks.size == 0 or not np.issubdtype(ks.dtype, np.integer):
        raise DrawsError(f"budgets: {budgets!r} is not a non-empty list of whole numbers")
    if ks.min() < 1 or ks.max() > n:
        wrong = [int(k) for k in ks if not 1 <= k <= n]
        raise DrawsError(
            f"budgets: {wrong} outside 1..{n}, the draws recorded for every problem; "
            "lower the budget or sample more draws"
        )
    return ks.astype(np.int64)


def check_rectangle(values: np.ndarray, name: str) -> np.ndarray:
    """Float array [P, N] without holes; raises DrawsError for uneven or missing draws."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except ValueError as error:
        raise DrawsError(f"{name}: problems have uneven numbers of draws ({error})") from error
    if array.ndim != 2 or array.shape[1] == 0:
        raise DrawsError(f"{name}: shape {array.shape}, expected [problems, draws]")
    if np.isnan(array).any():
        row, column = np.argwhere(np.isnan(array))[0]
        raise DrawsError(
            f"{name}: {int(np.isnan(array).sum())} missing values, first at problem {row}, draw "
            f"{column}; an expectation over subsets needs every draw"
        )
    return array
