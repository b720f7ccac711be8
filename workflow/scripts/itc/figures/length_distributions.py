"""Distribution of length: correct responses above the line, incorrect ones below it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc.figures._parts import grid_of, headline_dataset, log_axis, missing, panel_title, rows_of
from itc.figures._style import INK, MUTED, RIGHT, WRONG, cast, style

TITLE = "How long correct and incorrect responses are"
TABLES = ("length_distributions", "models")
SECTION = "lengths"
ORDER = 5
NEEDED = ("model", "dataset", "subset", "correct", "bin", "left", "right", "share", "median")
TALLEST = 0.98  # of all bars; the few beyond would press the others flat
MEASURES = {"n_output_tokens": "output tokens", "f_tokens": "tokens", "f_words": "words"}


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per model, mirrored shares per bin of a log scale, medians as ticks."""
    with style():
        rows = rows_of(tables, "length_distributions", "measure", *NEEDED)
        if rows is None:
            return missing("no response has a known length")
        rows = rows[(rows["subset"] == "decided") & (rows["dataset"] == headline_dataset(rows))]
        if rows.empty:
            return missing("no response of known length has a decided grade")
        looks = list(cast(tables, list(rows["model"].unique())).values())
        fig, axes = grid_of(len(looks), 1.5, 0.75, sharex=True, sharey=True)
        filled = rows.loc[rows["share"] > 0, "share"]
        reach = max(float(filled.quantile(TALLEST)), float(filled.max()) / 3)
        for ax, look in zip(axes, looks, strict=True):
            own = rows[rows["model"] == look.model]
            mirrored(ax, own, reach)
            panel_title(ax, look, min(len(looks), 4))
        log_axis(axes[0], rows["left"].min(), rows["right"].max())
        axes[0].set_xlim(rows["left"].min() * 0.9, rows["right"].max() * 1.1)
        axes[0].set_ylim(-1.15 * reach, 1.15 * reach)
        for ax in axes:
            ax.set_yticks([])
        measure = MEASURES.get(str(rows["measure"].iloc[0]), "length")
        fig.supxlabel(f"{measure} per response (log scale)", color=MUTED, fontsize=8.5)
        fig.supylabel("share of responses", color=MUTED, fontsize=8.5)
        handles = [
            plt.Rectangle((0, 0), 1, 1, facecolor=RIGHT, alpha=0.75, label="correct, upwards"),
            plt.Rectangle((0, 0), 1, 1, facecolor=WRONG, alpha=0.75, label="incorrect, downwards"),
            plt.Line2D([], [], color=INK, linewidth=1.4, label="median"),
        ]
        fig.legend(handles=handles, loc="outside upper left", ncols=3, handlelength=1.4)
    keep = [*NEEDED[:5], "left", "right", "n", "share", "median"]
    keep = [c for c in keep if c in rows]
    return fig, rows[keep].sort_values(list(NEEDED[:5]), ignore_index=True)


def mirrored(ax: Axes, own: pd.DataFrame, reach: float) -> None:
    """Shares of correct responses up, of incorrect ones down; a bar beyond ``reach`` (responses
    that pile up at the token cap) ends there and says how long it is.
    """
    for correct, sign, colour in ((True, 1, RIGHT), (False, -1, WRONG)):
        part = own[own["correct"].astype(bool) == correct].sort_values("bin")
        if part.empty:
            continue
        at = np.append(part["left"].to_numpy(), part["right"].iloc[-1])
        share = sign * part["share"].clip(upper=reach).to_numpy()
        ax.stairs(share, at, fill=True, color=colour, alpha=0.75, linewidth=0)
        for row in part[part["share"] > reach].itertuples():
            ax.annotate(
                f"{100 * row.share:.0f} %",
                (row.left, sign * reach),
                xytext=(-2, 0),
                textcoords="offset points",
                ha="right",
                va="top" if sign > 0 else "bottom",
                color=colour,
                fontsize=7,
            )
        median = float(part["median"].iloc[0])
        top = sign * min(float(part["share"].max()), reach)
        ax.plot([median, median], [0, top], color=INK, linewidth=1.4)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
