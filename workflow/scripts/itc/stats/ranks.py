"""Ranks with confidence sets: how many competitors are surely better, how many surely worse.

Source: Mogstad, Romano, Shaikh and Wilhelm 2024, Review of Economic Studies 91:476 (ranks from
simultaneous tests of all pairwise differences); Holm 1979 for the simultaneous tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from itc.stats import bootstrap, intervals
from itc.stats._shares import LEVEL, Array


@dataclass(frozen=True)
class Ranks:
    """Of S competitors: rank by the estimate (1 is best, ties share the mean), its set, its tier.

    All S sets [``low``, ``high``] hold together at the level. ``tier``: 1 for the best and whoever
    is not surely worse than it; the next tier starts with the best of the rest, and so on.
    """

    value: Array
    rank: Array
    low: Array
    high: Array
    tier: Array


def of(parts: Sequence[Array], together: float = LEVEL) -> Ranks:
    """Ranks of competitors by values [P, S] per problem in [0, 1], one array per dataset.

    Every competitor needs a value for every problem. Pairs are told apart by the paired interval
    of their difference, p-values adjusted by Holm over all pairs.
    """
    value = np.mean([part.mean(axis=0) for part in parts], axis=0)
    s = len(value)
    first, second = np.triu_indices(s, 1)
    worse = np.zeros((s, s), dtype=bool)  # [i, j]: i is surely worse than j
    if s > 1:
        estimate = intervals.difference([part[:, first] - part[:, second] for part in parts])
        sure = bootstrap.holm(estimate.p_value()) < 1.0 - together
        ahead = estimate.value > 0
        worse[second, first], worse[first, second] = sure & ahead, sure & ~ahead
    above = (value[None, :] > value[:, None] + 1e-12).sum(axis=1)
    equal = (np.abs(value[None, :] - value[:, None]) <= 1e-12).sum(axis=1)
    return Ranks(
        value,
        above + (equal + 1.0) / 2.0,
        1 + worse.sum(axis=1),
        s - worse.sum(axis=0),
        _tiers(value, worse),
    )


def _tiers(value: Array, worse: Array) -> Array:
    tier, head, number = np.zeros(len(value), dtype=int), -1, 0
    for i in np.argsort(-value, kind="stable"):
        if head < 0 or worse[i, head]:
            head, number = i, number + 1
        tier[i] = number
    return tier
