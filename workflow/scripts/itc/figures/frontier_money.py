"""Accuracy against money by the dated price table."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from itc.figures._frontier import draw_frontier

TITLE = "What money buys"
TABLES = ("curves", "models")
SECTION = "headline"
ORDER = 15
AXIS = "money"


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Accuracy against ``cost_money``, from ``curves``."""
    return draw_frontier(tables, "cost_money", "price (US dollars)")
