"""Robust summaries of per-problem values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def interquartile_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of the middle half of ``values`` [P, O] for each row of ``weights`` [R, P].

    Result [R, O]. A value that straddles a quartile counts with the part inside, so the result does
    not jump with single problems (Agarwal et al. 2021, arXiv 2108.13264, without interpolation).
    """
    result = np.empty((len(weights), values.shape[1]))
    share = weights / weights.sum(axis=1, keepdims=True)
    for o in range(values.shape[1]):
        order = np.argsort(values[:, o], kind="stable")
        upper = np.cumsum(share[:, order], axis=1)
        lower = upper - share[:, order]
        inside = np.clip(np.minimum(upper, 0.75) - np.maximum(lower, 0.25), 0.0, None)
        result[:, o] = inside @ values[order, o] / inside.sum(axis=1)
    return result


def interquartile_influence(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What each problem adds to the error of the interquartile mean, per dataset [P, O].

    ``parts``: values [P, O] per dataset; the mean is of all problems, datasets weighing equally. A
    problem's influence is its winsorised value over 1/2, the share of the middle (Huber, Robust
    Statistics, section 3.3), centred within its dataset and divided by the dataset's problems.
    """
    sizes = [len(part) for part in parts]
    values, weight = np.vstack(parts), np.concatenate([np.full(n, 1.0 / n) for n in sizes])
    winsorised = np.empty_like(values, dtype=float)
    for o in range(values.shape[1]):
        order = np.argsort(values[:, o], kind="stable")
        upper = np.cumsum(weight[order]) / len(parts)
        low, high = (values[order[np.searchsorted(upper, q - 1e-12)], o] for q in (0.25, 0.75))
        winsorised[:, o] = np.clip(values[:, o], low, high)
    each = np.split(winsorised, np.cumsum(sizes)[:-1])
    return [(part - part.mean(axis=0)) / 0.5 / len(part) for part in each]
