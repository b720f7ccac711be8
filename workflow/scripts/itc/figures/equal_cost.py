"""Strategies against majority vote at equal cost: differences with their intervals."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from itc.figures._parts import headline_dataset, missing, rows_of, signed
from itc.figures._style import INK, WIDTH, Look, cast, strategy_titles, style

TITLE = "Gain over majority vote at the same output tokens"
TABLES = ("comparisons", "curves", "models")
SECTION = "strategies"
ORDER = 20
AXIS_COLUMN, BASELINE = "cost_output_tokens", "majority"
MAX_STRATEGIES = 10
REACH = 0.3  # differences beyond would press all others together: an arrow with the value instead
KEY = ["dataset", "axis", "baseline", "model", "strategy", "budget"]


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One row per strategy, one mark per model, at the largest budget that has an equal."""
    with style():
        rows = rows_of(tables, "comparisons", *KEY, "difference", "low", "high", "cost")
        if rows is None:
            return missing("no strategy has a majority vote of equal cost to be compared with")
        rows = rows[(rows["axis"] == AXIS_COLUMN) & (rows["baseline"] == BASELINE)]
        if "upper_bound" in rows:
            rows = rows[~rows["upper_bound"].fillna(False).astype(bool)]
        rows = rows[rows["strategy"] != "single"]  # a vote of one is one response, by definition
        if rows.empty:
            return missing("no strategy has a majority vote of equal cost to be compared with")
        rows = rows[rows["dataset"] == headline_dataset(rows)]
        rows = rows.sort_values([*KEY[:5], "cost"]).groupby(KEY[:5], sort=False).tail(1)
        merit = rows.groupby("strategy")["difference"].mean()
        ranked = sorted(merit.index, key=lambda s: (-merit[s], s))
        if len(ranked) > MAX_STRATEGIES:  # both ends: what helps most and what hurts most
            half = MAX_STRATEGIES // 2
            ranked = ranked[:half] + ranked[-half:]
        rows = rows[rows["strategy"].isin(ranked)]
        looks = list(cast(tables, list(rows["model"].unique())).values())
        step = min(0.16, 0.72 / len(looks))
        height = 1.1 + len(ranked) * max(0.34, 0.13 * len(looks))
        fig, ax = plt.subplots(figsize=(WIDTH, height))
        ax.axvline(0, color=INK, linewidth=0.9, alpha=0.6)
        for y, strategy in enumerate(ranked):
            for m, look in enumerate(looks):
                own = rows[(rows["strategy"] == strategy) & (rows["model"] == look.model)]
                at = y + step * (m - (len(looks) - 1) / 2)
                for row in own.itertuples():
                    mark(ax, at, row, look)
        titles = strategy_titles(tables["curves"]) if "curves" in tables else {}
        ax.set_yticks(range(len(ranked)), [titles.get(s, s) for s in ranked])
        for edge in np.arange(0.5, len(ranked) - 1):
            ax.axhline(edge, color=INK, linewidth=0.4, alpha=0.15)
        ax.set_ylim(len(ranked) - 0.5, -0.5)
        ax.grid(axis="y", visible=False)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(100 * v)))
        ax.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
        ax.set_xlabel("accuracy minus majority vote of equal cost, percentage points")
        handles = [
            plt.Line2D([], [], linestyle="none", label=look.title, **look.points())
            for look in looks
        ]
        fig.legend(handles=handles, loc="outside upper left", ncols=min(4, len(looks)))
        low, high = rows["low"].min(), rows["high"].max()
        pad = 0.04 * (min(high, REACH) - max(low, -REACH))
        ax.set_xlim(max(low, -REACH) - pad, min(high, REACH) + pad)
    keep = [*KEY, "cost", "difference", "low", "high"]
    keep += [c for c in ("accuracy", "baseline_accuracy", "p_holm") if c in rows]
    return fig, rows[keep].sort_values(KEY, ignore_index=True)


def mark(ax: Axes, at: float, row: Any, look: Look) -> None:
    """One difference with its interval; an arrow at the edge where it lies beyond REACH."""
    if abs(row.difference) <= REACH:
        ends = np.clip([row.low, row.high], -REACH, REACH)
        ax.plot(ends, [at, at], color=look.colour, linewidth=1.2)
        ax.plot(row.difference, at, markersize=4.5, linestyle="none", **look.points())
        return
    side = np.sign(row.difference)
    edge = side * REACH
    ax.plot(edge, at, marker="<" if side < 0 else ">", color=look.colour, markersize=5)
    ax.annotate(
        signed(100 * row.difference),
        (edge, at),
        xytext=(-7 * side, 0),
        textcoords="offset points",
        ha="left" if side < 0 else "right",
        va="center",
        color=look.colour,
        fontsize=7.4,
    )
