"""Laws of coverage and vote, held against draws they did not see; where votes are done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _points
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import bootstrap, fits

TITLE = "Fitted laws of coverage and of the vote"
INPUTS = ("evaluations",)
THRESHOLD = 0.005  # N*: doubling adds less than half a point
LEAST_BUDGETS = 4  # a curve of fewer is not fitted
BEYOND = (2, 4)  # coverage is also predicted at these multiples of the largest budget

SCHEMA = register(
    Schema(
        "fits",
        2,
        {
            "dataset": STRING,
            "model": STRING,
            "strategy": STRING,
            "law": STRING,  # see LAWS; none: read off the curve itself
            # a parameter, r_squared; fitted, at each budget; predicted: at ``budget``, from budgets
            # of half of it and less, or beyond the largest from all; misfit: predicted minus found;
            # better: 1 where this law predicted the largest budget best, else 0; saturation_budget
            "quantity": STRING,
            "budget": INT,  # of fitted, predicted, misfit, else 0
            "n_budgets": INT,  # fitted
            # saturation_budget: null where it lies beyond ``beyond``
            "value": FLOAT,
            "low": FLOAT,  # 95 %, bootstrap over problems; of the fit, whether the law holds or not
            "high": FLOAT,
            "beyond": FLOAT,  # of saturation_budget: the largest number of samples that is judged
        },
        ("dataset", "model", "strategy", "law", "quantity", "budget"),
    )
)


@dataclass(frozen=True)
class Law:
    """Names of the parameters, the fit, and the curve of (parameters, budgets)."""

    names: tuple[str, ...]
    fit: Callable[[np.ndarray, np.ndarray], fits.Fit]
    curve: Callable[[np.ndarray, np.ndarray], np.ndarray]


LAWS = {
    "coverage": {
        "power_law": Law(("a", "b"), fits.power_law, fits.power_curve),  # exp(a k^b)
        "beta_binomial": Law(("alpha", "beta"), fits.beta_binomial, fits.beta_curve),
    },
    "majority": {
        # limit - (limit - start)(1 - q)^(n - 2)
        "saturating": Law(("limit", "start", "q"), fits.saturating, fits.saturating_curve),
    },
}


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``fits`` from ``evaluations``; curves of fewer than four budgets are not fitted."""
    rows: list[dict[str, Any]] = []
    if len(inputs["evaluations"]):
        points = _points.dataset_points(inputs["evaluations"], settings, LAWS)
        for group in _points.groups(points):
            means, replicates = group.mean("correct"), group.replicates("correct")
            for (model, strategy), own in group.keys.groupby(["model", "strategy"]).indices.items():
                budgets = group.keys["budget"].to_numpy(float)[own]
                order = own[np.argsort(budgets)]
                budgets = np.sort(budgets)
                fitted = budgets >= first_budget(strategy, budgets)
                order, budgets = order[fitted], budgets[fitted]
                curve = np.vstack([means[None, order], replicates[:, order]])
                cell = {"dataset": group.name, "model": model, "strategy": strategy}
                found = _laws(LAWS[strategy], budgets, curve)
                if strategy == "majority":
                    found += _saturation(budgets, curve)
                rows += [cell | _ends(row, group) for row in found]
    table = pd.DataFrame(rows, columns=list(SCHEMA.columns))
    return table.sort_values(list(SCHEMA.key), ignore_index=True)


def first_budget(strategy: str, budgets: np.ndarray) -> float:
    """Where the fit of a curve begins.

    A vote of two is as good as one sample, the tie being broken by a coin, so a vote's curve begins
    with a flat step that no law has: it begins at 2, or at 1 where all budgets are odd.
    """
    even = budgets % 2 == 0
    return 2.0 if strategy == "majority" and even.any() else float(budgets.min())


def _laws(laws: Mapping[str, Law], budgets: np.ndarray, curve: np.ndarray) -> list[dict[str, Any]]:
    """Rows of one curve [1 + R, K], its first row the estimate, the others resamples."""
    if len(budgets) < LEAST_BUDGETS:
        return []
    rows: list[dict[str, Any]] = []
    misfit: dict[str, float] = {}
    early, last = budgets <= budgets[-1] / 2, int(budgets[-1])
    for name, law in laws.items():
        whole = law.fit(budgets, curve)
        found = {(n, 0): whole.parameters[:, i] for i, n in enumerate(law.names)}
        found["r_squared", 0] = whole.r_squared[:1]
        found |= {("fitted", int(b)): whole.fitted[:, i] for i, b in enumerate(budgets)}
        if "limit" not in law.names:  # a law that goes on rising says what more draws would bring
            further = last * np.array(BEYOND)
            ahead = law.curve(whole.parameters, further)
            found |= {("predicted", int(b)): ahead[:, i] for i, b in enumerate(further)}
        if early.sum() >= len(law.names):
            seen = law.fit(budgets[early], curve[:, early])
            said = law.curve(seen.parameters, np.append(budgets[early], last))[:, -1]
            found["predicted", last], found["misfit", last] = said, said - curve[:, -1]
            misfit[name] = abs(float(said[0] - curve[0, -1]))
        for (quantity, budget), values in found.items():
            row = {"law": name, "quantity": quantity, "budget": budget, "all": values}
            rows.append(row | {"n_budgets": len(budgets)})
    for name, miss in misfit.items():
        row = {"law": name, "quantity": "better", "budget": last, "n_budgets": len(budgets)}
        rows.append(row | {"all": np.array([float(miss <= min(misfit.values()))])})
    return rows


def _saturation(budgets: np.ndarray, curve: np.ndarray) -> list[dict[str, Any]]:
    stars, beyond = fits.saturation_budget(budgets, curve, THRESHOLD)
    if np.isnan(beyond):
        return []
    row = {"law": "none", "quantity": "saturation_budget", "budget": 0, "beyond": beyond}
    return [row | {"n_budgets": len(budgets), "all": stars}]


def _ends(row: dict[str, Any], group: _points.Group) -> dict[str, Any]:
    """Row with value and interval; ends of N* beyond the judged budgets are missing."""
    found = np.asarray(row.pop("all"), dtype=float)
    ends = np.full(2, np.nan)
    if len(found) > 1:
        tail = bootstrap.expanded_level(group.smallest, group.degrees)
        ends = np.quantile(found[1:], [tail, 1.0 - tail], method="inverted_cdf")
    value, low, high = (float(v) if np.isfinite(v) else np.nan for v in (found[0], *ends))
    return row | {"value": value, "low": low, "high": high}
