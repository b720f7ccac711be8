"""Reliability: predicted probability of being correct against the share that is."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from itc.figures._parts import grid_of, missing, panel_title, percent_axis, rows_of
from itc.figures._style import INK, MUTED, PALETTE, cast, pretty, style

TITLE = "Do predicted chances of being correct hold?"
TABLES = ("calibration", "models")
SECTION = "regression"
ORDER = 20
NEEDED = ("model", "dataset", "features", "held_out", "bin", "n", "mean_probability")
FIRST = ("length", "markers", "markers_length", "all_text", "confidence", "judge")
MARKS = ("o", "s", "D", "^", "v", "P")
MAX_SETS = 3


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per model; one line per feature set, held out by problem, datasets pooled."""
    with style():
        rows = rows_of(tables, "calibration", *NEEDED, "share_correct")
        if rows is None:
            return missing("no model has enough problems with both outcomes to predict them")
        rows = rows[(rows["held_out"] == "problems") & (rows["n"] > 0)]
        rows = pooled(rows)
        if rows.empty:
            return missing("no prediction was held out by problem")
        sets = [f for f in FIRST if f in set(rows["features"])]
        sets += sorted(set(rows["features"]) - set(sets))
        shown = [s for s in ("markers_length", "confidence", "judge") if s in sets] or sets
        shown = (shown + [s for s in sets if s not in shown])[:MAX_SETS]
        rows = rows[rows["features"].isin(shown)]
        looks = list(cast(tables, list(rows["model"].unique())).values())
        fig, axes = grid_of(len(looks), 1.75, 0.85, sharex=True, sharey=True)
        for ax, look in zip(axes, looks, strict=True):
            ax.plot([0, 1], [0, 1], color=INK, linewidth=0.9, alpha=0.5)
            for i, features in enumerate(shown):
                line = rows[(rows["model"] == look.model) & (rows["features"] == features)]
                line = line.sort_values("bin")
                size = 6 + 70 * line["n"] / max(line["n"].sum(), 1)
                x, y = line["mean_probability"], line["share_correct"]
                ax.plot(x, y, color=PALETTE[i], linewidth=1.1, alpha=0.7)
                ax.scatter(x, y, s=size, color=PALETTE[i], marker=MARKS[i], linewidths=0)
            panel_title(ax, look, min(len(looks), 4))
            ax.set_aspect("equal", adjustable="box")
        axes[0].set_xlim(-0.03, 1.03)
        axes[0].set_ylim(-0.03, 1.03)
        percent_axis(axes[0])
        percent_axis(axes[0], "x")
        axes[0].xaxis.set_ticks([0, 0.5, 1])
        axes[0].yaxis.set_ticks([0, 0.5, 1])
        fig.supxlabel("predicted probability of being correct", color=MUTED, fontsize=8.5)
        fig.supylabel("share correct", color=MUTED, fontsize=8.5)
        handles = [
            plt.Line2D([], [], color=PALETTE[i], marker=MARKS[i], label=name_of(s))
            for i, s in enumerate(shown)
        ]
        handles.append(plt.Line2D([], [], color=INK, alpha=0.5, label="as predicted"))
        fig.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return fig, rows.sort_values(["model", "features", "bin"], ignore_index=True)


def name_of(features: str) -> str:
    """A feature set in words."""
    words = {"markers_length": "markers and length", "all_text": "all features of the text"}
    return words.get(features, pretty(features))


def pooled(rows: pd.DataFrame) -> pd.DataFrame:
    """Bins of all datasets of a model together, weighted by how many responses each holds."""
    weighted = rows.assign(
        p=rows["mean_probability"] * rows["n"], right=rows["share_correct"] * rows["n"]
    )
    total = weighted.groupby(["model", "features", "bin"], as_index=False)[["p", "right", "n"]]
    out = total.sum()
    n = np.maximum(out["n"], 1)
    out = out.assign(mean_probability=out["p"] / n, share_correct=out["right"] / n)
    return out.drop(columns=["p", "right"])
