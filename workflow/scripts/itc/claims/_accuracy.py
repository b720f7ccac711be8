"""Shared bodies of claims that compare the accuracy of strategies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Unit, from_means
from itc.stats import matched

TOKENS, LATENCY = "cost_output_tokens", "cost_sequential_tokens"
HELD = {TOKENS: "output tokens", LATENCY: "sequential tokens"}
SAMPLES = "numbers of samples"
FEWEST_VOTES = 3  # a vote of two is one response, as ties are shared


@dataclass
class Contrasts:
    """Units of one strategy against a baseline, and why cells have none."""

    units: list[Unit | None] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, unit: Unit | None, reason: str) -> None:
        """One more cell: a unit or the reason why there is none."""
        self.units.append(unit)
        if unit is None and reason:
            self.reasons.append(reason)

    @property
    def held(self) -> str:
        """What was equal in all units; several, comma-separated, where cells differ."""
        return ", ".join(sorted({u.held for u in self.units if u is not None and u.held}))

    def why(self, otherwise: str) -> str:
        """The reasons in one line, or ``otherwise`` where there was no cell at all."""
        return "; ".join(dict.fromkeys(self.reasons)) or otherwise


def at_equal_cost(
    points: Evaluations,
    cells: Sequence[tuple[str, str]],
    strategy: str,
    baseline: str,
    axis: str,
) -> Contrasts:
    """Accuracy of ``strategy`` minus ``baseline`` at the same mean cost, in every cell.

    At the strategy's largest budget whose cost lies within the baseline's range; no value is made
    up beyond it. Where costs are unknown and both draw plain samples to their end, the same number
    of samples is compared, and ``held`` says so.
    """
    found = Contrasts()
    for dataset, model in cells:
        found.add(*_one(points, dataset, model, strategy, baseline, axis))
    return found


def _one(
    points: Evaluations, dataset: str, model: str, strategy: str, baseline: str, axis: str
) -> tuple[Unit | None, str]:
    budgets = points.budgets(dataset, model, strategy)
    if not budgets or not points.budgets(dataset, model, baseline):
        return None, ""
    plain = points.kind(strategy) == "sample"
    if plain:  # any choice among one sample is that sample
        budgets = [b for b in budgets if b > 1]
    if not budgets:
        return None, f"{strategy} has one sample only, which is the same response"
    reason = ""
    for budget in reversed(budgets):
        base, reason = points.worth(dataset, model, baseline, strategy, budget, axis)
        if base is not None:
            return _unit(points, dataset, model, strategy, budget, base, HELD[axis]), ""
        if reason == matched.UNKNOWN:
            break
    if reason == matched.UNKNOWN and plain and axis == TOKENS:
        shared = sorted(set(budgets) & set(points.budgets(dataset, model, baseline)))
        if shared:
            base = points.correct(dataset, model, baseline, shared[-1])
            return _unit(points, dataset, model, strategy, shared[-1], base, SAMPLES), ""
    if reason == matched.UNKNOWN:
        return None, f"no {HELD[axis]} are recorded for {strategy} and {baseline}"
    side = "more" if reason == matched.DEARER else "less"
    return None, (
        f"at every budget {strategy} costs {side} {HELD[axis]} than {baseline} at any of its own"
    )


def _unit(
    points: Evaluations,
    dataset: str,
    model: str,
    strategy: str,
    budget: int,
    base: pd.Series,
    held: str,
) -> Unit | None:
    unit = from_means(model, dataset, points.correct(dataset, model, strategy, budget) - base)
    return None if unit is None else replace(unit, held=held, budget=budget)


def measured(about: dict[str, Any], held: str, usual: str) -> dict[str, Any]:
    """``about`` with its measure naming what was really held equal instead of ``usual``."""
    if not held or held == usual:
        return about
    return about | {"measure": about["measure"].replace(f"at equal {usual}", f"at equal {held}")}


def last_doubling(points: Evaluations, dataset: str, model: str, strategy: str) -> Unit | None:
    """Accuracy at the largest budget that is twice another of two or more, minus that other's.

    From one to two samples nothing can be gained: a vote of two is one response.
    """
    budgets = set(points.budgets(dataset, model, strategy))
    tops = sorted(b for b in budgets if b >= 4 and b % 2 == 0 and b // 2 in budgets)
    if not tops:
        return None
    ends = (points.correct(dataset, model, strategy, b) for b in (tops[-1], tops[-1] // 2))
    unit = from_means(model, dataset, next(ends) - next(ends))
    return None if unit is None else replace(unit, budget=tops[-1])


def decline(points: Evaluations, dataset: str, model: str) -> Unit | None:
    """Gain of the vote per doubling at the start minus that at the end.

    From odd budgets where they were evaluated (1 to 3, and the last odd budget against about half
    of it): an even vote is worth little more than the odd one before it, so "2 to 4" would hold
    the gain of two doublings. Else half of the gain from 1 to 4 against the last even doubling.
    """
    budgets = points.budgets(dataset, model, "majority")

    def slope(low: int, high: int) -> pd.Series:
        ends = (points.correct(dataset, model, "majority", b) for b in (high, low))
        return (next(ends) - next(ends)) / np.log2(high / low)

    odd = [b for b in budgets if b % 2]
    if {1, 3} <= set(odd) and odd[-1] >= 7:
        half = min((b for b in odd if 3 <= b < odd[-1]), key=lambda b: abs(b - odd[-1] / 2))
        return from_means(model, dataset, slope(1, 3) - slope(half, odd[-1]))
    tops = [b for b in budgets if b >= 8 and b % 2 == 0 and b // 2 in budgets]
    if {1, 4} <= set(budgets) and tops:
        return from_means(model, dataset, slope(1, 4) - slope(tops[-1] // 2, tops[-1]))
    return None
