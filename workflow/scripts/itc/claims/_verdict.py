"""Verdicts: a claim's effect over models and datasets, its interval, and what follows from it.

A unit is one model on one dataset (or a pair of models). Its effect comes with an influence per
problem, so that units which share problems are combined with one error clustered by problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

LEVEL = 0.95
MIN_PROBLEMS = 5  # of a unit; below, its spread over problems says nothing

SUPPORTED, CONTRADICTED = "supported", "contradicted"
UNDECIDED, MISSING = "undecided", "missing data"

GREATER = "greater"  # the claim: the effect is at least the smallest effect of interest
AT_MOST = "at most"  # the claim: the effect stays below the smallest effect of interest


@dataclass(frozen=True)
class Unit:
    """Effect of one model on one dataset.

    ``influence``: per problem (index: dataset and problem), its contribution to the error of
    ``effect``; the sum over problems is zero up to rounding.
    """

    model: str
    dataset: str
    effect: float
    influence: pd.Series

    @property
    def n_problems(self) -> int:
        """Problems that carry the effect."""
        return len(self.influence)


@dataclass(frozen=True)
class Verdict:
    """One assessed part of a claim; ``effect``, ``low``, ``high`` are NaN without data."""

    part: str
    measure: str  # what the effect is, in words
    unit: str  # its unit
    kind: str
    smallest_effect: float
    verdict: str
    effect: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n_problems: int = 0
    units: tuple[Unit, ...] = ()
    agree: tuple[bool, ...] = field(default=())
    reason: str = ""


def from_means(model: str, dataset: str, values: pd.Series) -> Unit | None:
    """Unit whose effect is the mean of ``values`` per problem (index problem_id); None if few."""
    values = values.dropna()
    if len(values) < MIN_PROBLEMS:
        return None
    index = dataset + "\x1f" + values.index.astype(str)
    deviation = (values.to_numpy() - values.mean()) / len(values)
    return Unit(model, dataset, float(values.mean()), pd.Series(deviation, index=index))


def interval(effect: float, influence: np.ndarray, smallest_group: int) -> tuple[float, float]:
    """95 % Student interval of ``effect`` from ``influence`` (P,), one for each problem.

    ``smallest_group``: problems of the smallest dataset, which give the degrees of freedom. NaN
    for fewer than two problems.
    """
    n = len(influence)
    if n < 2:
        return np.nan, np.nan
    se = np.sqrt((influence**2).sum() * n / (n - 1))
    reach = stats.t.ppf((1 + LEVEL) / 2, max(smallest_group - 1, 1)) * se
    return effect - reach, effect + reach


def combine(units: Sequence[Unit], by_problems: bool) -> tuple[float, float, float, int]:
    """Mean effect over units with its interval, and the number of problems behind it.

    ``by_problems``: units weigh as many problems as they rest on, else all equally. Degrees of
    freedom are those of the problems, or of the most weighty dataset's if that has fewer.
    """
    weight = np.array([u.n_problems if by_problems else 1.0 for u in units])
    weight = weight / weight.sum()
    effect = float(sum(w * u.effect for w, u in zip(weight, units, strict=True)))
    parts = [w * u.influence for w, u in zip(weight, units, strict=True)]
    influence = pd.concat(parts).groupby(level=0).sum()
    low, high = interval(effect, influence.to_numpy(), len(influence))
    return effect, low, high, len(influence)


def decide(kind: str, effect: float, low: float, high: float, smallest: float) -> str:
    """Verdict from an effect and its 95 % interval.

    ``greater``: supported if the interval lies above 0 and the estimate reaches the smallest effect
    of interest; contradicted if the whole interval lies below it. ``at most``: supported if the
    whole interval lies below it; contradicted if the interval lies above 0 and the estimate reaches
    it. Anything else is undecided.
    """
    if not np.isfinite([effect, low, high]).all():
        return UNDECIDED
    reaches = low > 0 and effect >= smallest
    below = high < smallest if smallest > 0 else high <= 0 and low < 0
    if kind == GREATER:
        return SUPPORTED if reaches else CONTRADICTED if below else UNDECIDED
    return SUPPORTED if below else CONTRADICTED if reaches else UNDECIDED


def assess_units(
    part: str,
    units: Sequence[Unit | None],
    about: dict[str, Any],
    reason: str,
    kind: str = GREATER,
    by_problems: bool = False,
) -> Verdict:
    """Verdict over ``units`` (None = no data); ``about``: measure, unit, smallest_effect.

    ``reason`` is what the verdict says when no unit has data.
    """
    usable = tuple(u for u in units if u is not None)
    base = {
        "part": part,
        "measure": about["measure"],
        "unit": about["unit"],
        "kind": kind,
        "smallest_effect": float(about["smallest_effect"]),
    }
    if not usable:
        return Verdict(**base, verdict=MISSING, reason=reason)
    effect, low, high, n_problems = combine(usable, by_problems)
    smallest = base["smallest_effect"]
    agree = tuple(u.effect > 0 if kind == GREATER else u.effect < smallest for u in usable)
    return Verdict(
        **base,
        verdict=decide(kind, effect, low, high, smallest),
        effect=effect,
        low=low,
        high=high,
        n_problems=n_problems,
        units=usable,
        agree=agree,
    )
