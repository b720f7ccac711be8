"""Accuracy against all tokens a model reads and writes."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from itc.figures._frontier import draw_frontier

TITLE = "What a budget of prompt and output tokens buys"
TABLES = ("curves", "models")
SECTION = "headline"
ORDER = 11
AXIS = "total tokens"


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Accuracy against ``cost_total_tokens``, from ``curves``."""
    return draw_frontier(tables, "cost_total_tokens", "prompt and output tokens")
