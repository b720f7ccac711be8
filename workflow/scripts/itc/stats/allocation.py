"""Choice of one option per difficulty bin under a mean cost, by Lagrange multiplier."""

from __future__ import annotations

import numpy as np

STEPS = 400


def rank_bins(score: np.ndarray, n_bins: int) -> np.ndarray:
    """Bins 0..n_bins - 1 of equal size by ``score`` [P]; equal scores share the lower bin."""
    smaller = (score[None, :] < score[:, None]).sum(axis=1)
    result: np.ndarray = np.minimum(smaller * n_bins // len(score), n_bins - 1)
    return result


def choose(
    accuracy: np.ndarray, cost: np.ndarray, bins: np.ndarray, n_bins: int, target: float
) -> np.ndarray:
    """Option [n_bins] per bin: highest mean accuracy at a mean cost of at most ``target``.

    ``accuracy``, ``cost`` [P, O]; ``bins`` [P]. For a price per unit of cost each bin takes its
    best option by accuracy - price x cost; the best affordable plan over a grid of prices is kept.
    A bin without problems takes what all problems together would. Where no plan is affordable the
    cheapest is taken.
    """
    everyone = np.zeros(len(bins), dtype=int)
    gain, price_of, share = [], [], []
    for b in range(n_bins):
        rows = bins == b
        share.append(rows.mean())
        members = rows if rows.any() else everyone == 0
        gain.append(accuracy[members].mean(axis=0))
        price_of.append(cost[members].mean(axis=0))
    gains, costs, weight = np.array(gain), np.array(price_of), np.array(share)
    steep = 1.0 / max(costs.min(), 1e-12)
    prices = np.concatenate([[0.0], np.geomspace(1e-6 * steep, 1e3 * steep, STEPS)])
    plans = (gains[None] - prices[:, None, None] * costs[None]).argmax(axis=2)  # [steps, bins]
    picked = np.arange(n_bins)
    total_cost = (costs[picked, plans] * weight).sum(axis=1)
    total_gain = (gains[picked, plans] * weight).sum(axis=1)
    affordable = total_cost <= target * (1 + 1e-9)
    best: np.ndarray = (
        plans[np.where(affordable, total_gain, -np.inf).argmax()]
        if affordable.any()
        else costs.argmin(axis=1)
    )
    return best
