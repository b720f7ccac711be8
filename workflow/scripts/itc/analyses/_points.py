"""Operating points: per-problem values of an evaluations table as matrices, and their resamples."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from itc import registry
from itc.costs import derived
from itc.costs.columns import COSTS
from itc.stats import bootstrap, intervals

KEY = ["model", "strategy", "budget"]
ALL = "all"  # group averaged over datasets with equal weight


@dataclass
class DatasetPoints:
    """Operating points O of one dataset: ``keys`` (model, strategy, budget), values [P, O]."""

    name: str
    keys: pd.DataFrame
    problem_ids: np.ndarray
    values: dict[str, np.ndarray]
    settings: Mapping[str, Any]

    @cached_property
    def weights(self) -> np.ndarray:
        """Resampling weights [R, P], common to all points and tables of the study."""
        rng = bootstrap.generator(self.settings["seed"], "problems", self.name)
        return bootstrap.problem_weights(
            len(self.problem_ids), int(self.settings["bootstrap"]), rng
        )


@dataclass
class Group:
    """Points of one dataset, or those that every dataset has (mean with equal weights)."""

    name: str
    keys: pd.DataFrame
    parts: list[tuple[DatasetPoints, np.ndarray]]
    _cache: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def mean(self, name: str) -> np.ndarray:
        """Mean [O] of quantity ``name``; NaN where a cost is missing for any problem."""
        result: np.ndarray = np.mean(
            [self._column_mean(p.values[name][:, c]) for p, c in self.parts], axis=0
        )
        return result

    @staticmethod
    def _column_mean(values: np.ndarray) -> np.ndarray:
        present = (~np.isnan(values)).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            result: np.ndarray = np.nansum(values, axis=0) / present
            return result

    def replicates(self, name: str) -> np.ndarray:
        """Resampled means [R, O]."""
        result: np.ndarray = np.mean(
            [bootstrap.resampled_means(p.weights, p.values[name][:, c]) for p, c in self.parts],
            axis=0,
        )
        return result

    def estimate(self, name: str, kind: str = intervals.SHARE) -> intervals.Estimate:
        """Quantity ``name`` of every point with its interval; ``kind`` as in ``intervals``."""
        make = {
            intervals.SHARE: intervals.share,
            intervals.DIFFERENCE: intervals.difference,
            intervals.FREE: intervals.free,
        }
        return make[kind]([p.values[name][:, c] for p, c in self.parts])

    def paired(
        self, more: np.ndarray, less: np.ndarray, name: str = "correct"
    ) -> intervals.Estimate:
        """Differences [K] of shares between the points ``more`` [K] and ``less`` [K].

        Each mean is over its own problems; where all have both points, the values per problem are
        their differences, otherwise each problem's influence on the difference of the two means.
        """
        effects, influences = [], []
        for part, columns in self.parts:
            sides = [part.values[name][:, columns[chosen]] for chosen in (more, less)]
            means = [self._column_mean(side) for side in sides]
            with np.errstate(divide="ignore", invalid="ignore"):
                each = [
                    np.where(np.isnan(side), 0.0, side - mean) / (~np.isnan(side)).sum(axis=0)
                    for side, mean in zip(sides, means, strict=True)
                ]
            absent = np.isnan(sides[0]) & np.isnan(sides[1])
            influences.append(np.where(absent, np.nan, each[0] - each[1]))
            effects.append(means[0] - means[1])
        return intervals.from_influence(effects, influences)

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings of the study."""
        return self.parts[0][0].settings

    def se(self, name: str) -> np.ndarray:
        """Clustered standard error [O]."""
        each = [bootstrap.clustered_se(p.values[name][:, c]) for p, c in self.parts]
        result: np.ndarray = np.sqrt(np.sum(np.square(each), axis=0)) / len(self.parts)
        return result

    @property
    def n_problems(self) -> np.ndarray:
        """Problems behind every point [O], summed over datasets."""
        result: np.ndarray = sum(
            (~np.isnan(p.values["correct"][:, c])).sum(axis=0) for p, c in self.parts
        )
        return result

    @property
    def smallest(self) -> int:
        """Problems of the smallest dataset."""
        return min(len(p.problem_ids) for p, _ in self.parts)

    @property
    def degrees(self) -> int:
        """Degrees of freedom: problems minus datasets."""
        return sum(len(p.problem_ids) - 1 for p, _ in self.parts)


def upper_bounds(strategies: pd.Series, settings: Mapping[str, Any]) -> np.ndarray:
    """Bool [O]: the strategy needs an oracle (its module says UPPER_BOUND)."""
    known = set(registry.names("strategies"))
    options = settings.get("strategy_options", {})
    modules = {name: registry.strategy(name, options)[0] for name in strategies.unique()}
    flags = {
        name: module in known and bool(registry.constants("strategies", module)["UPPER_BOUND"])
        for name, module in modules.items()
    }
    result: np.ndarray = strategies.map(flags).to_numpy(dtype=bool)
    return result


def controls(strategies: pd.Series, settings: Mapping[str, Any]) -> np.ndarray:
    """Bool [O]: a control or another measure, never a competitor (its module says CONTROL)."""
    known = set(registry.names("strategies"))
    found = {}
    for name in strategies.unique():
        module, _ = registry.strategy(name, settings.get("strategy_options", {}))
        literals = registry.constants("strategies", module) if module in known else {}
        found[name] = bool(literals.get("CONTROL", False))
    result: np.ndarray = strategies.map(found).to_numpy(dtype=bool)
    return result


def strategy_titles(strategies: pd.Series, settings: Mapping[str, Any]) -> pd.Series:
    """Titles of strategies with the study's parameters; a name without a module is its own."""
    options = settings.get("strategy_options", {})
    modules = {name: registry.strategy(name, options) for name in strategies.unique()}
    return strategies.map({name: strategy_title(*found) for name, found in modules.items()})


def strategy_title(name: str, options: Mapping[str, Any]) -> str:
    """TITLE with its ``{parameter}`` fields filled, and other changed parameters in brackets."""
    if name not in registry.names("strategies"):
        return name
    title = registry.constants("strategies", name)["TITLE"]
    defaults = registry.parameters("strategies", name, "evaluate")
    shown = {field for _, field, _, _ in string.Formatter().parse(title) if field}
    changed = [
        f"{key.replace('_', ' ')} {value}"
        for key, value in sorted(options.items())
        if key not in shown and value != defaults.get(key)
    ]
    filled = title.format(**(defaults | dict(options)))
    return f"{filled} ({', '.join(changed)})" if changed else filled


def parameter(strategies: pd.Series, name: str, settings: Mapping[str, Any]) -> np.ndarray:
    """Parameter ``name`` [O] of each strategy in this study; NaN for strategies without it."""
    known, found = set(registry.names("strategies")), {}
    for strategy in strategies.unique():
        module, given = registry.strategy(strategy, settings.get("strategy_options", {}))
        defaults = registry.parameters("strategies", module, "evaluate") if module in known else {}
        found[strategy] = float((defaults | given).get(name, np.nan))
    result: np.ndarray = strategies.map(found).to_numpy(dtype=np.float64)
    return result


def dataset_points(
    evaluations: pd.DataFrame | Iterable[pd.DataFrame],
    settings: Mapping[str, Any],
    strategies: Collection[str] | None = None,
    quantities: Collection[str] | None = None,
) -> list[DatasetPoints]:
    """One DatasetPoints per dataset, by name; costs include those derived from model settings.

    ``evaluations``: one table, or frames of which each holds whole datasets. ``strategies`` and
    ``quantities`` limit what is kept, by default everything.
    """
    frames = [evaluations] if isinstance(evaluations, pd.DataFrame) else evaluations
    found: dict[str, DatasetPoints] = {}
    for frame in frames:
        if strategies is not None:
            frame = frame[frame["strategy"].isin(list(strategies))]
        code, names = pd.factorize(frame["dataset"], sort=True)
        for number, name in enumerate(names):
            rows = frame if len(names) == 1 else frame[code == number]
            if str(name) in found:
                raise ValueError(f"dataset {name!r} is in several frames of evaluations")
            found[str(name)] = _one_dataset(str(name), rows, settings, quantities)
    return [found[name] for name in sorted(found)]


def _one_dataset(
    name: str,
    rows: pd.DataFrame,
    settings: Mapping[str, Any],
    quantities: Collection[str] | None,
) -> DatasetPoints:
    problem, problem_ids = pd.factorize(rows["problem_id"], sort=True)
    model, models = pd.factorize(rows["model"], sort=True)
    strategy, strategies = pd.factorize(rows["strategy"], sort=True)
    budget, budgets = pd.factorize(rows["budget"], sort=True)
    joint = (model.astype(np.int64) * len(strategies) + strategy) * len(budgets) + budget
    present, point = np.unique(joint, return_inverse=True)
    keys = pd.DataFrame(
        {
            "model": np.asarray(models, dtype=object)[present // len(budgets) // len(strategies)],
            "strategy": np.asarray(strategies, dtype=object)[
                present // len(budgets) % len(strategies)
            ],
            "budget": np.asarray(budgets)[present % len(budgets)],
        }
    )
    columns = {
        "correct": "correct",
        "lower": "correct_if_undecided_wrong",
        "upper": "correct_if_undecided_right",
        "undecided": "undecided",
        "monte_carlo_se": "monte_carlo_se",
        "monte_carlo_se_tokens": "monte_carlo_se_tokens",
        "even": "correct_even",
        "odd": "correct_odd",
        "n_draws": "n_draws",
    } | {c: c for c in rows.columns if c in COSTS or c.startswith("metric_")}
    if quantities is not None:
        columns = {key: column for key, column in columns.items() if key in quantities}
    values = {}
    for key, column in columns.items():
        values[key] = np.full((len(problem_ids), len(present)), np.nan)
        if column in rows:
            values[key][problem, point] = rows[column].to_numpy(dtype=np.float64, na_value=np.nan)
    seen = ~np.isnan(values["correct"])
    for key in values:
        if key.startswith("cost_"):  # a mean over only some problems would not be comparable
            values[key][:, (np.isnan(values[key]) & seen).any(axis=0)] = np.nan
    _derive(values, keys, settings.get("models", {}))
    ids = np.asarray(problem_ids, dtype=object)
    return DatasetPoints(name, keys, ids, values, settings)


def _derive(values: dict[str, np.ndarray], keys: pd.DataFrame, models: Mapping[str, Any]) -> None:
    shape = values["correct"].shape
    evaluated = {name: array for name, array in values.items() if name.startswith("cost_")}
    if "cost_output_tokens" not in evaluated or "cost_total_tokens" not in evaluated:
        return
    for needed in ("cost_squared_tokens", "cost_sequential_tokens"):
        evaluated.setdefault(needed, np.full(shape, np.nan))
    for model, columns in keys.groupby("model").indices.items():
        own = {name: array[:, columns] for name, array in evaluated.items()}
        for name, array in derived.derive(own, models.get(model, {})).items():
            values.setdefault(name, np.full(shape, np.nan))[:, columns] = array


def groups(points: list[DatasetPoints]) -> list[Group]:
    """One Group per dataset, and where there are several the group ``all`` of common points."""
    result = [Group(p.name, p.keys, [(p, np.arange(len(p.keys)))]) for p in points]
    if len(points) > 1:
        common = points[0].keys
        for p in points[1:]:
            common = common.merge(p.keys, on=KEY)
        common = common.sort_values(KEY, ignore_index=True)
        wanted = pd.MultiIndex.from_frame(common)
        quantities = set.intersection(*(set(p.values) for p in points))
        parts = [(p, pd.MultiIndex.from_frame(p.keys).get_indexer(wanted)) for p in points]
        if len(common) and quantities:
            result.insert(0, Group(ALL, common, parts))
    return result


def quantities(group: Group, prefix: str) -> list[str]:
    """Names of quantities with ``prefix`` that every part of the group has, in sorted order."""
    shared = set.intersection(*(set(p.values) for p, _ in group.parts))
    return sorted(name for name in shared if name.startswith(prefix))
