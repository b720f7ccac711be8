"""Why a strategy has no value, as far as one sees it without evaluating: rows, columns, draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from itc.strategies._base import constants, related_entries, usable_budgets
from itc.strategies._pool import draw_counts


@dataclass(frozen=True)
class Inventory:
    """What one model has of one procedure: draws per problem, missing values per column, rows."""

    n_draws: np.ndarray
    holes: dict[str, int]
    rows: int


def inventory(outcomes: pd.DataFrame) -> dict[tuple[str, str], Inventory]:
    """Inventories of one dataset's outcomes by (model, procedure)."""
    found = {}
    for (model, procedure), rows in outcomes.groupby(["model", "procedure"], sort=True):
        holes = rows.isna().sum()
        found[str(model), str(procedure)] = Inventory(
            draw_counts(rows.drop_duplicates(["problem_id", "draw"])),
            {str(column): int(n) for column, n in holes.items()},
            len(rows),
        )
    return found


def availability(
    name: str,
    stock: dict[tuple[str, str], Inventory],
    budgets: Sequence[int],
    params: dict[str, Any] | None = None,
) -> pd.DataFrame:
    """Reasons (model, budget, reason) visible without evaluating: rows, columns and draws.

    ``stock`` comes from ``inventory``.
    """
    about, params = constants(name), params or {}
    procedure = params.get("procedure", about["POOL"])
    related = related_entries(about, params)
    wanted = [procedure, *related]
    reasons = []
    for model in sorted({model for model, _ in stock}):
        missing = [entry for entry in wanted if (model, entry) not in stock]
        if missing:
            reasons.append((model, 0, f"no responses of procedure {', '.join(map(repr, missing))}"))
            continue
        own = stock[model, procedure]
        for column in about["NEEDS"]:
            holes = own.holes.get(column, own.rows)
            if holes:
                reasons.append((model, 0, f"{column} is missing in {holes} of {own.rows} draws"))
        scarce = [own, *(stock[model, entry] for entry in related if about["PER_DRAW"])]
        fewest = min(scarce, key=lambda entry: int(entry.n_draws.min()))
        usable, why = usable_budgets(budgets, fewest.n_draws.tolist())
        reasons += [(model, b, why) for b in sorted(set(map(int, budgets)) - set(usable))]
    return pd.DataFrame(reasons, columns=["model", "budget", "reason"])
