"""Accuracy and tokens against the difficulty that a dataset states or a task was generated with."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from itc.figures._parts import missing, percent_axis, rows_of, short_number
from itc.figures._style import MUTED, WIDTH, Look, cast, dataset_title, style

TITLE = "Accuracy and tokens as problems get harder"
TABLES = ("breadth", "models", "dataset_cards")
SECTION = "breadth"
ORDER = 20
STRATEGY = "single"
KEY = ["dataset", "model", "rank"]
VALUES = ("level", "n_problems", "accuracy", "low", "high", "cost_output_tokens")
NEEDED = (*KEY, "strategy", "budget", "by", *VALUES)
MAX_DATASETS = 4


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """A column per dataset: accuracy of one response above, its output tokens below."""
    with style():
        rows = rows_of(tables, "breadth", *NEEDED)
        if rows is not None:
            rows = rows[(rows["by"] == "difficulty") & (rows["strategy"] == STRATEGY)]
            levels = rows.groupby("dataset")["rank"].nunique()
            rows = rows[rows["dataset"].isin(levels[levels > 1].index)]
        if rows is None or rows.empty:
            return missing("no dataset states two or more levels of difficulty")
        datasets = sorted(rows["dataset"].unique())[:MAX_DATASETS]
        rows = rows[rows["dataset"].isin(datasets)]
        looks = cast(tables, list(rows["model"].unique()))
        fig, axes = plt.subplots(
            2, len(datasets), figsize=(WIDTH, 4.1), squeeze=False, sharex="col", sharey="row"
        )
        for column, dataset in zip(axes.T, datasets, strict=True):
            panels(column, rows[rows["dataset"] == dataset], looks)
            column[0].set_title(dataset_title(tables, dataset))
        axes[0, 0].set_ylabel("accuracy")
        axes[1, 0].set_ylabel("output tokens")
        percent_axis(axes[0, 0])
        axes[1, 0].set_ylim(bottom=0)
        axes[1, 0].yaxis.set_major_formatter(FuncFormatter(short_number))
        fig.supxlabel("difficulty", color=MUTED, fontsize=8.5)
        handles = [plt.Line2D([], [], label=x.title, **x.points()) for x in looks.values()]
        fig.legend(handles=handles, loc="outside upper left", ncols=min(4, len(looks)))
    return fig, rows[[*KEY, *VALUES]].sort_values(KEY, ignore_index=True)


def panels(column: list[Axes], rows: pd.DataFrame, looks: dict[str, Look]) -> None:
    """Accuracy with its interval above, tokens below, levels at even places."""
    names = rows.drop_duplicates("rank").set_index("rank")["level"].sort_index()
    for model, look in looks.items():
        own = rows[rows["model"] == model].sort_values("rank")
        ends = own["low"].astype(float), own["high"].astype(float)
        column[0].fill_between(own["rank"], *ends, color=look.colour, alpha=0.13, linewidth=0)
        column[0].plot(own["rank"], own["accuracy"], markersize=4, **look.points())
        column[1].plot(own["rank"], own["cost_output_tokens"], markersize=4, **look.points())
    crowded = any(len(str(name)) > 4 for name in names)
    column[1].set_xticks(list(names.index), list(names), rotation=35 if crowded else 0)
