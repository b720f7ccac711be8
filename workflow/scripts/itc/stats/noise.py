"""Choice of problems and choice of draws: variances, the fixed benchmark, and what a study needs.

A value per problem is an expectation over subsets of the N recorded draws, a U-statistic of them.
How far it would move with fresh draws follows from two values by halves that share no draw. At
budget 1 the value is a mean of draws and their own variance gives it exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from itc.stats import intervals
from itc.stats._shares import LEVEL, TINY, Array, student_quantile

POWER = 0.8
MOST_STRETCHED = 20_000  # problems; with more, the interval is Student's t


def draw_variance(value: Array, even: Array, odd: Array, n_draws: Array, budget: Array) -> Array:
    """Variance of per-problem values [P, O] over fresh sets of N draws to the same problem.

    Budget 1: v (1 - v) / (N - 1), unbiased. Else (even - odd)^2 / 4, where ``even`` and ``odd``
    come from N / 2 draws each: (even - odd)^2 / 2 estimates the variance at N / 2 draws, and at N
    draws a U-statistic has at most half of it (Hoeffding 1948, theorem 5.2), so the mean over
    problems errs upwards. NaN at budgets above N / 2, and with one draw.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        single = value * (1.0 - value) / np.where(n_draws > 1, n_draws - 1.0, np.nan)
    result: Array = np.where(budget == 1, single, (even - odd) ** 2 / 4.0)
    return result


def run_variance(value: Array, even: Array, odd: Array, n_draws: Array, budget: Array) -> Array:
    """Variance [P, O] of one run's score on a problem, p (1 - p), p being its chance to be right.

    Budget 1: v (1 - v) N / (N - 1). Else v - even x odd: the halves are independent given the
    problem, so their product is unbiased for p^2. Single problems may be negative, means are not
    biased. NaN as for ``draw_variance``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        single = value * (1.0 - value) * n_draws / np.where(n_draws > 1, n_draws - 1.0, np.nan)
    result: Array = np.where(budget == 1, single, value - even * odd)
    return result


def draw_share(value: Array, within: Array) -> Array:
    """Share [O] of the variance of one run's score on a random problem that its draws cause.

    mean(within) / (m (1 - m)) with m = mean(value); ``within`` from ``run_variance``. 0 where every
    problem is right, or none. NaN where a problem lacks ``within``.
    """
    n = (~np.isnan(value)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(value, axis=0) / n
        inside = np.where(np.isnan(value), 0.0, within).sum(axis=0) / n
        total = mean * (1.0 - mean)
        share: Array = np.where(total > 1e-12, inside / total, 0.0 * inside)
    clipped: Array = np.clip(share, 0.0, 1.0)
    return clipped


@dataclass(frozen=True)
class FixedBenchmark:
    """A mean for these very problems under fresh draws: datasets D, points O.

    ``variances``: per dataset, of the values per problem [P, O]; ``looks``: per dataset, how many
    independent results of a problem were seen [O] (N at budget 1, else 2).
    """

    variances: Sequence[Array]
    looks: Sequence[Array]

    def margin(self, level: float = LEVEL) -> Array:
        """Half width [O]: Student's t over draws, at least the bound for results that never vary.

        Degrees of freedom: Satterthwaite's, (k + 2) (sum x)^2 / sum x^2 for variances x of problems
        that rest on k = looks - 1 degrees each, whose squares have mean (1 + 2 / k) x^2. Where no
        problem's draws differ, an event of probability q in each of the P x looks results was seen
        in none, so q is at most 1 - ((1 - level) / 2)^(1 / (P looks)) (Clopper-Pearson).
        """
        tail = (1.0 - level) / 2.0
        squares, fourth, floors = (np.zeros(np.shape(self.looks[0])) for _ in range(3))
        for variance, looks in zip(self.variances, self.looks, strict=True):
            weight = 1.0 / len(variance) / len(self.variances)
            squares = squares + (variance * weight**2).sum(axis=0)
            fourth = fourth + ((variance * weight**2) ** 2).sum(axis=0) / (looks + 1.0)
            bound = 1.0 - tail ** (1.0 / (len(variance) * looks))
            floors = floors + (bound / len(self.variances)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            degrees = np.maximum(squares**2 / fourth, 1.0)
        student = student_quantile(np.where(np.isnan(degrees), 1.0, degrees), np.asarray(tail))
        result: Array = np.maximum(student * np.sqrt(squares), np.sqrt(floors))
        return result


@dataclass(frozen=True)
class Components:
    """Variance of a paired difference per problem: ``problems`` + ``draws`` at N draws.

    ``values``: the differences themselves, sorted, by which plans know how much wider than
    Student's t the interval will be; without them they take Student's t.
    """

    problems: float  # of the true differences between problems
    draws: float  # of fresh draws, at the recorded number of them
    n_problems: int
    n_draws: int
    values: Array | None = None

    @classmethod
    def of(cls, difference: Array, draws: Array, n_draws: int) -> Components:
        """From differences [P] and their variances over draws [P] (mean taken).

        A spread that is rounding alone counts as none.
        """
        total = float(difference.var(ddof=1)) if np.ptp(difference) > TINY else 0.0
        inside = min(float(draws.mean()), total)
        values = np.sort(difference)
        return cls(total - inside, inside, len(difference), n_draws, values)

    @property
    def total(self) -> float:
        """Variance of the differences of the problems as recorded."""
        return self.problems + self.draws

    def reach(self, problems: float, power: float = POWER, level: float = LEVEL) -> float:
        """Standard errors that a true difference must be away from 0 to be seen with ``power``.

        t_(1 - a/2) x stretch + t_power, P - 1 degrees of freedom. ``stretch`` is how much wider
        than Student's t the interval is for P problems with the recorded differences.
        """
        degrees = max(problems - 1.0, 1.0)
        quantile = float(stats.t.ppf((1 + level) / 2, degrees))
        return quantile * self._stretch(int(problems), level) + float(stats.t.ppf(power, degrees))

    def _stretch(self, problems: int, level: float) -> float:
        if self.values is None or not 2 <= problems <= MOST_STRETCHED or self.total <= 0:
            return 1.0
        places = (np.arange(problems) + 0.5) / problems * len(self.values) - 0.5
        alike = np.interp(places, np.arange(len(self.values)), self.values)
        estimate = intervals.difference(alike)
        student = student_quantile(estimate.degrees, np.asarray((1 - level) / 2)) * estimate.se
        low, high = estimate.margins(level)
        return float((low + high)[0] / 2 / student[0]) if student[0] > 0 else 1.0

    def problems_needed(self, effect: float, power: float = POWER, level: float = LEVEL) -> float:
        """Problems at the recorded draws for ``effect`` to be seen; NaN if nothing ever differs.

        The least P with P >= reach(P)^2 total / effect^2.
        """
        if self.total <= 0:
            return np.nan

        def enough(p: int) -> bool:
            return p >= self.reach(p, power, level) ** 2 * self.total / effect**2

        high = 2
        while not enough(high):
            high *= 2
        low = high // 2
        while high - low > 1:  # the right side falls in P
            middle = (low + high) // 2
            low, high = (low, middle) if enough(middle) else (middle, high)
        return float(high)

    def draws_needed(self, effect: float, power: float = POWER, level: float = LEVEL) -> float:
        """Draws per problem at the recorded problems; inf where no number of draws suffices.

        Solves problems + draws N / N' = P effect^2 / reach^2; the part of the draws falls like
        1 / N' or faster, so N' errs upwards. NaN if nothing ever differs.
        """
        if self.total <= 0:
            return np.nan
        away = self.reach(float(self.n_problems), power, level)
        room = self.n_problems * effect**2 / away**2 - self.problems
        return float(np.ceil(self.draws * self.n_draws / room - 1e-9)) if room > 0 else np.inf

    def detectable(self, power: float = POWER, level: float = LEVEL) -> float:
        """Least true difference seen with ``power`` as recorded."""
        away = self.reach(float(self.n_problems), power, level)
        return float(away * np.sqrt(self.total / self.n_problems))
