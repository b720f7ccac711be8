"""Functions of the number of right draws among k of N: coverage, all right, at least m right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from itc.estimators._checks import DrawsError, binomials, check_budgets


def _right_counts(n_right: np.ndarray, n: int) -> np.ndarray:
    counts = np.asarray(n_right)
    if counts.ndim != 1 or not np.issubdtype(counts.dtype, np.integer):
        raise DrawsError("n_right: expected whole numbers [problems]")
    if counts.size and (counts.min() < 0 or counts.max() > n):
        raise DrawsError(f"n_right: values outside 0..{n}, the draws per problem")
    return counts.astype(np.int64)


def at_least(
    n_right: np.ndarray, n: int, budgets: Sequence[int], needed: Sequence[int]
) -> np.ndarray:
    """P(at least ``needed[b]`` of ``budgets[b]`` draws without replacement are right), [P, B].

    ``n_right`` [P] right draws among ``n``. The hypergeometric tail; with needed = ceil(tau k) it
    is G-Pass@k_tau (arXiv 2412.13147), with needed = 1 coverage, with needed = k worst-of-k.
    """
    counts, ks = _right_counts(n_right, n), check_budgets(budgets, n)
    c = binomials(n)
    every = np.arange(n + 1)
    tails = np.empty((n + 1, len(ks)))
    for column, (k, m) in enumerate(zip(ks, needed, strict=True)):
        hits = np.arange(min(max(int(m), 0), k + 1), k + 1)
        tails[:, column] = (c[every][:, hits] * c[n - every][:, k - hits]).sum(1) / c[n, k]
    result: np.ndarray = np.minimum(tails, 1.0)[counts]
    return result


def coverage(n_right: np.ndarray, n: int, budgets: Sequence[int]) -> np.ndarray:
    """pass@k: 1 - C(N - c, k) / C(N, k), float [P, B] (arXiv 2107.03374, 2407.21787)."""
    counts, ks = _right_counts(n_right, n), check_budgets(budgets, n)
    c = binomials(n)
    result: np.ndarray = (1.0 - c[:, ks] / c[n, ks])[n - counts]
    return result


def all_right(n_right: np.ndarray, n: int, budgets: Sequence[int]) -> np.ndarray:
    """Worst-of-k: C(c, k) / C(N, k), float [P, B] (arXiv 2504.00294)."""
    counts, ks = _right_counts(n_right, n), check_budgets(budgets, n)
    c = binomials(n)
    result: np.ndarray = (c[:, ks] / c[n, ks])[counts]
    return result
