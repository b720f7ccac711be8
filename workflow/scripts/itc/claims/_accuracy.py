"""Shared bodies of claims that compare the accuracy of strategies."""

from __future__ import annotations

from itc.claims._evaluations import Evaluations
from itc.claims._verdict import Unit, from_means

TOKENS, LATENCY = "cost_output_tokens", "cost_sequential_tokens"


def gain_at_equal_cost(
    points: Evaluations, dataset: str, model: str, strategy: str, baseline: str, axis: str
) -> Unit | None:
    """Accuracy of ``strategy`` at its largest budget minus ``baseline`` at the same mean cost.

    Where costs are unknown and both draw plain samples to their end, the same budget is the same
    cost. None where no equal cost exists.
    """
    budgets = points.budgets(dataset, model, strategy)
    if not budgets:
        return None
    cost = points.cost(dataset, model, strategy, budgets[-1], axis)
    base = points.at_cost(dataset, model, baseline, cost, axis)
    same = budgets[-1] in points.budgets(dataset, model, baseline)
    if base is None and same and points.kind(strategy) == "sample":
        base = points.correct(dataset, model, baseline, budgets[-1])
    if base is None:
        return None
    return from_means(model, dataset, points.correct(dataset, model, strategy, budgets[-1]) - base)


def last_doubling(points: Evaluations, dataset: str, model: str, strategy: str) -> Unit | None:
    """Accuracy at the largest budget that is twice another, minus accuracy at that other."""
    budgets = set(points.budgets(dataset, model, strategy))
    tops = sorted(b for b in budgets if b % 2 == 0 and b // 2 in budgets)
    if not tops:
        return None
    ends = (points.correct(dataset, model, strategy, b) for b in (tops[-1], tops[-1] // 2))
    return from_means(model, dataset, next(ends) - next(ends))
