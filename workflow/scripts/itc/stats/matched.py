"""What a baseline is worth at a cost: the one place that decides it.

A baseline has a few points of known mean cost. Between two of them its worth is that of tossing a
coin between the two, so that the expected cost is the wanted one: linear in cost. Outside its
range it has no value, and the reason says which side. Only a plan that may leave money unspent (one
response; a best plan within a budget) is worth the same at any higher cost: ``constant``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

SLACK = 1e-9  # costs closer than this share of the largest are equal
CHEAPER = "it costs less than the baseline's cheapest point"
DEARER = "it costs more than the baseline's dearest point"
UNKNOWN = "its costs or those of the baseline are not recorded"


@dataclass(frozen=True)
class Matched:
    """Baseline at the costs of O points: ``values`` one array [P_d, O] per dataset, NaN = none.

    ``reasons`` [O]: why a point has no value, "" where it has one.
    """

    values: list[np.ndarray]
    reasons: np.ndarray


@dataclass(frozen=True)
class Part:
    """One dataset: ``cost`` [P, O] of the points; ``curve_cost``, ``curve`` [P, K] of a baseline.

    ``curve`` is any quantity per problem, usually the chance of a right answer. NaN = unknown.
    """

    cost: np.ndarray
    curve_cost: np.ndarray
    curve: np.ndarray


def at_cost(parts: Sequence[Part], constant: bool = False) -> Matched:
    """The baseline at the mean cost of every point, per problem; datasets weigh equally.

    The mean over problems is the linear interpolation in mean cost between the two neighbouring
    points of the baseline. As the mean costs are themselves estimates, the value of a problem
    carries its share of their error (first-order, delta method): slope x (its own cost minus what
    the mix costs on it), a term of mean zero. Differences of such values have the right spread.
    ``constant``: the dearest point also holds at any higher cost.
    """
    wanted = _mean([p.cost for p in parts])
    costs = _mean([p.curve_cost for p in parts])
    worth = _mean([p.curve for p in parts])
    order = np.argsort(costs, kind="stable")
    x, y = costs[order], worth[order]
    reasons = np.full(len(wanted), "", dtype=object)
    values = [np.full(p.cost.shape, np.nan) for p in parts]
    if not len(x) or np.isnan(x).any():
        reasons[:] = UNKNOWN
        return Matched(values, reasons)
    slack = SLACK * max(abs(x[0]), abs(x[-1]))
    for o, c in enumerate(wanted):
        if np.isnan(c):
            reasons[o] = UNKNOWN
        elif c < x[0] - slack:
            reasons[o] = CHEAPER
        elif c > x[-1] + slack and not constant:
            reasons[o] = DEARER
        elif c > x[-1] + slack or len(x) == 1:
            for value, part in zip(values, parts, strict=True):
                value[:, o] = part.curve[:, order[-1]]
        else:
            above = min(max(int(np.searchsorted(x, c - slack)), 1), len(x) - 1)
            low, high = order[above - 1], order[above]
            width = x[above] - x[above - 1]
            share = min(max((c - x[above - 1]) / width, 0.0), 1.0) if width > slack else 1.0
            slope = (y[above] - y[above - 1]) / width if width > slack else 0.0
            for value, part in zip(values, parts, strict=True):
                mix = (1 - share) * part.curve[:, low] + share * part.curve[:, high]
                paid = (1 - share) * part.curve_cost[:, low] + share * part.curve_cost[:, high]
                own = part.cost[:, o] - paid
                value[:, o] = mix + slope * (own - np.nanmean(own))
    return Matched(values, reasons)


def _mean(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Mean over problems of every column, then over datasets."""
    means = []
    for values in columns:
        present = (~np.isnan(values)).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append(np.nansum(values, axis=0) / present)
    result: np.ndarray = np.mean(means, axis=0)
    return result


def cheapest_mix(
    gains: np.ndarray, costs: np.ndarray, weight: np.ndarray, target: float
) -> np.ndarray:
    """Chances [G, O] of each option in each group: the highest mean gain at mean cost <= target.

    ``gains``, ``costs`` [G, O]: means of the options in the groups; ``weight`` [G]: shares of the
    problems, summing to 1. Options may be mixed by tossing a coin, so every group moves along the
    concave hull of its options, and the steps of the hulls are bought in the order of gain per
    cost until the money is spent, the last one in part: the exact solution of this linear
    programme. Where not even the cheapest options are affordable, they are taken.
    """
    mix = np.zeros_like(gains)
    steps: list[tuple[float, float, int, int, int]] = []
    spent = 0.0
    for g in range(len(gains)):
        hull = _hull(costs[g], gains[g])
        mix[g, hull[0]] = 1.0
        spent += weight[g] * costs[g, hull[0]]
        for a, b in pairwise(hull):
            price = costs[g, b] - costs[g, a]
            steps.append(((gains[g, b] - gains[g, a]) / price, weight[g] * price, g, a, b))
    for _, price, g, a, b in sorted(steps, key=lambda step: (-step[0], step[2], step[1])):
        if price <= 0:
            continue
        part = min(max((target - spent) / price, 0.0), 1.0)
        if part <= 0:
            break
        mix[g, a] -= part
        mix[g, b] += part
        spent += part * price
    return mix


def _hull(cost: np.ndarray, gain: np.ndarray) -> list[int]:
    """Options on the upper concave hull that rises from the cheapest one, by rising cost."""
    order = np.lexsort((-gain, cost))
    hull: list[int] = []
    for i in order:
        if hull and gain[i] <= gain[hull[-1]] + 1e-15:
            continue
        if hull and cost[i] <= cost[hull[-1]]:
            continue
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (gain[i] - gain[a]) * (cost[b] - cost[a]) < (gain[b] - gain[a]) * (
                cost[i] - cost[a]
            ):
                break
            hull.pop()
        hull.append(int(i))
    return hull
