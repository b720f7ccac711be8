"""Which operating points may be shown as best, and which name is the plainest of equals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from itc import registry
from itc.analyses import _points

PLAINEST = ("single", "majority")


def eligible(strategies: pd.Series, settings: Mapping[str, Any]) -> np.ndarray:
    """Bool [O]: no oracle and no control, so one could run it to be right more often."""
    known = set(registry.names("strategies"))
    options = settings.get("strategy_options", {})
    modules = {name: registry.strategy(name, options)[0] for name in strategies.unique()}
    control = {
        name: module in known
        and bool(registry.constants("strategies", module).get("CONTROL", False))
        for name, module in modules.items()
    }
    flags = strategies.map(control).to_numpy(dtype=bool)
    result: np.ndarray = ~flags & ~_points.upper_bounds(strategies, settings)
    return result


def rank(keys: pd.DataFrame, settings: Mapping[str, Any]) -> np.ndarray:
    """Rank [O] of plainness: fewer samples, then one response, the vote, exact strategies by name.

    Of points that are equally good the one of the lowest rank is shown.
    """
    known = set(registry.names("strategies"))
    options = settings.get("strategy_options", {})
    order = {}
    for name in keys["strategy"].unique():
        module, _ = registry.strategy(name, options)
        about = registry.constants("strategies", module) if module in known else {}
        place = PLAINEST.index(name) if name in PLAINEST else len(PLAINEST)
        order[name] = (place, not about.get("EXACT", False), len(about.get("NEEDS", ())), name)
    plain = keys["strategy"].map({n: i for i, n in enumerate(sorted(order, key=order.__getitem__))})
    frame = pd.DataFrame({"budget": keys["budget"], "plain": plain, "model": keys["model"]})
    result = np.empty(len(keys), dtype=int)
    result[np.lexsort((frame["model"].astype(str), frame["plain"], frame["budget"]))] = np.arange(
        len(keys)
    )
    return result


def singles(values: list[np.ndarray], keys: pd.DataFrame) -> list[np.ndarray]:
    """One response of the model of every point, per problem [P_d, O]; NaN where there is none."""
    one = keys[(keys["strategy"] == "single") & (keys["budget"] == 1)]
    column = keys["model"].map(dict(zip(one["model"], one.index, strict=True)))
    places = column.fillna(-1).to_numpy(dtype=int)
    return [np.where(places >= 0, v[:, np.maximum(places, 0)], np.nan) for v in values]
