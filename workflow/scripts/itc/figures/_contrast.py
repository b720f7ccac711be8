"""Correct against incorrect responses, as two pictures that share their rows.

Left, the two means (filled: correct, hollow: incorrect). Right, their difference twice: over all
responses, and within question. Used by ``lengths`` and ``markers``.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from itc.figures._parts import headline_dataset
from itc.figures._style import INK, MUTED, PAPER, RIGHT, WRONG, Look

NEEDED = (
    "model",
    "dataset",
    "subset",
    "correct_mean",
    "incorrect_mean",
    "pooled_difference",
    "within_difference",
)
KEEP = [
    "correct_mean",
    "incorrect_mean",
    "pooled_difference",
    "pooled_low",
    "pooled_high",
    "within_difference",
    "within_low",
    "within_high",
    "n_problems_both",
]


def main_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the main picture: one dataset (all, where there are several), one subset."""
    subset = "decided" if (frame["subset"] == "decided").any() else sorted(frame["subset"])[0]
    frame = frame[frame["subset"] == subset]
    return frame[frame["dataset"] == headline_dataset(frame)]


def model_rows(ax: Axes, looks: list[Look], label: bool = True) -> None:
    """One row per model, first on top, names in the models' colours."""
    ax.set_ylim(len(looks) - 0.5, -0.5)
    ax.set_yticks(range(len(looks)), [look.title for look in looks])
    ax.grid(axis="y", visible=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(labelleft=label)
    for tick, look in zip(ax.yaxis.get_major_ticks(), looks, strict=True):
        tick.label1.set_color(look.colour)
        tick.label1.set_fontweight("bold")


def means(ax: Axes, rows: pd.DataFrame, looks: list[Look]) -> None:
    """Dumbbells: mean of incorrect (hollow) to mean of correct responses (filled)."""
    for y, look in enumerate(looks):
        for row in rows[rows["model"] == look.model].itertuples():
            ax.plot(
                [row.incorrect_mean, row.correct_mean],
                [y, y],
                color=MUTED,
                linewidth=1.4,
                alpha=0.5,
            )
            ax.plot(row.incorrect_mean, y, "o", color=WRONG, markerfacecolor=PAPER, markersize=6)
            ax.plot(row.correct_mean, y, "o", color=RIGHT, markersize=6)


def differences(ax: Axes, rows: pd.DataFrame, looks: list[Look]) -> None:
    """Pooled (diamond) above within-question difference (circle), each with its 95 % interval."""
    ax.axvline(0, color=INK, linewidth=0.9, alpha=0.6)
    for y, look in enumerate(looks):
        for row in rows[rows["model"] == look.model].to_dict("records"):
            for kind in ("pooled", "within"):
                ends = [row.get(f"{kind}_{end}", np.nan) for end in ("low", "high")]
                estimate(ax, y, look, kind, row[f"{kind}_difference"], *ends)


def estimate(
    ax: Axes, y: float, look: Look, kind: str, centre: float, low: float, high: float
) -> None:
    """One estimate with its interval in a model's row; ``kind`` is pooled or within."""
    if not np.isfinite(centre):
        return
    shift, marker, size, face = {
        "pooled": (-0.16, "D", 4.5, PAPER),
        "within": (0.16, "o", 5.0, look.colour),
    }[kind]
    ax.plot([low, high], [y + shift] * 2, color=look.colour, linewidth=1.3)
    ax.plot(centre, y + shift, marker, color=look.colour, markerfacecolor=face, markersize=size)


def key(of_means: bool = True, what: str = "difference") -> list[plt.Line2D]:
    """Legend handles of both pictures, or of the estimates alone."""

    def dot(marker: str, face: str, edge: str, label: str) -> plt.Line2D:
        return plt.Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            markerfacecolor=face,
            markeredgecolor=edge,
            label=label,
        )

    handles = [
        dot("o", RIGHT, RIGHT, "correct"),
        dot("o", PAPER, WRONG, "incorrect"),
        dot("D", PAPER, MUTED, f"{what}, all responses"),
        dot("o", MUTED, MUTED, f"{what} within question, 95 %"),
    ]
    return handles if of_means else handles[2:]
