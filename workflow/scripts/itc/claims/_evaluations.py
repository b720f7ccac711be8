"""Per-problem accuracies and mean costs from table ``evaluations``, looked up by point."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from itc import registry


class Evaluations:
    """Look-up of operating points; a point is (dataset, model, strategy, budget)."""

    def __init__(self, frame: pd.DataFrame, settings: dict[str, Any]) -> None:
        """``frame``: table ``evaluations``; ``settings``: see docs/architecture.md."""
        self.frame = frame.reset_index(drop=True)
        self.settings = settings
        keys = ["dataset", "model", "strategy", "budget"]
        self._rows = self.frame.groupby(keys, sort=True, observed=True).indices
        self._budgets: dict[tuple[Any, ...], list[int]] = {}
        for dataset, model, strategy, budget in self._rows:
            self._budgets.setdefault((dataset, model, strategy), []).append(int(budget))

    def cells(self, reasoning: bool | None = None) -> Iterator[tuple[str, str]]:
        """(dataset, model) pairs, all or only of reasoning (or of other) models."""
        for dataset, model in sorted({key[:2] for key in self._budgets}):
            if reasoning is None or self.reasoning(model) is reasoning:
                yield dataset, model

    def reasoning(self, model: str) -> bool | None:
        """Whether the config calls ``model`` a reasoning model; None for a mix of models."""
        about = self.settings.get("models", {}).get(model)
        return None if about is None else bool(about["reasoning"])

    def strategies(self, dataset: str, model: str) -> list[str]:
        """Strategies that have points."""
        return sorted(s for d, m, s in self._budgets if (d, m) == (dataset, model))

    def all_strategies(self) -> list[str]:
        """Strategies that have points in any cell."""
        return sorted({strategy for _, _, strategy in self._budgets})

    def budgets(self, dataset: str, model: str, strategy: str) -> list[int]:
        """Budgets of a strategy, rising; empty where it has no point."""
        return sorted(self._budgets.get((dataset, model, strategy), []))

    def correct(self, dataset: str, model: str, strategy: str, budget: int) -> pd.Series:
        """Expected share right per problem (index problem_id)."""
        rows = self.frame.iloc[self._rows[dataset, model, strategy, budget]]
        return rows.set_index("problem_id")["correct"]

    def cost(self, dataset: str, model: str, strategy: str, budget: int, axis: str) -> float:
        """Mean cost per problem on ``axis``; NaN where any problem lacks it."""
        if axis not in self.frame:
            return np.nan
        values = self.frame[axis].iloc[self._rows[dataset, model, strategy, budget]]
        return float(values.mean(skipna=False))

    def at_cost(
        self, dataset: str, model: str, strategy: str, cost: float, axis: str
    ) -> pd.Series | None:
        """Accuracy per problem of ``strategy`` at mean cost ``cost``: a mix of two budgets.

        Beyond its dearest budget the dearest; None below its cheapest or where costs are unknown.
        """
        budgets = self.budgets(dataset, model, strategy)
        costs = np.array([self.cost(dataset, model, strategy, b, axis) for b in budgets])
        if not budgets or np.isnan(costs).any() or not np.isfinite(cost):
            return None
        order = np.argsort(costs, kind="stable")
        costs, budgets = costs[order], [budgets[i] for i in order]
        if cost < costs[0] * (1 - 1e-9):
            return None
        above = int(np.searchsorted(costs, cost))
        if above == 0 or above == len(costs):
            return self.correct(dataset, model, strategy, budgets[min(above, len(costs) - 1)])
        share = (cost - costs[above - 1]) / (costs[above] - costs[above - 1])
        low = self.correct(dataset, model, strategy, budgets[above - 1])
        return (1 - share) * low + share * self.correct(dataset, model, strategy, budgets[above])

    def kind(self, strategy: str) -> str:
        """Kind of the procedure a strategy needs beside plain samples; "" for unknown names."""
        literals = self._literals(strategy)
        if not literals:
            return ""
        entry = literals["PROCEDURE"]
        about = self.settings.get("procedures", {}).get(entry, {})
        return str(about.get("kind") or entry.split("_")[0])

    def upper_bound(self, strategy: str) -> bool:
        """Whether a strategy needs an oracle."""
        return bool(self._literals(strategy).get("UPPER_BOUND", False))

    def _literals(self, strategy: str) -> dict[str, Any]:
        """Constants of a strategy's module; empty for unknown names."""
        module, _ = registry.strategy(strategy, self.settings.get("strategy_options", {}))
        known = module in registry.names("strategies")
        return registry.constants("strategies", module) if known else {}
