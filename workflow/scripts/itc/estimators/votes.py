"""Monte Carlo of votes that weigh, rank or filter draws; common random orders (montecarlo.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from itc.estimators import _kernels
from itc.estimators import montecarlo as mc
from itc.estimators._checks import DrawsError, check_budgets, check_rectangle
from itc.estimators.majority import both_majorities


def _sorted_budgets(budgets: Sequence[int], n: int) -> np.ndarray:
    ks = check_budgets(budgets, n)
    if (np.diff(ks) <= 0).any():
        raise DrawsError(f"budgets: {budgets!r} must rise strictly for nested orders")
    return ks


def _codes(codes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(codes, dtype=np.int64)


def weighted_vote(
    codes: np.ndarray,
    weights: np.ndarray,
    credit: np.ndarray,
    upper: np.ndarray,
    budgets: Sequence[int],
    seeds: np.ndarray,
    **precision: float,
) -> mc.MonteCarlo:
    """The class of largest summed weight among k of N draws wins; ties are shared evenly.

    ``codes`` int [P, N] (-1 casts no vote), ``weights`` float [P, N] of any sign, ``credit`` and
    ``upper`` float [P, C], ``seeds`` uint64 [P]; ``precision``: keywords of montecarlo.run.
    """
    ks = _sorted_budgets(budgets, codes.shape[1])
    weights = check_rectangle(weights, "weights")
    kernel = partial(_kernels.weighted, _codes(codes), weights, credit, upper, seeds)
    return _run(kernel, codes, credit, upper, ks, precision)


def ranked_vote(
    codes: np.ndarray,
    ranking: np.ndarray,
    credit: np.ndarray,
    upper: np.ndarray,
    budgets: Sequence[int],
    seeds: np.ndarray,
    keep_share: float = 1.0,
    power: float = 0.0,
    weights: np.ndarray | None = None,
    **precision: float,
) -> mc.MonteCarlo:
    """Vote of the answered draws of a k-subset ranked by ``ranking`` (float [P, N], high first).

    The best ceil(keep_share n) of the n answered draws vote, the one of rank r (from 1) with weight
    (n - r + 1)^power times ``weights``. Equal rankings keep the order of draws, which is random.
    """
    n = codes.shape[1]
    ks = _sorted_budgets(budgets, n)
    if not 0.0 < keep_share <= 1.0:
        raise DrawsError(f"keep_share: {keep_share}, allowed above 0 up to 1")
    ranking = check_rectangle(ranking, "ranking")
    by_rank = np.argsort(-ranking, axis=1, kind="stable")
    counts = np.arange(n + 1)
    keep = np.ceil(keep_share * counts - 1e-9).astype(np.int64)
    weights = np.ones(codes.shape) if weights is None else check_rectangle(weights, "weights")
    kernel = partial(
        _kernels.ranked,
        _codes(codes),
        weights,
        by_rank,
        keep,
        counts.astype(float) ** power,
        credit,
        upper,
        seeds,
    )
    return _run(kernel, codes, credit, upper, ks, precision)


def shortest_majority(
    codes: np.ndarray,
    lengths: np.ndarray,
    credit: np.ndarray,
    upper: np.ndarray,
    budgets: Sequence[int],
    seeds: np.ndarray,
    **precision: float,
) -> mc.MonteCarlo:
    """Class of largest count / log(mean length of its draws), lengths in tokens (2502.12215)."""
    ks = _sorted_budgets(budgets, codes.shape[1])
    lengths = check_rectangle(lengths, "lengths")
    kernel = partial(_kernels.by_mean_length, _codes(codes), lengths, credit, upper, seeds)
    return _run(kernel, codes, credit, upper, ks, precision)


def _run(
    kernel: Callable[..., None],
    codes: np.ndarray,
    credit: np.ndarray,
    upper: np.ndarray,
    ks: np.ndarray,
    precision: Any,
) -> mc.MonteCarlo:
    """Random orders for the budgets below N; at N the subset is the pool and one order is exact."""
    n = codes.shape[1]
    parts = []
    for chosen in (ks[ks < n], ks[ks == n]):
        if chosen.size:
            own = partial(kernel, chosen)
            known = both_majorities(codes, credit, upper, chosen)
            limits = precision if chosen[0] < n else {"replicates": 1}
            parts.append(mc.run(own, known, **limits))
    return mc.MonteCarlo(
        np.hstack([part.mean for part in parts]),
        np.hstack([part.se for part in parts]),
        parts[0].replicates,
        np.hstack([part.upper for part in parts]),
    )
