"""Accuracy by length rank among the responses to the same question."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from itc.figures._parts import headline_dataset, missing, panel_title, rows_of, signed
from itc.figures._style import INK, MUTED, WIDTH, cast, style

TITLE = "Is the shorter response to the same question the better one?"
TABLES = ("length_law", "models")
SECTION = "lengths"
ORDER = 20
NEEDED = ("model", "dataset", "subset", "rank", "n_ranks", "within_difference")
MAX_COLUMNS = 4


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Accuracy at a length rank minus the question's own accuracy, one panel per model."""
    with style():
        law = rows_of(tables, "length_law", *NEEDED)
        if law is None:
            return missing("the table “length_law” has no rows")
        subset = "decided" if (law["subset"] == "decided").any() else sorted(law["subset"])[0]
        law = law[law["subset"] == subset]
        law = law[law["dataset"] == headline_dataset(law)].dropna(subset=["within_difference"])
        if law.empty:
            return missing("no question has two responses of known length")
        looks = list(cast(tables, list(law["model"].unique())).values())
        columns = min(len(looks), MAX_COLUMNS)
        bands = -(-len(looks) // columns)
        fig, axes = plt.subplots(
            bands,
            columns,
            figsize=(WIDTH, 0.7 + 1.75 * bands),
            sharex=True,
            sharey=True,
            squeeze=False,
        )
        for spare in axes.flat[len(looks) :]:
            spare.set_visible(False)
        for ax, look in zip(axes.flat, looks, strict=False):
            own = law[law["model"] == look.model].sort_values("rank")
            place = (own["rank"] - 0.5) / own["n_ranks"]
            ax.axhline(0, color=INK, linewidth=0.9, alpha=0.6)
            if {"within_low", "within_high"} <= set(own.columns):
                ax.fill_between(
                    place,
                    own["within_low"],
                    own["within_high"],
                    color=look.colour,
                    alpha=0.15,
                    linewidth=0,
                )
            ax.plot(place, own["within_difference"], **look.points())
            panel_title(ax, look, columns)
            ax.set_xlim(0, 1)
            ax.set_xticks([0.02, 0.98], ["shortest", "longest"])
            for tick, side in zip(ax.xaxis.get_major_ticks(), ("left", "right"), strict=True):
                tick.label1.set_ha(side)
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(100 * v)))
            ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
        fig.supylabel("accuracy minus the\nquestion's own, points", color=MUTED, fontsize=8.5)
        fig.supxlabel("length rank among the responses to one question", color=MUTED, fontsize=8.5)
    keep = ["model", "dataset", "subset", "rank", "n_ranks", "within_difference"]
    keep += [c for c in ("within_low", "within_high", "accuracy", "n_problems") if c in law]
    return fig, law[keep].sort_values(["model", "rank"], ignore_index=True)
