"""Every strategy under every way to sample, and under the one chosen on held-out problems."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc.figures._parts import missing, panels_of, percent_axis, rows_of
from itc.figures._style import INK, MUTED, PAPER, WIDTH, cast, dataset_title, pretty, style

TITLE = "Strategies under every way to sample"
TABLES = ("stability", "models", "dataset_cards")
SECTION = "breadth"
ORDER = 60
MAX_PANELS, MAX_STRATEGIES = 4, 30
REFERENCE = "sample"
COLUMNS = ("dataset", "model", "procedure", "strategy", "accuracy", "tuned", "folds")


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """A panel per model on the first dataset, a row per strategy, a dot per way to sample."""
    rows = rows_of(tables, "stability", *COLUMNS)
    if rows is None or rows["procedure"].nunique() < 2:
        return missing(
            "it needs two ways to sample; a procedure's key `sweep` makes them, such as "
            "`sweep: {temperature: [0.2, 0.6, 1.0]}`"
        )
    with style():
        dataset = panels_of(rows, 1)[0]
        rows = rows[rows["dataset"] == dataset]
        looks = cast(tables, sorted(rows["model"].unique()))
        shown = list(looks)[:MAX_PANELS]
        rows = rows[rows["model"].isin(shown)]
        order = _order(rows)
        rows = rows[rows["strategy"].isin(order)]
        height = 1.2 + 0.2 * len(order)
        fig, axes = plt.subplots(1, len(shown), figsize=(WIDTH, height), sharey=True, squeeze=False)
        for ax, model in zip(axes[0], shown, strict=True):
            _panel(ax, rows[rows["model"] == model], order)
            ax.set_title(looks[model].title, color=looks[model].colour)
        axes[0][0].set_yticks(range(len(order)), [pretty(name) for name in order])
        axes[0][0].set_ylim(len(order) - 0.5, -0.5)
        fig.supxlabel(f"accuracy, {dataset_title(tables, dataset)}", color=MUTED, fontsize=8.5)
        fig.legend(handles=_key(), loc="outside upper left", ncols=3)
    data = rows[list(COLUMNS)].sort_values(list(COLUMNS[:4]), ignore_index=True)
    return fig, data


def _order(rows: pd.DataFrame) -> list[str]:
    """Strategies by their accuracy under the main way to sample, best first."""
    main = rows[rows["procedure"] == REFERENCE]
    merit = (main if len(main) else rows).groupby("strategy")["accuracy"].mean().reset_index()
    merit = merit.sort_values(["accuracy", "strategy"], ascending=[False, True])
    return list(merit["strategy"].head(MAX_STRATEGIES))


def _panel(ax: Axes, rows: pd.DataFrame, order: list[str]) -> None:
    for y, strategy in enumerate(order):
        own = rows[rows["strategy"] == strategy].sort_values("procedure")
        if own.empty:
            continue
        ax.plot([own["accuracy"].min(), own["accuracy"].max()], [y, y], color=MUTED, linewidth=0.8)
        ax.plot(own["accuracy"], [y] * len(own), "o", color=MUTED, markersize=3.4, alpha=0.6)
        main = own.loc[own["procedure"] == REFERENCE, "accuracy"]
        ax.plot(main, [y] * len(main), "|", color=INK, markersize=9, markeredgewidth=1.6)
        tuned = own["tuned"].dropna().head(1)
        ax.plot(tuned, [y] * len(tuned), "D", color=INK, markerfacecolor=PAPER, markersize=4.6)
    ax.grid(axis="y", visible=False)
    percent_axis(ax, "x")


def _key() -> list[plt.Line2D]:
    def dot(marker: str, colour: str, face: str, label: str) -> plt.Line2D:
        return plt.Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            color=colour,
            markerfacecolor=face,
            label=label,
        )

    return [
        dot("o", MUTED, MUTED, "one way to sample"),
        dot("|", INK, INK, "the main one"),
        dot("D", INK, PAPER, "chosen on other problems than scored"),
    ]
