"""What a vote gains by looking at length and wording, over a plain vote of equal cost."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from itc.figures._parts import doubling_axis, grid_of, headline_dataset, missing, rows_of, signed
from itc.figures._style import INK, MUTED, cast, strategy_titles, style
from itc.figures.equal_cost import AXIS_COLUMN, BASELINE, KEY

TITLE = "What a vote gains by reading length and markers"
TABLES = ("comparisons", "curves", "models")
SECTION = "markers"
ORDER = 30
INFORMED = (
    "regression_weighted",
    "marker_weighted",
    "marker_filtered",
    "length_filtered",
    "shortest_majority",
)


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per feature-informed vote: difference to the plain vote against samples."""
    with style():
        rows = rows_of(tables, "comparisons", *KEY, "difference", "low", "high")
        if rows is not None:
            rows = rows[(rows["axis"] == AXIS_COLUMN) & (rows["baseline"] == BASELINE)]
            rows = rows[rows["strategy"].isin(INFORMED) & (rows["budget"] > 1)]
        if rows is None or rows.empty:
            return missing("no feature-informed vote has a plain vote of equal cost beside it")
        rows = rows[rows["dataset"] == headline_dataset(rows)]
        names = [s for s in INFORMED if (rows["strategy"] == s).any()]
        titles = strategy_titles(tables["curves"]) if len(tables.get("curves", ())) else {}
        looks = cast(tables, list(rows["model"].unique()))
        fig, axes = grid_of(len(names), 1.75, 0.85, columns=3, sharex=True, sharey=True)
        for ax, name in zip(axes, names, strict=True):
            ax.axhline(0, color=INK, linewidth=0.9, alpha=0.6)
            for model, look in looks.items():
                own = rows[(rows["strategy"] == name) & (rows["model"] == model)]
                own = own.sort_values("budget")
                ends = own["low"], own["high"]
                ax.fill_between(own["budget"], *ends, color=look.colour, alpha=0.1, linewidth=0)
                ax.plot(own["budget"], own["difference"], markersize=3.6, **look.points())
            ax.set_title(titles.get(name, name), fontsize=8.5)
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(100 * v)))
            ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
        doubling_axis(axes[0], sorted(int(b) for b in rows["budget"].unique()))
        fig.supxlabel("samples per problem (log scale)", color=MUTED, fontsize=8.5)
        fig.supylabel("points over plain vote", color=MUTED, fontsize=8.5)
        handles = [plt.Line2D([], [], label=x.title, **x.points()) for x in looks.values()]
        fig.legend(handles=handles, loc="outside upper left", ncols=min(4, len(looks)))
    keep = [*KEY, "difference", "low", "high"]
    return fig, rows[keep].sort_values(KEY, ignore_index=True)
