"""Rates of false grades against a second grade, and the accuracy that they imply.

Rogan and Gladen 1978, American Journal of Epidemiology 107:71: a share a of grades "right" with
rates of false right (fr) and false wrong (fw) implies the share (a - fr) / (1 - fr - fw). Responses
of a problem belong together, so intervals rest on each problem's influence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from itc.stats._shares import Array
from itc.stats.intervals import SHARE, Estimate, from_influence, share

LEAST_INFORMATION = 0.2  # of 1 - fr - fw; below, the grades say too little to be corrected


@dataclass(frozen=True)
class Counts:
    """Per problem [P]: ``n`` graded responses, ``right`` of them; of those with a second grade:
    ``truly_wrong`` and among them ``false_right``, ``truly_right`` and ``false_wrong``.
    """

    n: Array
    right: Array
    truly_wrong: Array
    false_right: Array
    truly_right: Array
    false_wrong: Array


def false_right(counts: Counts) -> Estimate | None:
    """Share of the truly wrong responses that were graded right; None without one."""
    return _ratio(counts.false_right, counts.truly_wrong)


def false_wrong(counts: Counts) -> Estimate | None:
    """Share of the truly right responses that were graded wrong; None without one."""
    return _ratio(counts.false_wrong, counts.truly_right)


def corrected(counts: Counts) -> tuple[float, float, float] | None:
    """Accuracy corrected for both rates with its 95 % limits, problems weighing equally.

    All three lie in [0, 1]. None where a rate is unknown or 1 - fr - fw is below
    LEAST_INFORMATION. The limits are the wider of two: by each problem's influence on accuracy and
    rates together, and by the limits of the three put together by squares (MOVER), which holds
    where no false grade was seen. The true accuracy falls in fr and rises in fw.
    """
    right, wrong = false_right(counts), false_wrong(counts)
    if right is None or wrong is None:
        return None
    fr, fw = float(right.value[0]), float(wrong.value[0])
    information = 1.0 - fr - fw
    if information < LEAST_INFORMATION:
        return None
    shares = counts.right / counts.n
    plain = share(shares)
    value = (float(plain.value[0]) - fr) / information
    by_right, by_wrong = (value - 1.0) / information, value / information
    influence = (shares - shares.mean()) / len(shares) / information
    influence = influence + by_right * _influence(counts.false_right, counts.truly_wrong)
    influence = influence + by_wrong * _influence(counts.false_wrong, counts.truly_right)
    value = float(np.clip(value, 0.0, 1.0))
    together = from_influence([value], [influence], kind=SHARE).margins()
    (down, up), (r_down, r_up), (w_down, w_up) = (e.margins() for e in (plain, right, wrong))
    apart = (
        np.sqrt((down / information) ** 2 + (by_right * r_up) ** 2 + (by_wrong * w_down) ** 2),
        np.sqrt((up / information) ** 2 + (by_right * r_down) ** 2 + (by_wrong * w_up) ** 2),
    )
    low, high = (float(np.fmax(*pair)[0]) for pair in zip(together, apart, strict=True))
    return value, max(value - low, 0.0), min(value + high, 1.0)


def _ratio(hits: Array, of: Array) -> Estimate | None:
    known = of > 0
    if not known.any():
        return None
    effect = hits.sum() / of.sum()
    return from_influence([float(effect)], [_influence(hits[known], of[known])], kind=SHARE)


def _influence(hits: Array, of: Array) -> Array:
    """What each problem adds to the error of sum(hits) / sum(of)."""
    result: Array = (hits - hits.sum() / of.sum() * of) / of.sum()
    return result
