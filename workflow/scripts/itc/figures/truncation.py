"""What thinking is worth cut short: accuracy against the thinking tokens that were kept."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc.figures._frontier import NEEDED
from itc.figures._parts import grid_of, missing, panels_of, percent_axis, rows_of
from itc.figures._style import INK, MUTED, Look, cast, dataset_title, style

TITLE = "Accuracy when thinking is cut short"
TABLES = ("curves", "models", "dataset_cards")
SECTION = "lengths"
ORDER = 30
CUT, WHOLE = "truncated", "single"
MAX_DATASETS = 6


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per dataset: truncated thinking as lines, uncut single samples as levels."""
    with style():
        curves = rows_of(tables, "curves", *NEEDED)
        cut = None if curves is None else curves[curves["strategy"] == CUT]
        if curves is None or cut is None or cut.empty:
            return missing("no model of this study was sampled with its thinking cut (truncate)")
        datasets = panels_of(cut, MAX_DATASETS)
        whole = curves[(curves["strategy"] == WHOLE) & (curves["budget"] == 1)]
        data = pd.concat([cut, whole])
        data = data[data["dataset"].isin(datasets)]
        looks = cast(tables, list(data["model"].unique()))
        fig, axes = grid_of(len(datasets), 2.3, 0.85, columns=3, sharey=True)
        for ax, dataset in zip(axes, datasets, strict=True):
            here = data[data["dataset"] == dataset]
            panel(ax, here, looks)
            ax.set_title(dataset_title(tables, dataset))
        percent_axis(axes[0])
        axes[0].set_ylabel("accuracy")
        fig.supxlabel("thinking tokens kept", color=MUTED, fontsize=8.5)
        handles = [plt.Line2D([], [], label=x.title, **x.points()) for x in looks.values()]
        handles.append(plt.Line2D([], [], color=MUTED, linestyle="--", label="one uncut sample"))
        fig.legend(handles=handles, loc="outside upper left", ncols=min(5, len(handles)))
    keep = ["dataset", "model", "strategy", "budget", "accuracy", "low", "high"]
    return fig, data[keep].sort_values(keep[:4], ignore_index=True)


def panel(ax: Axes, here: pd.DataFrame, looks: dict[str, Look]) -> None:
    """One dataset. Places are even, since budgets of zero have no place on a log scale."""
    budgets = sorted(int(b) for b in here.loc[here["strategy"] == CUT, "budget"].unique())
    place = {b: i for i, b in enumerate(budgets)}
    for model, look in looks.items():
        own = here[here["model"] == model]
        line = own[own["strategy"] == CUT].sort_values("budget")
        at = line["budget"].map(place)
        ax.fill_between(at, line["low"], line["high"], color=look.colour, alpha=0.14, linewidth=0)
        ax.plot(at, line["accuracy"], **look.points())
        for level in own.loc[own["strategy"] == WHOLE, "accuracy"]:
            ax.axhline(level, color=look.colour, linestyle="--", linewidth=1.1, zorder=1)
    ax.set_xticks(range(len(budgets)), [f"{b:,}" for b in budgets])
    ax.set_xlim(-0.3, len(budgets) - 0.7)
    ax.axhline(0, color=INK, linewidth=0.6, alpha=0.3)
