"""Choice of options per difficulty bin under a mean cost."""

from __future__ import annotations

import numpy as np

from itc.stats.matched import cheapest_mix


def rank_bins(score: np.ndarray, n_bins: int) -> np.ndarray:
    """Bins 0..n_bins - 1 of equal size by ``score`` [P]; equal scores share the lower bin."""
    smaller = (score[None, :] < score[:, None]).sum(axis=1)
    result: np.ndarray = np.minimum(smaller * n_bins // len(score), n_bins - 1)
    return result


def choose(
    accuracy: np.ndarray, cost: np.ndarray, bins: np.ndarray, n_bins: int, target: float
) -> np.ndarray:
    """Chances [n_bins, O]: highest mean accuracy at a mean cost of at most ``target``.

    ``accuracy``, ``cost`` [P, O]; ``bins`` [P]. Every bin may toss a coin between two options, one
    bin as well as four: otherwise the plan with more bins would fit more tightly under the target
    and seem better for it. A bin without problems takes what all problems together would.
    """
    gains = np.empty((n_bins, accuracy.shape[1]))
    costs, weight = np.empty_like(gains), np.empty(n_bins)
    for b in range(n_bins):
        rows = bins == b
        weight[b] = rows.mean()
        members = rows if rows.any() else np.ones(len(bins), dtype=bool)
        gains[b], costs[b] = accuracy[members].mean(axis=0), cost[members].mean(axis=0)
    return cheapest_mix(gains, costs, weight, target)
