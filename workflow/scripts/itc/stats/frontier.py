"""Pareto frontier of points (cost, accuracy), vectorised over bootstrap replicates."""

from __future__ import annotations

import numpy as np

RESOLUTION = 1e-9  # costs and accuracies closer than this (relative, absolute) are equal


EVERY_POINT = "every point"  # scope of the frontier over all models; no name of a mix of models


def on_frontier(cost: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Bool [R, O]: no other point of the row costs no more and is no less accurate, one strictly.

    ``cost``, ``accuracy`` float [R, O]. Equal points (n = 1 of several strategies) are on the
    frontier together. Values are compared after rounding, lest summation order decide a tie.
    """
    cost = np.asarray(cost, dtype=float)
    scale = np.maximum(np.abs(cost).max(axis=1, keepdims=True), 1e-300) * RESOLUTION
    price = np.round(cost / scale)
    gain = np.round(np.asarray(accuracy, dtype=float) / RESOLUTION)
    order = np.lexsort((-gain, price), axis=1)
    ordered_gain = np.take_along_axis(gain, order, 1)
    ordered_price = np.take_along_axis(price, order, 1)
    best_before = np.full_like(ordered_gain, -np.inf)
    best_before[:, 1:] = np.maximum.accumulate(ordered_gain, axis=1)[:, :-1]
    fresh = ordered_gain > best_before
    # a point equal in both to the one that was fresh stays; equal in one only is dominated
    equal = np.zeros_like(fresh)
    equal[:, 1:] = (ordered_gain[:, 1:] == ordered_gain[:, :-1]) & (
        ordered_price[:, 1:] == ordered_price[:, :-1]
    )
    start = np.maximum.accumulate(np.where(~equal, np.arange(equal.shape[1]), 0), axis=1)
    kept = np.take_along_axis(fresh, start, 1)
    result = np.empty_like(kept)
    np.put_along_axis(result, order, kept, 1)
    return result
