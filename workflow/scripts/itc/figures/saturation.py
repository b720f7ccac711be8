"""What more samples still buy: the gain of each doubling, and the gap that a vote leaves open."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from itc.figures._parts import doubling_axis, headline_dataset, missing, rows_of, signed
from itc.figures._style import INK, WIDTH, Look, cast, style

TITLE = "What the next doubling of samples buys"
TABLES = ("gains", "models")
SECTION = "strategies"
ORDER = 30
VOTE = "majority"
NEEDED = ("dataset", "model", "strategy", "quantity", "budget", "value", "low", "high")
PANELS = {
    "doubling": ("Majority vote, gain of doubling", "from n to 2n samples (log scale)"),
    "selection_gap": ("Coverage minus majority vote", "samples per problem (log scale)"),
}


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Left, gain of majority vote per doubling; right, coverage minus majority vote."""
    with style():
        rows = rows_of(tables, "gains", *NEEDED)
        if rows is not None:
            rows = rows[(rows["strategy"] == VOTE) & rows["quantity"].isin(PANELS)]
        if rows is None or rows.empty:
            return missing("majority vote was not evaluated at two budgets of which one is double")
        rows = rows[rows["dataset"] == headline_dataset(rows)]
        looks = cast(tables, list(rows["model"].unique()))
        fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.0))
        for ax, (quantity, (title, label)) in zip(axes, PANELS.items(), strict=True):
            panel(ax, rows[rows["quantity"] == quantity], looks)
            ax.set_title(title)
            ax.set_xlabel(label)
        axes[0].set_ylabel("percentage points")
        handles = [plt.Line2D([], [], label=x.title, **x.points()) for x in looks.values()]
        fig.legend(handles=handles, loc="outside upper left", ncols=min(4, len(looks)))
    return fig, rows[list(NEEDED)].sort_values(list(NEEDED[:5]), ignore_index=True)


def panel(ax: Axes, rows: pd.DataFrame, looks: dict[str, Look]) -> None:
    """Lines with 95 % bands; among many models the bands would blend and only ends carry bars."""
    ax.axhline(0, color=INK, linewidth=0.9, alpha=0.6)
    for model, look in looks.items():
        own = rows[rows["model"] == model].sort_values("budget")
        if len(looks) <= 4:
            ends = own["low"], own["high"]
            ax.fill_between(own["budget"], *ends, color=look.colour, alpha=0.13, linewidth=0)
        else:
            last = own.tail(1)
            ax.vlines(last["budget"], last["low"], last["high"], color=look.colour, linewidth=1)
        ax.plot(own["budget"], own["value"], markersize=4, **look.points())
    budgets = sorted(int(b) for b in rows["budget"].unique())
    if budgets:
        doubling_axis(ax, budgets)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(100 * v)))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
