"""One interval for means over problems: shares, paired differences, datasets weighed as one likes.

A mean is split into parts that are shares in [0, 1]: per dataset the share itself, or the positive
and the negative part of a paired difference. Each part gets the wider of Student's t and a
Clopper-Pearson interval at the effective number of problems (``_shares``), and the parts are put
together by the square root of summed squares (MOVER). A mean without bounds gets Student's t with
Satterthwaite's degrees of freedom. Interval and p-value are one statistic: p < a exactly where the
interval of level 1 - a leaves the null value out.

Sources: Clopper and Pearson 1934; Korn and Graubard 1998, Survey Methodology 24:193 (effective
sample size); Zou and Donner 2008, Statistics in Medicine 27:1693 (MOVER); Satterthwaite 1946.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from itc.stats._shares import LEVEL, TINY, Array, Shares, student_quantile

LEAST_P = 1e-12  # smaller p-values are given as this
SHARE, DIFFERENCE, FREE = "share", "difference", "free"
LIMITS = {SHARE: (0.0, 1.0), DIFFERENCE: (-1.0, 1.0), FREE: (-np.inf, np.inf)}


@dataclass(frozen=True)
class Estimate:
    """Weighted mean over datasets of means over problems, O points at once.

    ``parts``: values per problem, one array [P, O] per dataset; ``weights`` [D] add up to 1;
    ``kind``: SHARE, DIFFERENCE or FREE. Made by ``share``, ``difference``, ``free`` and
    ``from_influence``.
    """

    parts: tuple[Array, ...]
    weights: Array
    kind: str

    @cached_property
    def n(self) -> Array:
        """Problems [D, O]."""
        counts: Array = np.stack([(~np.isnan(p)).sum(axis=0) for p in self.parts]).astype(float)
        return counts

    @cached_property
    def means(self) -> Array:
        """Means of the datasets [D, O]."""
        with np.errstate(divide="ignore", invalid="ignore"):
            result: Array = np.stack([np.nansum(p, axis=0) for p in self.parts]) / self.n
            return result

    @cached_property
    def value(self) -> Array:
        """The estimate [O]; NaN where a dataset has no problem."""
        result: Array = self.weights @ self.means
        return result

    @cached_property
    def _variances(self) -> Array:
        """Squared standard errors [D, O] of the weighted means; NaN below two problems."""
        squares = np.stack(
            [np.nansum((p - m) ** 2, axis=0) for p, m in zip(self.parts, self.means, strict=True)]
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = squares / np.where(self.n > 1, self.n - 1.0, np.nan) / self.n
        variance = np.where(squares < self.n * TINY**2, 0.0 * variance, variance)  # rounding
        result: Array = self.weights[:, None] ** 2 * variance
        return result

    @cached_property
    def se(self) -> Array:
        """Standard error [O], clustered by problem."""
        result: Array = np.sqrt(self._variances.sum(axis=0))
        return result

    @cached_property
    def degrees(self) -> Array:
        """Degrees of freedom [O] by Satterthwaite; those of all problems where se is 0."""
        v = self._variances
        with np.errstate(divide="ignore", invalid="ignore"):
            found = v.sum(axis=0) ** 2 / (v**2 / (self.n - 1.0)).sum(axis=0)
        largest = (self.n - 1.0).sum(axis=0)
        result: Array = np.where(v.sum(axis=0) > 0, np.minimum(found, largest), largest)
        return result

    @cached_property
    def _signs(self) -> tuple[Shares, Shares | None, Array]:
        """Positive part, negative part (differences only) and the correlation of their means."""
        up = Shares.of([np.maximum(p, 0.0) for p in self.parts])
        if self.kind == SHARE:
            return up, None, np.zeros_like(up.mean)
        down = Shares.of([np.maximum(-p, 0.0) for p in self.parts])
        with np.errstate(divide="ignore", invalid="ignore"):
            r = -up.mean * down.mean / (self.n - 1.0) / np.sqrt(up.se2 * down.se2)
        return up, down, np.where(up.se2 * down.se2 > 0, np.maximum(r, -1.0), 0.0)

    def margins(self, level: float | Array = LEVEL) -> tuple[Array, Array]:
        """Distances [O] from the estimate down to the lower and up to the upper limit.

        At least Student's t with Satterthwaite's degrees of freedom; for shares and differences
        also at least sqrt(sum w^2 margin^2) over datasets and signs, in which a lower limit takes
        the lower margin of gains and the upper one of losses, and their correlation.
        """
        tail = (1.0 - np.asarray(level, dtype=float)) / 2.0
        student = student_quantile(self.degrees, tail) * self.se
        if self.kind == FREE:  # without bounds a sample without spread says nothing of the spread
            student = np.where(self.se > 0, student, np.nan)
            return student, student
        up, down, r = self._signs
        up_low, up_high = up.margins(level, exact=down is None)
        squares_low, squares_high = up_low**2, up_high**2
        if down is not None:
            down_low, down_high = down.margins(level, exact=False)
            squares_low = squares_low + down_high**2 - 2.0 * r * up_low * down_high
            squares_high = squares_high + down_low**2 - 2.0 * r * up_high * down_low
        weight = self.weights[:, None] ** 2
        low, high = (np.sqrt((weight * s).sum(axis=0)) for s in (squares_low, squares_high))
        return np.fmax(low, student), np.fmax(high, student)

    def interval(self, level: float | Array = LEVEL) -> tuple[Array, Array]:
        """Lower and upper limits [O] inside the range of the mean; NaN without an estimate.

        One problem gives the whole range of a share or a difference; a free mean gets NaN for one
        problem and for values without spread.
        """
        low, high = self.margins(level)
        floor, ceiling = LIMITS[self.kind]
        ends: tuple[Array, Array] = (
            np.maximum(self.value - low, floor),
            np.minimum(self.value + high, ceiling),
        )
        return ends

    def p_value(self, null: float | Array = 0.0) -> Array:
        """Two-sided p [O] of the mean being ``null``: 1 - the highest level that leaves it out.

        Bisection on log p to a relative error below 1e-6; at least LEAST_P. A mean that is exactly
        ``null`` has p = 1. NaN where there is no interval.
        """
        null = np.broadcast_to(np.asarray(null, dtype=float), self.value.shape)
        small, large = np.full(null.shape, np.log(LEAST_P)), np.zeros(null.shape)
        for _ in range(26):
            middle = (small + large) / 2.0
            low, high = self.margins(-np.expm1(middle))
            outside = (self.value - low > null) | (self.value + high < null)
            large = np.where(outside, middle, large)
            small = np.where(outside, small, middle)
        low, high = self.margins()
        return np.where(np.isnan(self.value + low + high), np.nan, np.exp(large))


def share(parts: Array | Sequence[Array], weights: Sequence[float] | None = None) -> Estimate:
    """Mean of shares: values in [0, 1] per problem, [P] or [P, O], one array or one per dataset.

    A NaN leaves the problem out of its point. ``weights``: of the datasets, equal by default.
    Raises ValueError for values outside the range.
    """
    return _estimate(parts, weights, SHARE)


def difference(parts: Array | Sequence[Array], weights: Sequence[float] | None = None) -> Estimate:
    """Mean paired difference of two shares: values in [-1, 1] per problem, as for ``share``."""
    return _estimate(parts, weights, DIFFERENCE)


def free(parts: Array | Sequence[Array], weights: Sequence[float] | None = None) -> Estimate:
    """Mean of values without bounds (tokens, log odds), as for ``share``."""
    return _estimate(parts, weights, FREE)


def from_influence(
    effects: Sequence[float | Array],
    influences: Sequence[Array],
    weights: Sequence[float] | None = None,
    kind: str = DIFFERENCE,
) -> Estimate:
    """Estimate of smooth functions of means, from each problem's influence on them.

    ``effects``: per dataset the effect, a number or [O]; ``influences``: per dataset [P] or [P, O],
    what each problem adds to the error of the effect (sum 0 over problems): for a mean (value -
    mean) / P. A problem's value is effect + P influence. Linearised values may leave the range by
    themselves; they are cut off at its ends where the parts are formed.
    """
    parts = []
    for effect, influence in zip(effects, influences, strict=True):
        columns = np.asarray(influence, dtype=float).reshape(len(influence), -1)
        parts.append(effect + (~np.isnan(columns)).sum(axis=0) * columns)
    return Estimate(tuple(parts), _normal(weights, len(parts)), kind)


def _normal(weights: Sequence[float] | None, n: int) -> Array:
    weight = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    result: Array = weight / weight.sum()
    return result


def _estimate(
    parts: Array | Sequence[Array], weights: Sequence[float] | None, kind: str
) -> Estimate:
    each = [parts] if isinstance(parts, np.ndarray) else list(parts)
    columns = tuple(
        np.asarray(p, dtype=float).reshape(len(p), int(np.prod(np.shape(p)[1:]))) for p in each
    )
    floor, ceiling = LIMITS[kind]
    for p in columns:
        if (p < floor - TINY).any() or (p > ceiling + TINY).any():
            raise ValueError(
                f"a {kind} per problem must lie in [{floor:g}, {ceiling:g}], "
                f"but values reach from {np.nanmin(p):g} to {np.nanmax(p):g}"
            )
    return Estimate(columns, _normal(weights, len(columns)), kind)
