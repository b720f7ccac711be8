"""The parts of a claim tested together, and the verdict of the whole claim.

Every claim names one primary endpoint. Its parts are judged by intervals that hold together: their
common level is such that the largest of all standardised errors stays inside in 95 % of studies
(max-T; the correlations are those of the parts' contributions per problem, so parts that share a
baseline cost little). Sources: Westfall and Young 1993; Hothorn, Bretz and Westfall 2008,
Biometrical Journal 50:346.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from itc.claims._verdict import (
    AT_MOST,
    DIRECTION,
    NOT_TESTED,
    SUPPORTED,
    UNDECIDED,
    Verdict,
    contributions,
    decide,
    ruled_out,
    settled,
)
from itc.stats.paired import LEVEL

DRAWS = 20_000  # of the joint distribution of the parts' errors
POWER = 0.8


@dataclass(frozen=True)
class Whole:
    """A claim as one: verdict, interval of its primary endpoint, and what the study could see.

    ``resolves``: distance from the smallest effect of interest that is seen with POWER, in the
    claim's unit: an effect of d + resolves is called supported (or, for a claim "at most d",
    opposite) in 80 % of such studies, and d - resolves is ruled out as often. ``wrong``: chance
    that one of the parts is wrongly called supported or opposite where no effect exists at all.
    """

    verdict: str
    low: float
    high: float
    resolves: float
    wrong: float
    n_tested: int


def jointly(verdicts: Sequence[Verdict], level: float = LEVEL) -> list[Verdict]:
    """The parts of one claim, decided by intervals that hold together with ``level``."""
    tested = [i for i, v in enumerate(verdicts) if v.units]
    if not tested:
        return list(verdicts)
    largest, degrees = _largest_errors([verdicts[i] for i in tested])
    critical = float(np.quantile(largest, level))
    each = float(2 * stats.t.cdf(critical, degrees) - 1) if len(tested) > 1 else level
    result = list(verdicts)
    for i in tested:
        part = verdicts[i]
        low, high = part.interval(each)
        t = float(stats.t.isf(part.p_value / 2, degrees))
        adjusted = part.p_value if len(tested) == 1 else float((largest >= t).mean())
        result[i] = replace(
            part,
            joint_low=low,
            joint_high=high,
            p_joint=max(adjusted, part.p_value),
            verdict=settled(part, low, high),
        )
    return result


def _largest_errors(parts: Sequence[Verdict]) -> tuple[np.ndarray, float]:
    """Draws [DRAWS] of the largest standardised error of the parts, and degrees of freedom."""
    table = pd.concat(
        [contributions(p.units, p.by_problems).rename(i) for i, p in enumerate(parts)], axis=1
    ).fillna(0.0)
    errors = table.to_numpy()
    scale = np.sqrt((errors**2).sum(axis=0))
    unit = np.divide(errors, scale, out=np.zeros_like(errors), where=scale > 0)
    degrees = min(float(p.paired.degrees[0]) for p in parts if p.paired is not None)
    degrees = max(degrees, 1.0)
    rng = np.random.default_rng([len(parts), len(errors)])
    # problems x parts: drawing one normal per problem gives the parts' own correlations
    size = min(len(errors), len(parts))
    if size < len(errors):  # the same law with fewer draws
        unit = np.linalg.qr(unit, mode="r")
    normal = rng.normal(size=(DRAWS, len(unit))) @ unit
    silent = scale == 0
    normal[:, silent] = rng.normal(size=(DRAWS, int(silent.sum())))
    spread = np.sqrt(rng.chisquare(degrees, DRAWS) / degrees)
    largest: np.ndarray = np.abs(normal).max(axis=1) / spread
    return largest, degrees


def whole(parts: Sequence[Verdict], over: str) -> Whole:
    """The claim as one, from its parts (decided jointly).

    ``over``: the primary endpoint is the "smallest" or the "largest" effect of the primary parts.
    As the parts' intervals hold together, so do the least (largest) of their ends for it, and the
    word is the same theorem as that of one part.
    """
    tested = [p for p in parts if p.units]
    primary = [p for p in tested if p.primary]
    if not primary:
        return Whole(NOT_TESTED, np.nan, np.nan, np.nan, 0.0, 0)
    pick = min if over == "smallest" else max
    low = float(pick(p.joint_low for p in primary))
    high = float(pick(p.joint_high for p in primary))
    if len(primary) == 1:
        verdict = primary[0].verdict
    elif any(not u.bounded for p in primary for u in p.units) and any(
        p.verdict == UNDECIDED for p in primary
    ):
        verdict = UNDECIDED
    else:
        verdict = decide(primary[0].kind, low, high, primary[0].smallest_effect)
    return Whole(
        verdict,
        low,
        high,
        max(_resolves(p) for p in primary),
        min(1.0, sum(_by_chance(p) for p in tested)),
        len(primary),
    )


def _resolves(part: Verdict) -> float:
    """Half width of the deciding interval plus what 80 % power adds."""
    paired = part.paired
    assert paired is not None, part.part
    more = float(stats.t.ppf(POWER, max(float(paired.degrees[0]), 1.0)) * paired.se[0])
    return max(part.effect - part.joint_low, part.joint_high - part.effect) + more


def _by_chance(part: Verdict) -> float:
    """Chance of a wrong *supported* or *opposite* of this part where its true effect is zero."""
    paired = part.paired
    assert paired is not None, part.part
    se, degrees = float(paired.se[0]), max(float(paired.degrees[0]), 1.0)
    if se <= 0:
        return 0.0
    down = (part.effect - part.joint_low + part.smallest_effect) / se
    up = (part.joint_high - part.effect + part.smallest_effect) / se
    if part.kind == AT_MOST:  # zero lies below d: only "opposite" is wrong
        return float(stats.t.sf(down, degrees))
    return float(stats.t.sf(down, degrees) + stats.t.sf(up, degrees))


def sentence(whole: Whole, kind: str, smallest: float) -> str:
    """What an open verdict still says, else ""."""
    if ruled_out(kind, whole.verdict, whole.high, smallest):
        return "an effect of d or more is ruled out"
    return ""


def undecidable(whole: Whole, smallest: float) -> bool:
    """The claim is open, and a study of this size could hardly have decided it."""
    return whole.verdict in (UNDECIDED, DIRECTION) and whole.resolves > smallest


__all__ = ["SUPPORTED", "Whole", "jointly", "sentence", "undecidable", "whole"]
