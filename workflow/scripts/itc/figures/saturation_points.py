"""Where a vote is done: the budget N* at which the fitted curve gains less than half a point."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc.figures._contrast import model_rows
from itc.figures._parts import doubling_axis, missing, panels_of, rows_of
from itc.figures._style import INK, MUTED, WIDTH, Look, cast, dataset_title, style

TITLE = "How many votes until nothing more is gained"
TABLES = ("fits", "models", "dataset_cards")
SECTION = "strategies"
ORDER = 40
NEEDED = ("dataset", "model", "strategy", "quantity", "value", "low", "high")
MAX_DATASETS = 4
WORST_FIT = 0.8  # share of variance; a curve fitted worse than that has no saturation to speak of


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per dataset, a row per model: N* of the saturating fit with its interval."""
    with style():
        rows = rows_of(tables, "fits", *NEEDED)
        data = None if rows is None else points(rows)
        if data is None or data.empty:
            return missing("no vote was evaluated at the four budgets that a fit needs")
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
        largest = max(float(data["high"].max()), float(data["value"].max()), 4.0)
        powers = [2**i for i in range(int(np.ceil(np.log2(largest))) + 1)]
        axes[0][0].set_xlim(0.8, powers[-1] * 1.25)
        doubling_axis(axes[0][0], powers)
        label = "samples N* after which doubling adds less than half a point (log scale)"
        fig.supxlabel(label, color=MUTED, fontsize=8.5)
        handles = [
            plt.Line2D([], [], linestyle="none", marker="o", color=MUTED, label="N*, 95 %"),
            plt.Line2D(
                [], [], linestyle="none", marker="x", color=MUTED, label="no saturating fit"
            ),
        ]
        fig.legend(handles=handles, loc="outside upper left", ncols=2)
    return fig, data.sort_values(["dataset", "model"], ignore_index=True)


def points(fits: pd.DataFrame) -> pd.DataFrame:
    """dataset, model, value, low, high (N*), r_squared, and whether the fit says anything."""
    own = fits[fits["strategy"] == "majority"]
    key = ["dataset", "model"]
    star = own[own["quantity"] == "saturation_budget"][[*key, "value", "low", "high"]]
    for quantity in ("r_squared", "limit"):
        values = own[own["quantity"] == quantity].set_index(key)["value"].rename(quantity)
        star = star.join(values, on=key)
    sound = (star["r_squared"] >= WORST_FIT) & star["limit"].between(-0.05, 1.05)
    return star.assign(saturates=sound & star["value"].notna())


def panel(ax: Axes, own: pd.DataFrame, looks: list[Look]) -> None:
    """Marks of one dataset; a cross at the edge where the curve does not saturate as fitted."""
    for y, look in enumerate(looks):
        for row in own[own["model"] == look.model].itertuples():
            if row.saturates:
                ends = [max(row.low, 1), max(row.high, 1)]
                ax.plot(ends, [y, y], color=look.colour, linewidth=1.4)
                ax.plot(max(row.value, 1), y, linestyle="none", **look.points())
            else:
                ax.plot(1, y, marker="x", color=INK, alpha=0.5, markersize=5)
