"""Bootstrap over problems: common resamples, expanded percentile intervals, clustered errors."""

from __future__ import annotations

import hashlib

import numpy as np
from scipy import stats

LEVEL = 0.95


def generator(seed: int, *names: str) -> np.random.Generator:
    """A generator that depends on the study seed and on names only, not on order of use."""
    text = "\0".join((str(seed), *names)).encode()
    return np.random.default_rng(int.from_bytes(hashlib.blake2b(text, digest_size=16).digest()))


def problem_weights(n_problems: int, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """How often each problem is drawn in each resample: float [R, P], rows sum to P.

    One matrix serves every operating point of a dataset, so contrasts are paired by construction.
    """
    drawn = rng.multinomial(n_problems, np.full(n_problems, 1.0 / n_problems), size=replicates)
    return drawn.astype(np.float64)


def resampled_means(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Means [R, O] of ``values`` [P, O] under ``weights`` [R, P].

    A problem that lacks a point (NaN) is left out of this point's mean in every replicate.
    """
    missing = np.isnan(values)
    if not missing.any():
        result: np.ndarray = weights @ values / weights.sum(axis=1, keepdims=True)
        return result
    present = weights @ (~missing)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(present > 0, weights @ np.where(missing, 0.0, values) / present, np.nan)


def clustered_se(values: np.ndarray) -> np.ndarray:
    """Standard error [O] of the mean of per-problem ``values`` [P, O], problems being the clusters.

    sd / sqrt(P); NaN below two problems. Per-problem values are expectations over the recorded
    draws, whose noise is part of their spread, so draws are not resampled on top.
    """
    count = (~np.isnan(values)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(values, axis=0) / count
        variance = np.nansum((values - mean) ** 2, axis=0) / (count - 1)
        return np.where(count > 1, np.sqrt(variance / count), np.nan)


def expanded_level(smallest: int, degrees: int, level: float = LEVEL) -> float:
    """Tail probability of an expanded percentile interval (Hesterberg 2015, section 5.3).

    The bootstrap distribution is narrow by sqrt((P - 1) / P) and ignores Student's t; reading its
    percentiles at Phi(-sqrt(P / (P - 1)) t) instead of (1 - level) / 2 mends both. ``smallest`` is
    P, ``degrees`` the degrees of freedom of t.
    """
    if smallest < 2 or degrees < 1:
        return 0.0
    quantile = stats.t.ppf((1 + level) / 2, degrees)
    return float(stats.norm.cdf(-np.sqrt(smallest / (smallest - 1)) * quantile))


def percentile_interval(
    replicates: np.ndarray, smallest: int, degrees: int, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Expanded percentile interval (low, high) [O] of ``replicates`` [R, O]."""
    tail = expanded_level(smallest, degrees, level)
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(replicates, [tail, 1.0 - tail], axis=0)
    return low, high


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's step-down adjusted p-values, NaN staying NaN and not counted (Holm 1979)."""
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
