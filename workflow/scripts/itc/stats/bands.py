"""Bands that hold for all points of a curve at once, by max-t over common resamples.

The largest studentised deviation over the points of a resample has a 95 % quantile c; intervals at
level 1 - 2 Phi(-c) then hold together (Romano and Wolf 2005, Econometrica 73:1237). That level goes
to the interval method of single points, so a band is never narrower than its intervals.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from itc.stats import bootstrap
from itc.stats._shares import LEVEL, Array
from itc.stats.intervals import Estimate


def resample(values: Array, replicates: int, rng: np.random.Generator) -> Array:
    """Resampled means [R, O] of ``values`` [P, O] of one dataset."""
    weights = bootstrap.problem_weights(len(values), replicates, rng)
    return bootstrap.resampled_means(weights, values)


def level(
    estimate: Estimate,
    replicates: Array,
    curve: Array | None = None,
    together: float = LEVEL,
) -> Array:
    """Levels [O] at which the intervals of all points of a curve hold together.

    ``replicates`` [R, O]: resampled estimates, common to all points. ``curve`` [O]: codes of the
    curve that each point belongs to, by default one. Points without spread take no part and get
    the level of their curve.
    """
    codes = np.zeros(replicates.shape[1], dtype=int) if curve is None else np.asarray(curve)
    spread = replicates.std(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.abs(replicates - estimate.value) / np.where(spread > 1e-12, spread, np.nan)
    deviation = np.where(np.isnan(deviation), 0.0, deviation)
    result = np.full(len(codes), together)
    for code in np.unique(codes):
        own = np.flatnonzero(codes == code)
        largest = deviation[:, own].max(axis=1)
        critical = np.quantile(largest, together)
        result[own] = np.maximum(1.0 - 2.0 * special.ndtr(-critical), together)
    return result
