"""Votes of other models at full budget against one response of the reasoning models."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc.figures._parts import missing, panels_of, percent_axis, rows_of
from itc.figures._style import INK, MUTED, PAPER, WIDTH, cast, dataset_title, style

TITLE = "One response of a reasoning model against votes of others at full budget"
TABLES = ("full_budget", "models", "dataset_cards")
SECTION = "strategies"
ORDER = 40
MAX_DATASETS, MAX_MODELS = 3, 40
KNOWN = 0.05  # above this undecided share the source's own grade is drawn instead of ours
COLUMNS = (
    "dataset",
    "model",
    "reasoning",
    "single",
    "vote",
    "budget",
    "recorded",
    "undecided",
)
VOTE: dict[str, Any] = {"marker": "s"}
OURS: dict[str, Any] = {"marker": "o"}
THEIRS: dict[str, Any] = {"marker": "D", "markerfacecolor": PAPER}


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """A panel per dataset, a row per model; other models above the line, reasoning ones below."""
    with style():
        rows = rows_of(tables, "full_budget", *COLUMNS)
        if rows is None or rows["reasoning"].nunique() < 2:
            return missing("it needs models that reason and models that do not")
        datasets = panels_of(rows, MAX_DATASETS)
        rows = rows[rows["dataset"].isin(datasets)].copy()
        rows["by_source"] = (rows["undecided"] > KNOWN) & rows["recorded"].notna()
        for end in ("", "_low", "_high"):
            rows[f"one{end}"] = rows[f"single{end}"].mask(rows["by_source"], rows[f"recorded{end}"])
        order = _order(rows)
        looks = cast(tables, order)
        height = 1.0 + 0.21 * len(order)
        fig, axes = plt.subplots(
            1, len(datasets), figsize=(WIDTH, height), sharey=True, squeeze=False
        )
        others = [
            model for model in order if not rows.loc[rows["model"] == model, "reasoning"].all()
        ]
        for ax, dataset in zip(axes[0], datasets, strict=True):
            _panel(ax, rows[rows["dataset"] == dataset], order, len(others))
            if len(datasets) > 1:
                ax.set_title(dataset_title(tables, dataset))
        axes[0][0].set_yticks(range(len(order)), [looks[model].title for model in order])
        axes[0][0].tick_params(axis="y", labelcolor=INK)
        axes[0][0].set_ylim(len(order) - 0.5, -0.5)
        fig.supxlabel("accuracy", color=MUTED, fontsize=8.5)
        fig.legend(handles=_key(), loc="outside upper left", ncols=4)
    keep = [*COLUMNS, "single_low", "single_high", "vote_low", "vote_high", "recorded_low"]
    keep += ["recorded_high", "by_source"]
    return fig, rows[keep].sort_values(["dataset", "model"], ignore_index=True)


def _order(rows: pd.DataFrame) -> list[str]:
    """Other models by their vote, then reasoning models by one response; best last of each."""
    best = rows.assign(
        merit=rows["vote"].where(~rows["reasoning"], rows["one"]).fillna(rows["one"])
    )
    merit = best.groupby("model").agg(reasoning=("reasoning", "first"), merit=("merit", "mean"))
    merit = merit.reset_index().sort_values(["reasoning", "merit", "model"])
    kept = [
        group.tail(MAX_MODELS // 2)["model"].tolist() for _, group in merit.groupby("reasoning")
    ]
    return [model for group in kept for model in group]


def _panel(ax: Axes, rows: pd.DataFrame, order: list[str], n_others: int) -> None:
    best = rows.loc[~rows["reasoning"], ["vote", "single"]].max().max()
    ax.axvline(best, color=INK, linewidth=0.9, linestyle="--", alpha=0.6)
    ax.axhline(n_others - 0.5, color=MUTED, linewidth=0.7)
    for y, model in enumerate(order):
        for row in rows[rows["model"] == model].itertuples():
            colour = MUTED if not row.reasoning else INK
            shown = ("one",) if row.reasoning else ("one", "vote")
            for name in shown:
                value = getattr(row, name)
                if pd.isna(value):
                    continue
                look = VOTE if name == "vote" else THEIRS if row.by_source else OURS
                low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
                lift = 0.13 if len(shown) > 1 and name == "one" else -0.13 if len(shown) > 1 else 0
                ax.plot([low, high], [y + lift] * 2, color=colour, linewidth=1.0, alpha=0.55)
                ax.plot(value, y + lift, color=colour, markersize=4.6, linestyle="none", **look)
    ax.grid(axis="y", visible=False)
    ax.set_xlim(0, 1)
    percent_axis(ax, "x")


def _key() -> list[plt.Line2D]:
    def dot(look: dict[str, Any], label: str) -> plt.Line2D:
        return plt.Line2D([], [], linestyle="none", color=INK, markersize=5, label=label, **look)

    best = plt.Line2D([], [], color=INK, linestyle="--", linewidth=0.9, label="best of the others")
    return [
        dot(OURS, "one response"),
        dot(VOTE, "majority vote, all draws"),
        dot(THEIRS, "one response, graded by the source"),
        best,
    ]
