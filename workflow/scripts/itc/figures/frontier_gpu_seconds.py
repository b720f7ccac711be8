"""Accuracy against measured GPU time."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from itc.figures._frontier import draw_frontier

TITLE = "What GPU time buys"
TABLES = ("curves", "models")
SECTION = "headline"
ORDER = 14
AXIS = "GPU-seconds"


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Accuracy against ``cost_gpu_seconds``, from ``curves``."""
    return draw_frontier(tables, "cost_gpu_seconds", "GPU-seconds")
