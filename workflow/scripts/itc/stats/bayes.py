"""Bayes@N: posterior of a mean score over fixed problems, from the grades of N draws each.

A problem's draws fall into graded categories with unknown chances, a priori Dirichlet; given the
counts they are Dirichlet again. Source: "Don't Pass@k: a Bayesian framework for large language
model evaluation", arXiv 2510.04265 (posterior mean and variance in closed form). Problems are
taken as given: the interval is for fresh draws to them, not for new problems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from itc.stats._shares import LEVEL, Array


@dataclass(frozen=True)
class Posterior:
    """Mean and standard deviation of a mean score in [0, 1]."""

    mean: float
    sd: float

    @property
    def shape(self) -> tuple[float, float]:
        """Parameters of the beta distribution with this mean and variance."""
        strength = self.mean * (1.0 - self.mean) / self.sd**2 - 1.0
        return self.mean * strength, (1.0 - self.mean) * strength

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Equal-tailed credible interval of that beta distribution, inside [0, 1]."""
        low, high = stats.beta.ppf([(1 - level) / 2, (1 + level) / 2], *self.shape)
        return float(low), float(high)


def posterior(counts: Array, scores: Sequence[float] = (0.0, 1.0), prior: float = 1.0) -> Posterior:
    """Posterior of the mean over problems of the expected score of a draw.

    ``counts`` [P, C]: draws of each problem per category; ``scores`` [C] in [0, 1]: what a category
    is worth; ``prior``: pseudo-draws of each category (1: uniform). With nu = counts + prior and
    T = sum nu per problem the mean is avg(sum_c s_c nu_c / T), the variance
    avg((sum_c s_c^2 nu_c / T - (sum_c s_c nu_c / T)^2) / (T + 1)) / P.
    """
    worth = np.asarray(scores, dtype=float)
    weights = np.asarray(counts, dtype=float) + prior
    total = weights.sum(axis=1)
    first = weights @ worth / total
    second = weights @ worth**2 / total
    variance = ((second - first**2) / (total + 1.0)).sum() / len(weights) ** 2
    return Posterior(float(first.mean()), float(np.sqrt(variance)))


def together(parts: Sequence[Posterior]) -> Posterior:
    """Posterior of the mean over independent parts (datasets) with equal weights."""
    mean = float(np.mean([p.mean for p in parts]))
    return Posterior(mean, float(np.sqrt(sum(p.sd**2 for p in parts))) / len(parts))


def chance_best(parts: Sequence[Posterior], rng: np.random.Generator, draws: int = 10_000) -> Array:
    """Probability [S] of each of independent posteriors to be the largest, by simulation."""
    values = np.column_stack([rng.beta(*p.shape, size=draws) for p in parts])
    return np.bincount(values.argmax(axis=1), minlength=len(parts)) / draws
