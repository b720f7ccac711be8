"""The headline: accuracy against mean output tokens."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from itc.figures._frontier import draw_frontier

TITLE = "What a budget of output tokens buys"
TABLES = ("curves", "models")
SECTION = "headline"
ORDER = 10
AXIS = "output tokens"  # name on the page's axis switch


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Accuracy against output tokens per problem, from ``curves``."""
    return draw_frontier(tables, "cost_output_tokens", "output tokens")
