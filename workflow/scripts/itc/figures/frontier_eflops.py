"""Accuracy against equivalent FLOPs: compute plus memory traffic."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from itc.figures._frontier import draw_frontier

TITLE = "What compute and memory traffic buy"
TABLES = ("curves", "models")
SECTION = "headline"
ORDER = 13
AXIS = "eFLOPs"


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Accuracy against ``cost_eflops``, from ``curves``."""
    return draw_frontier(tables, "cost_eflops", "equivalent FLOPs")
