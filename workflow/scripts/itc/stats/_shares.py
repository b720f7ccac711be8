"""Distances from the mean of values in [0, 1] to its lower and upper confidence limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

LEVEL = 0.95
NOTICEABLE = 0.05  # a value of this size counts as half a problem seen
TINY = 1e-9  # rounding of exact estimators; smaller distances from 0 or 1 are none

Array = np.ndarray


def student_quantile(degrees: Array, tail: Array) -> Array:
    """Upper Student's t quantile at upper tail probability ``tail``; NaN below some degrees."""
    with np.errstate(invalid="ignore"):
        result: Array = -special.stdtrit(np.where(degrees > 0, degrees, np.nan), tail)
        return result


def limit(share: Array, size: Array, tail: Array, step: Array) -> Array:
    """Lower limit of ``share`` seen among ``size`` problems, both real numbers.

    The ``tail`` quantile of Beta(hits + 1 - step, misses + step): the Clopper-Pearson limit at step
    1, Jeffreys' limit at step 1/2. The upper limit of a share is 1 - the lower one of 1 - share.
    """
    hits = share * size
    first, second = np.maximum(hits + 1.0 - step, 1e-300), size - hits + step
    with np.errstate(invalid="ignore"):
        low = special.betaincinv(first, second, tail)
    return np.where(np.isnan(first) | np.isnan(second), np.nan, np.where(hits <= 0, 0.0, low))


def seen(values: Array) -> Array:
    """How many problems [O] have a value well above 0 of ``values`` [P, O]: sum of x / (x + .05).

    Where few were seen, their spread says little about the sizes that are possible, and the
    effective number of problems is held near their number.
    """
    result: Array = np.nansum(values / (values + NOTICEABLE), axis=0)
    return result


@dataclass(frozen=True)
class Shares:
    """Moments of values in [0, 1] over problems; arrays [D, O] over datasets and points.

    ``n``: problems; ``mean``; ``se2``: squared standard error of the mean, NaN for one problem;
    ``above``, ``below``: problems seen well above 0 and well below 1 (see ``seen``).
    """

    n: Array
    mean: Array
    se2: Array
    above: Array
    below: Array

    @classmethod
    def of(cls, parts: Sequence[Array]) -> Shares:
        """From one array [P, O] per dataset; a NaN leaves the problem out of the point."""
        found = [_moments(p) for p in parts]
        return cls(*(np.stack(column) for column in zip(*found, strict=True)))

    def margins(self, level: float | Array = LEVEL, exact: bool = True) -> tuple[Array, Array]:
        """Distances [D, O] from the mean down to the lower and up to the upper limit.

        The wider of two intervals inside [0, 1]: Student's t with n - 1 degrees of freedom, and a
        beta interval (``limit``) at the effective number of problems. That number is
        mean (1 - mean) / se^2 (what a binomial share would need for this standard error), times
        (z / t)^2 for unknown variance unless this falls below n, and at most n max(1, seen).
        ``exact``: Clopper-Pearson; else moves to Jeffreys' limits as more problems are seen to
        differ, for parts of a difference, whose two limits never err together.
        """
        tail = (1.0 - np.asarray(level, dtype=float)) / 2.0
        m = self.mean
        quantile = student_quantile(self.n - 1.0, tail)
        with np.errstate(divide="ignore", invalid="ignore"):
            effective = np.where(self.se2 > 0, m * (1.0 - m) / self.se2, np.inf)
            unknown = effective * (special.ndtri(tail) / quantile) ** 2
            effective = np.fmax(unknown, np.minimum(effective, self.n))
            reach = np.where(self.n > 1, quantile * np.sqrt(self.se2), np.inf)
        step = np.ones_like(m) if exact else 0.5 + 0.5 / np.maximum(1.0, self.above)
        few_low, few_high = (
            np.minimum(effective, self.n * np.maximum(1.0, k)) for k in (self.below, self.above)
        )
        down = np.maximum(reach, m - limit(m, few_low, tail, step))
        up = np.maximum(reach, 1.0 - limit(1.0 - m, few_high, tail, step) - m)
        return np.minimum(down, m), np.minimum(up, 1.0 - m)


def _moments(values: Array) -> tuple[Array, ...]:
    values = np.clip(values, 0.0, 1.0)
    values = np.where(values < TINY, 0.0, np.where(values > 1.0 - TINY, 1.0, values))
    n = (~np.isnan(values)).sum(axis=0).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(values, axis=0) / n
        variance = np.nansum((values - mean) ** 2, axis=0) / np.where(n > 1, n - 1.0, np.nan)
        return n, mean, variance / n, seen(values), seen(1.0 - values)
