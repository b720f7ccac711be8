"""The quality-cost picture for any cost axis; ``frontier*.py`` name the axis and the words."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc.figures._parts import (
    end_labels,
    headline_dataset,
    log_axis,
    missing,
    percent_axis,
    rows_of,
)
from itc.figures._style import INK, MUTED, WIDTH, Look, cast, strategy_titles, style

CUT = "truncated"  # thinking cut at a budget of tokens: the baseline of every other way to save
BASELINE = {"linestyle": ":", "linewidth": 1.2, "marker": "v"}
NEEDED = ("dataset", "model", "strategy", "budget", "accuracy", "low", "high")


def pareto(points: pd.DataFrame, cost: str, value: str = "accuracy") -> pd.DataFrame:
    """Rows no other row beats: cheaper and at least as good. Sorted by cost."""
    ordered = points.sort_values([cost, value], ascending=[True, False], kind="stable")
    best = ordered[value].cummax().shift(fill_value=-np.inf)
    return ordered[ordered[value] > best]


def upper_bounds(curves: pd.DataFrame) -> pd.Series:
    """True where a row is no strategy one could run (coverage asks the gold answer)."""
    if "upper_bound" in curves:
        return curves["upper_bound"].fillna(False).astype(bool)
    return curves["strategy"].isin(["coverage", "oracle"])


def draw_frontier(
    tables: dict[str, pd.DataFrame], cost: str, label: str
) -> tuple[Figure, pd.DataFrame]:
    """Accuracy against ``cost`` (column of ``curves``) on a log axis, one colour per model."""
    curves = rows_of(tables, "curves", *NEEDED, cost)
    if curves is None:
        return _missing(f"the table “curves” has no rows with the cost “{label}”")
    curves = curves[(curves["dataset"] == headline_dataset(curves)) & ~upper_bounds(curves)]
    curves = curves[curves[cost] > 0].dropna(subset=["accuracy", cost])
    curves = curves.sort_values(["model", "strategy", "budget"], kind="stable")  # ties: by name
    if curves.empty:
        return _missing(f"no operating point of this study carries the cost “{label}”")
    with style():
        fig, ax = plt.subplots(figsize=(WIDTH, 4.3))
        looks = cast(tables, list(curves["model"].unique()))
        drawn, ends, truncated = [], [], False
        crowded = len(looks) > 4
        for model, look in looks.items():
            own = curves[curves["model"] == model]
            whole = own[own["strategy"] != CUT]
            best = pareto(whole if len(whole) else own, cost)
            rest = own.drop(best.index)
            ax.plot(
                rest[cost],
                rest["accuracy"],
                linestyle="none",
                marker=look.marker,
                markersize=3.0,
                markeredgewidth=0.7,
                markerfacecolor=look.face,
                markeredgecolor=look.colour,
                alpha=0.35 if len(rest) < 200 else 0.18,
            )
            cut = own[own["strategy"] == CUT].sort_values("budget")
            if len(cut):
                ax.plot(cut[cost], cut["accuracy"], color=look.colour, markersize=3.6, **BASELINE)
                truncated = True
            uncertainty(ax, best, cost, look, crowded)
            marked = [i for i, b in enumerate(best["budget"]) if doubling(b, len(best), i)]
            ax.plot(best[cost], best["accuracy"], linewidth=1.8, markevery=marked, **look.points())
            last = best.iloc[-1]
            ends.append((last[cost], last["accuracy"], look))
            drawn += [best.assign(on_model_frontier=True), rest.assign(on_model_frontier=False)]
        data = pd.concat(drawn, ignore_index=True)
        hull = pareto(data, cost)
        ax.step(
            [*hull[cost], data[cost].max()],
            [*hull["accuracy"], hull["accuracy"].iloc[-1]],
            where="post",
            color=INK,
            linewidth=5.0,
            alpha=0.12,
            zorder=0.5,
        )
        log_axis(ax, data[cost].min(), data[cost].max())
        frontier = data[data["on_model_frontier"]]
        top, bottom = frontier["high"].max(), min(frontier["low"].min(), data["accuracy"].min())
        pad = 0.06 * max(top - bottom, 0.05)
        ax.set_ylim(max(-0.02, bottom - pad), min(1.02, top + pad))
        percent_axis(ax)
        ax.set_xlabel(f"{label} per problem (log scale)")
        ax.set_ylabel("accuracy")
        end_labels(ax, ends)
        _shape_note(fig, looks, truncated)
    columns = ["dataset", "model", "strategy", "budget", cost, "accuracy", "low", "high"]
    data["on_study_frontier"] = data.set_index(columns[:4]).index.isin(
        hull.set_index(columns[:4]).index
    )
    data["strategy_title"] = data["strategy"].map(strategy_titles(curves))
    return fig, data[[*columns, "strategy_title", "on_model_frontier", "on_study_frontier"]]


def doubling(budget: int, points: int, place: int) -> bool:
    """Whether a point of a line gets a mark: all of few, else powers of two and the last."""
    return points <= 10 or budget & (budget - 1) == 0 or place == points - 1


def uncertainty(ax: Axes, best: pd.DataFrame, cost: str, look: Look, crowded: bool) -> None:
    """The 95 % intervals: a band; among many models bars at both ends, for bands would blend."""
    if crowded:
        ends = best.iloc[[0, -1]] if len(best) > 1 else best
        ax.vlines(ends[cost], ends["low"], ends["high"], color=look.colour, linewidth=1, alpha=0.5)
    else:
        ax.fill_between(
            best[cost], best["low"], best["high"], color=look.colour, alpha=0.13, linewidth=0
        )


def _shape_note(fig: Figure, looks: dict[str, Any], truncated: bool) -> None:
    kinds = {look.reasoning for look in looks.values()}
    handles = []
    if True in kinds:
        handles.append(_handle("o", MUTED, "reasoning model"))
    if False in kinds:
        handles.append(_handle("s", "none", "non-reasoning model"))
    handles.append(plt.Line2D([], [], color=MUTED, linewidth=1.7, label="a model's frontier, 95 %"))
    handles.append(plt.Line2D([], [], color=INK, alpha=0.15, linewidth=5, label="frontier of all"))
    if truncated:
        handles.append(plt.Line2D([], [], color=MUTED, label="thinking cut short", **BASELINE))
    fig.legend(handles=handles, loc="outside upper left", ncols=5, labelcolor=MUTED)


def _handle(marker: str, face: str, label: str) -> plt.Line2D:
    return plt.Line2D(
        [],
        [],
        linestyle="none",
        marker=marker,
        markerfacecolor=face,
        markeredgecolor=MUTED,
        label=label,
    )


def _missing(reason: str) -> tuple[Figure, pd.DataFrame]:
    with style():
        return missing(reason)
