"""A paired difference with its interval and p-value, whatever it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from itc.stats import intervals

LEVEL = 0.95


@dataclass(frozen=True)
class Paired:
    """Mean difference over problems, datasets by ``weights``; arrays [O]."""

    estimate: intervals.Estimate
    value: np.ndarray

    @classmethod
    def of(
        cls,
        parts: Sequence[np.ndarray],
        weights: Sequence[float] | None = None,
        bounded: bool = True,
    ) -> Paired:
        """From values per problem, one array [P_d, O] (or [P_d]) per dataset; NaN = left out.

        ``bounded``: a difference of shares, which lies in [-1, 1] for every problem. Terms of mean
        zero that carry the noise of mean costs (``matched.at_cost``) may lead a value out of that
        range; it is clipped for the width of the interval, and never for its centre.
        """
        columns = [np.asarray(p, dtype=float).reshape(len(p), -1) for p in parts]
        if not bounded:
            free = intervals.free(columns, weights)
            return cls(free, free.value)
        whole = intervals.free(columns, weights).value
        clipped = [np.clip(p, -1.0, 1.0) for p in columns]
        return cls(intervals.difference(clipped, weights), whole)

    def interval(self, level: float | np.ndarray = LEVEL) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper limits [O], inside [-1, 1] for shares."""
        low, high = self.estimate.margins(level)
        bound = np.inf if self.estimate.kind == intervals.FREE else 1.0
        return np.maximum(self.value - low, -bound), np.minimum(self.value + high, bound)

    @property
    def se(self) -> np.ndarray:
        """Standard error [O], clustered by problem."""
        return self.estimate.se

    @property
    def degrees(self) -> np.ndarray:
        """Degrees of freedom [O] (Satterthwaite)."""
        return self.estimate.degrees

    def p_value(self) -> np.ndarray:
        """Two-sided p [O] of no difference, from the same statistic as ``interval``."""
        return self.estimate.p_value(self.estimate.value - self.value)
