"""Accuracy against latency: tokens that have to be written one after another."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from itc.figures._frontier import draw_frontier

TITLE = "What waiting buys: accuracy against the critical path"
TABLES = ("curves", "models")
SECTION = "headline"
ORDER = 12
AXIS = "sequential tokens"


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Accuracy against ``cost_sequential_tokens``, from ``curves``."""
    return draw_frontier(tables, "cost_sequential_tokens", "tokens on the critical path")
