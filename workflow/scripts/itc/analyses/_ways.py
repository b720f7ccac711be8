"""Every strategy of a study under every way to sample: what it then reads, and its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from itc import registry
from itc.strategies._base import constants, evaluate_strategy, outcome_columns

REFERENCE = "sample"  # the way every other one is compared with


def ways(settings: Mapping[str, Any]) -> list[str]:
    """Procedure entries of the study that sample, the main one first."""
    found = [
        name
        for name, entry in settings.get("procedures", {}).items()
        if entry.get("kind", "sample") == "sample"
    ]
    return sorted(found, key=lambda name: name != REFERENCE)


def strategies(settings: Mapping[str, Any]) -> list[str]:
    """Strategies of the study, variants included, that draw from one model's samples."""
    options = settings.get("strategy_options", {})
    found = []
    for name in settings.get("strategies") or registry.names("strategies"):
        about = constants(registry.strategy(name, options)[0])
        if about["POOL"] == REFERENCE and about["SCOPE"] == "model":
            found.append(name)
    return found


def columns(settings: Mapping[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of table ``outcomes`` that these strategies read."""
    options = settings.get("strategy_options", {})
    wanted = {
        column
        for name in strategies(settings)
        for column in outcome_columns(registry.strategy(name, options)[0])
    }
    return tuple(column for column in available if column in wanted)


def evaluate(
    strategy: str,
    way: str,
    own: pd.DataFrame,
    budgets: Sequence[int],
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    """Rows of table ``evaluations``, one per problem, of ``strategy`` on the draws of ``way``.

    ``own``: outcomes of one dataset and model. At the largest of ``budgets`` that the strategy has
    (a judge may have seen fewer draws); one with an axis of its own (extended or cut thinking) at
    the end of it. Empty where the study has no judge or revision
    of that way's responses, or the responses lack what the strategy reads.
    """
    module, params = registry.strategy(strategy, settings.get("strategy_options", {}))
    about, params = constants(module), {**(params or {}), "procedure": way}
    for key, default in about["RELATED"].items():
        entry = _reading(params.get(key, default), way, settings)
        if entry is None:
            return pd.DataFrame()
        params[key] = entry
    frame = pd.DataFrame()
    for wanted in ([max(budgets)], list(budgets)):
        if frame.empty:
            seed = int(settings["seed"])
            frame = evaluate_strategy(module, own, wanted, params, seed, strategy)
    return frame if frame.empty else frame[frame["budget"] == frame["budget"].max()]


def _reading(entry: str, way: str, settings: Mapping[str, Any]) -> str | None:
    """``entry`` where it reads ``way``, else the cell of its sweep that does; None without one."""
    procedures = settings.get("procedures", {})
    for name, about in procedures.items():
        made = name == entry or about.get("swept_from") == entry
        if made and about.get("parent", REFERENCE) == way:
            return str(name)
    return None
