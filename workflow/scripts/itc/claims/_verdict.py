"""Verdicts: a claim's effect over models and datasets, its interval, and what follows from it.

A unit is one model on one dataset (or a pair of models). Its effect comes with an influence per
problem, so that units which share problems are combined with one error clustered by problem.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from itc.stats.paired import LEVEL, Paired

MIN_PROBLEMS = 5  # of a unit; below, its spread over problems says nothing

SUPPORTED, OPPOSITE = "supported", "opposite"
TOO_SMALL, DIRECTION = "too small", "direction shown"
UNDECIDED, NOT_TESTED = "undecided", "not tested"
WORDS = (SUPPORTED, OPPOSITE, TOO_SMALL, DIRECTION, UNDECIDED, NOT_TESTED)

GREATER = "greater"  # the claim: the effect is at least the smallest effect of interest
AT_MOST = "at most"  # the claim: the effect stays below the smallest effect of interest


@dataclass(frozen=True)
class Unit:
    """Effect of one model on one dataset.

    ``influence``: per problem, its contribution to the error of ``effect``; the sum over problems
    is zero up to rounding. ``bounded``: the effect is a difference of shares. ``held``: what was
    equal on both sides of a comparison at equal cost.
    """

    model: str
    dataset: str
    effect: float
    influence: pd.Series
    bounded: bool = True
    held: str = ""
    budget: int | None = None

    @property
    def n_problems(self) -> int:
        """Problems that carry the effect."""
        return len(self.influence)

    def turned(self) -> Unit:
        """The same contrast seen from the other side."""
        return Unit(
            self.model,
            self.dataset,
            -self.effect,
            -self.influence,
            self.bounded,
            self.held,
            self.budget,
        )


@dataclass(frozen=True)
class Verdict:
    """One assessed part of a claim; numbers are NaN without data.

    ``low``, ``high``: 95 % interval of this part alone. ``joint_low``, ``joint_high``: the interval
    that decides; those of all parts of a claim hold together in 95 % of studies. ``bound``: for a
    contrast with the best of several rivals, the lower (``bound_side`` "low") or upper limit over
    all of them as a function of the level. ``primary``: belongs to the claim's primary endpoint.
    """

    part: str
    measure: str  # what the effect is, in words
    unit: str  # its unit
    kind: str
    smallest_effect: float
    verdict: str
    effect: float = np.nan
    low: float = np.nan
    high: float = np.nan
    joint_low: float = np.nan
    joint_high: float = np.nan
    p_value: float = np.nan
    p_joint: float = np.nan
    n_problems: int = 0
    units: tuple[Unit, ...] = ()
    agree: tuple[bool, ...] = field(default=())
    reason: str = ""
    primary: bool = True
    by_problems: bool = False
    paired: Paired | None = field(default=None, compare=False, repr=False)  # None without units
    bound: Callable[[float], float] | None = field(default=None, compare=False, repr=False)
    bound_side: str = "low"

    def interval(self, level: float) -> tuple[float, float]:
        """Limits of the effect at ``level``, the bound over rivals included."""
        assert self.paired is not None, self.part
        low, high = (float(end[0]) for end in self.paired.interval(level))
        if self.bound is not None and self.bound_side == "low":
            low = min(low, self.bound(level))
        elif self.bound is not None:
            high = max(high, self.bound(level))
        return low, high


def from_means(model: str, dataset: str, values: pd.Series) -> Unit | None:
    """Unit whose effect is the mean of ``values`` per problem (index problem_id); None if few."""
    values = values.dropna()
    if len(values) < MIN_PROBLEMS:
        return None
    index = dataset + "\x1f" + values.index.astype(str)
    deviation = (values.to_numpy() - values.mean()) / len(values)
    return Unit(model, dataset, float(values.mean()), pd.Series(deviation, index=index))


def combine(units: Sequence[Unit], by_problems: bool = False) -> Paired:
    """Mean effect over units with its interval (arrays of one).

    ``by_problems``: units weigh as many problems as they rest on, else all equally. Units of one
    dataset share its problems: they are one mean per problem, so models are no independent
    evidence. Datasets keep their own spread (Satterthwaite).
    """
    weight = np.array([u.n_problems if by_problems else 1.0 for u in units])
    weight = weight / weight.sum()
    parts, weights = [], []
    for dataset in sorted({u.dataset for u in units}):
        own = [(w, u) for w, u in zip(weight, units, strict=True) if u.dataset == dataset]
        total = sum(w for w, _ in own)
        effect = sum(w * u.effect for w, u in own) / total
        influence = _summed([(w, u.influence) for w, u in own]).to_numpy()
        parts.append(effect + influence * len(influence) / total)
        weights.append(total)
    return Paired.of(parts, weights, bounded=all(u.bounded for u in units))


def _summed(weighted: Sequence[tuple[float, pd.Series]]) -> pd.Series:
    """Sum of weight x influence per problem; a problem that one lacks adds nothing there."""
    first = weighted[0][1]
    if all(s.index.equals(first.index) for _, s in weighted):
        total = sum(w * s.to_numpy() for w, s in weighted)
        return pd.Series(total, first.index)
    return pd.concat([w * s for w, s in weighted]).groupby(level=0).sum()


def contributions(units: Sequence[Unit], by_problems: bool = False) -> pd.Series:
    """What every problem contributes to the error of the mean effect over units."""
    weight = np.array([u.n_problems if by_problems else 1.0 for u in units])
    weight = weight / weight.sum()
    datasets = sorted({u.dataset for u in units})
    return pd.concat(
        [
            _summed(
                [(w, u.influence) for w, u in zip(weight, units, strict=True) if u.dataset == d]
            )
            for d in datasets
        ]
    )


def decide(kind: str, low: float, high: float, smallest: float) -> str:
    """Verdict from an interval [low, high] and the smallest effect of interest d; first that holds.

    ``greater``: supported low >= d; opposite high <= -d; too small -d < low and high < d; direction
    shown low > 0; else undecided. ``at most``: supported high < d; opposite low >= d; else
    undecided. Where the interval holds, so does the word.
    """
    if not np.isfinite([low, high]).all():
        return UNDECIDED
    if kind == AT_MOST:
        return SUPPORTED if high < smallest else OPPOSITE if low >= smallest else UNDECIDED
    if low >= smallest and low > 0:
        return SUPPORTED
    if high <= -smallest and high < 0:
        return OPPOSITE
    if -smallest < low and high < smallest:
        return TOO_SMALL
    return DIRECTION if low > 0 else UNDECIDED


def ruled_out(kind: str, verdict: str, high: float, smallest: float) -> bool:
    """Whether an undecided claim still rules out an effect of the smallest size or more."""
    return kind == GREATER and verdict == UNDECIDED and bool(high < smallest)


def settled(verdict: Verdict, low: float, high: float) -> str:
    """``decide``, and undecided where too few problems differ to know a spread at all.

    Differences of shares need no such rule: their interval knows the bounds.
    """
    if not all(u.bounded for u in verdict.units):
        spread = contributions(verdict.units, verdict.by_problems)
        if (spread.abs() > 1e-12).sum() < MIN_PROBLEMS:
            return UNDECIDED
    return decide(verdict.kind, low, high, verdict.smallest_effect)


def assess_units(
    part: str,
    units: Sequence[Unit | None],
    about: dict[str, Any],
    reason: str,
    kind: str = GREATER,
    by_problems: bool = False,
    primary: bool = True,
    bound: Callable[[float], float] | None = None,
    bound_side: str = "low",
) -> Verdict:
    """Verdict over ``units`` (None = no data); ``about``: measure, unit, smallest_effect.

    ``reason`` is what the verdict says when no unit has data. The verdict is that of this part
    alone; ``_together.jointly`` decides again with all parts of the claim.
    """
    usable = tuple(u for u in units if u is not None)
    smallest = float(about["smallest_effect"])
    base: dict[str, Any] = {
        "part": part,
        "measure": about["measure"],
        "unit": about["unit"],
        "kind": kind,
        "smallest_effect": smallest,
        "primary": primary,
    }
    if not usable:
        return Verdict(**base, verdict=NOT_TESTED, reason=reason)
    paired = combine(usable, by_problems)
    found = Verdict(
        **base,
        verdict=UNDECIDED,
        effect=float(paired.value[0]),
        n_problems=len(contributions(usable, by_problems)),
        units=usable,
        agree=tuple(u.effect > 0 if kind == GREATER else u.effect < smallest for u in usable),
        by_problems=by_problems,
        p_value=float(paired.p_value()[0]),
        paired=paired,
        bound=bound,
        bound_side=bound_side,
    )
    low, high = found.interval(LEVEL)
    return replace(
        found,
        low=low,
        high=high,
        joint_low=low,
        joint_high=high,
        p_joint=found.p_value,
        verdict=settled(found, low, high),
    )
