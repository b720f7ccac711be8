"""Where a vote is done: the budget N* from which doubling gains less than half a point."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc.figures._contrast import model_rows
from itc.figures._parts import doubling_axis, missing, panels_of, rows_of
from itc.figures._style import MUTED, WIDTH, Look, cast, dataset_title, style

TITLE = "How many votes until nothing more is gained"
TABLES = ("fits", "models", "dataset_cards")
SECTION = "strategies"
ORDER = 40
NEEDED = ("dataset", "model", "strategy", "quantity", "value", "low", "high", "beyond")
MAX_DATASETS = 4


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per dataset, a row per model: N* with its interval, an arrow where it is beyond."""
    with style():
        rows = rows_of(tables, "fits", *NEEDED)
        data = None if rows is None else points(rows)
        if data is None or data.empty:
            return missing("no vote was evaluated at a budget and at its double")
        datasets = panels_of(data, MAX_DATASETS)
        data = data[data["dataset"].isin(datasets)]
        looks = list(cast(tables, list(data["model"].unique())).values())
        fig, axes = plt.subplots(
            1,
            len(datasets),
            figsize=(WIDTH, 1.25 + 0.3 * len(looks)),
            sharey=True,
            sharex=True,
            squeeze=False,
        )
        for d, (ax, dataset) in enumerate(zip(axes[0], datasets, strict=True)):
            panel(ax, data[data["dataset"] == dataset], looks)
            ax.set_title(dataset_title(tables, dataset))
            model_rows(ax, looks, label=d == 0)
        largest = max(2 * float(data["beyond"].max()), 4.0)
        powers = [2**i for i in range(int(np.ceil(np.log2(largest))) + 1)]
        axes[0][0].set_xlim(0.8, powers[-1] * 1.25)
        doubling_axis(axes[0][0], powers)
        label = "samples N* after which doubling adds less than half a point (log scale)"
        fig.supxlabel(label, color=MUTED, fontsize=8.5)
        handles = [
            plt.Line2D([], [], linestyle="none", marker="o", color=MUTED, label="N*, 95 %"),
            plt.Line2D(
                *([], []),
                linestyle="none",
                marker=">",
                color=MUTED,
                label="beyond the samples taken",
            ),
        ]
        fig.legend(handles=handles, loc="outside upper left", ncols=2)
    return fig, data.sort_values(["dataset", "model"], ignore_index=True)


def points(fits: pd.DataFrame) -> pd.DataFrame:
    """dataset, model, and value, low, high of N*; missing where beyond ``beyond`` samples."""
    own = fits[(fits["strategy"] == "majority") & (fits["quantity"] == "saturation_budget")]
    return own[["dataset", "model", "value", "low", "high", "beyond"]]


def panel(ax: Axes, own: pd.DataFrame, looks: list[Look]) -> None:
    """Marks of one dataset; an arrow to the right where N* or its upper end is beyond."""
    for y, look in enumerate(looks):
        for row in own[own["model"] == look.model].itertuples():
            edge = 2 * row.beyond
            low = edge if np.isnan(row.low) else row.low
            high = edge if np.isnan(row.high) else row.high
            ax.plot([low, high], [y, y], color=look.colour, linewidth=1.4)
            if np.isnan(row.high):
                ax.plot(edge, y, marker=">", color=look.colour, markersize=5)
            if not np.isnan(row.value):
                ax.plot(row.value, y, linestyle="none", **look.points())
