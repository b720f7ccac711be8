"""Accuracy of a baseline at the cost of another strategy, by interpolation on the cost axis."""

from __future__ import annotations

import numba
import numpy as np


def at_cost(
    cost: np.ndarray, curve_costs: np.ndarray, curve: np.ndarray, flat: bool = False
) -> np.ndarray:
    """Baseline accuracy [R, O] at ``cost`` [R, O] from ``curve`` at ``curve_costs`` [R, K].

    Linear in cost between neighbouring budgets: the accuracy of tossing a coin between the two
    budgets so that the expected cost is equal. NaN below the cheapest and above the dearest budget
    (no extrapolation); with ``flat`` the dearest budget's accuracy also holds for any higher cost,
    as for a strategy that has no larger budget to buy. Costs within 1e-9 of an end are the end.
    """
    order = np.argsort(curve_costs, axis=1, kind="stable")
    x = np.ascontiguousarray(np.take_along_axis(curve_costs, order, 1), dtype=np.float64)
    y = np.ascontiguousarray(np.take_along_axis(curve, order, 1), dtype=np.float64)
    result = np.full(cost.shape, np.nan)
    _interpolate(np.ascontiguousarray(cost, dtype=np.float64), x, y, flat, result)
    return result


@numba.njit(cache=True)
def _interpolate(
    cost: np.ndarray, x: np.ndarray, y: np.ndarray, flat: bool, result: np.ndarray
) -> None:
    last = x.shape[1] - 1
    for r in range(cost.shape[0]):
        slack = 1e-9 * max(abs(x[r, 0]), abs(x[r, last]))
        for o in range(cost.shape[1]):
            c = cost[r, o]
            if np.isnan(c) or c < x[r, 0] - slack or (c > x[r, last] + slack and not flat):
                continue
            k = 0  # first budget that costs at least c
            while k < last and x[r, k] < c - slack:
                k += 1
            if k == 0 or c >= x[r, k] - slack:
                result[r, o] = y[r, k]
            else:
                part = (c - x[r, k - 1]) / (x[r, k] - x[r, k - 1])
                result[r, o] = y[r, k - 1] + part * (y[r, k] - y[r, k - 1])
