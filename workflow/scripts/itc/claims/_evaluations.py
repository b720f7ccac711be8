"""Per-problem accuracies and mean costs from table ``evaluations``, looked up by point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from itc import registry
from itc.analyses._points import dataset_points, strategy_titles
from itc.stats import matched

# What claims look at. All quantities of a large study would be ten times as much memory.
QUANTITIES = ("correct", "cost_output_tokens", "cost_sequential_tokens")


class Evaluations:
    """Look-up of operating points; a point is (dataset, model, strategy, budget)."""

    def __init__(
        self, evaluations: pd.DataFrame | Iterable[pd.DataFrame], settings: Mapping[str, Any]
    ) -> None:
        """``evaluations``: table of that name, whole or in frames that hold whole datasets."""
        self.settings = settings
        self._points = {
            points.name: points
            for points in dataset_points(evaluations, settings, quantities=QUANTITIES)
        }
        self._columns: dict[tuple[str, str, str, int], int] = {}
        self._budgets: dict[tuple[str, str, str], list[int]] = {}
        for name, points in self._points.items():
            for column, point in enumerate(points.keys.itertuples(index=False)):
                model, strategy, budget = str(point.model), str(point.strategy), int(point.budget)
                self._columns[name, model, strategy, budget] = column
                self._budgets.setdefault((name, model, strategy), []).append(budget)

    @classmethod
    def of(cls, evaluations: Any, settings: Mapping[str, Any]) -> Evaluations:
        """``evaluations`` as they are if they are a look-up already, else one made of them."""
        return evaluations if isinstance(evaluations, cls) else cls(evaluations, settings)

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
        points = self._points[dataset]
        values = points.values["correct"][:, self._columns[dataset, model, strategy, budget]]
        index = pd.Index(points.problem_ids, name="problem_id")
        return pd.Series(values, index, name="correct").dropna()

    def worth(
        self, dataset: str, model: str, baseline: str, strategy: str, budget: int, axis: str
    ) -> tuple[pd.Series | None, str]:
        """``baseline`` per problem at the mean cost of a point of ``strategy``, of one model.

        None with the reason (``stats.matched``) where it has no value there.
        """
        return self.worth_of((dataset, model, baseline), (dataset, model, strategy, budget), axis)

    def worth_of(
        self, baseline: tuple[str, str, str], point: tuple[str, str, str, int], axis: str
    ) -> tuple[pd.Series | None, str]:
        """As ``worth``, for a baseline (dataset, model, strategy) of another model of the dataset.

        Raises KeyError for an axis that is not among QUANTITIES.
        """
        if axis not in QUANTITIES:
            raise KeyError(f"cost {axis!r} is not among the QUANTITIES of {__name__}: add it there")
        points = self._points[baseline[0]]
        if axis not in points.values:
            return None, matched.UNKNOWN
        columns = [self._columns[(*baseline, b)] for b in self.budgets(*baseline)]
        part = matched.Part(
            points.values[axis][:, [self._columns[point]]],
            points.values[axis][:, columns],
            points.values["correct"][:, columns],
        )
        found = matched.at_cost([part], constant=baseline[2] == "single")
        if found.reasons[0]:
            return None, str(found.reasons[0])
        index = pd.Index(points.problem_ids, name="problem_id")
        return pd.Series(found.values[0][:, 0], index, name="correct").dropna(), ""

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

    def rival(self, strategy: str) -> bool:
        """Whether one would run a strategy to be right more often: no oracle and no control."""
        control = bool(self._literals(strategy).get("CONTROL", False))
        return not control and not self.upper_bound(strategy)

    def title(self, strategy: str) -> str:
        """Title of a strategy, with the study's parameters."""
        return str(strategy_titles(pd.Series([strategy]), self.settings).iloc[0])

    def _literals(self, strategy: str) -> dict[str, Any]:
        """Constants of a strategy's module; empty for unknown names."""
        module, _ = registry.strategy(strategy, self.settings.get("strategy_options", {}))
        known = module in registry.names("strategies")
        return registry.constants("strategies", module) if known else {}
