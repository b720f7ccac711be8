"""Share of problems that are right with at least a given chance: the score before a threshold."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from itc.figures._parts import (
    grid_of,
    headline_dataset,
    missing,
    panel_title,
    percent_axis,
    rows_of,
)
from itc.figures._style import MUTED, PALETTE, cast, strategy_titles, style

TITLE = "How sure is a right answer?"
TABLES = ("profiles", "curves", "models")
SECTION = "breadth"
ORDER = 10
STRATEGIES = ("single", "majority")
KEY = ["dataset", "model", "strategy", "budget", "threshold"]
NEEDED = (*KEY, "statistic", "value", "low", "high")


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per model: performance profile of one response and of the largest vote."""
    with style():
        rows = rows_of(tables, "profiles", *NEEDED)
        if rows is not None:
            rows = rows[(rows["statistic"] == "profile") & rows["strategy"].isin(STRATEGIES)]
        if rows is None or rows.empty:
            return missing("neither one response nor the majority vote was evaluated")
        rows = rows[rows["dataset"] == headline_dataset(rows)]
        titles = strategy_titles(tables["curves"]) if len(tables.get("curves", ())) else {}
        looks = list(cast(tables, list(rows["model"].unique())).values())
        fig, axes = grid_of(len(looks), 1.7, 0.85, sharex=True, sharey=True)
        for ax, look in zip(axes, looks, strict=True):
            for i, strategy in enumerate(STRATEGIES):
                own = rows[(rows["model"] == look.model) & (rows["strategy"] == strategy)]
                own = own.sort_values("threshold")
                ends = own["low"], own["high"]
                ax.fill_between(own["threshold"], *ends, color=PALETTE[i], alpha=0.15, linewidth=0)
                ax.plot(own["threshold"], own["value"], color=PALETTE[i], dashes=DASHES[i])
            panel_title(ax, look, min(len(looks), 4))
        axes[0].set_xlim(0, 1)
        axes[0].set_ylim(-0.02, 1.02)
        axes[0].xaxis.set_ticks([0, 0.5, 1])
        percent_axis(axes[0])
        percent_axis(axes[0], "x")
        axes[0].xaxis.set_ticks([0, 0.5, 1])
        fig.supxlabel("right with at least this chance", color=MUTED, fontsize=8.5)
        fig.supylabel("share of problems", color=MUTED, fontsize=8.5)
        handles = [
            plt.Line2D([], [], color=PALETTE[i], dashes=DASHES[i], label=titles.get(s, s))
            for i, s in enumerate(STRATEGIES)
        ]
        fig.legend(handles=handles, loc="outside upper left", ncols=2)
    return fig, rows[list(NEEDED)].sort_values(KEY, ignore_index=True)


DASHES = ((1, 0), (4, 1.5))
