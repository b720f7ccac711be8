"""What the token cap does to a vote: accuracy with cut responses, without them, without answers."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from itc.figures._contrast import model_rows
from itc.figures._parts import missing, panels_of, percent_axis, rows_of
from itc.figures._style import MUTED, PAPER, WIDTH, cast, dataset_title, style

TITLE = "Majority vote with and without responses cut at the token cap"
TABLES = ("censoring", "models", "dataset_cards")
SECTION = "lengths"
ORDER = 40
NEEDED = ("dataset", "model", "strategy", "budget", "treatment", "share_cut", "accuracy")
MARKS = {"as recorded": "o", "cut gives no answer": "v", "uncut only": "^"}
MAX_DATASETS = 4


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per dataset, a row per model, a mark per treatment at the largest common budget."""
    with style():
        rows = rows_of(tables, "censoring", *NEEDED, "low", "high", "n_problems")
        if rows is None:
            return missing("no independent samples were recorded")
        rows = rows[(rows["strategy"] == "majority") & rows["treatment"].isin(MARKS)]
        known = rows[rows["share_cut"] > 0]
        if known.empty:
            return missing("no response of this study is known to end at the token cap")
        rows = largest(known)
        datasets = panels_of(rows, MAX_DATASETS)
        rows = rows[rows["dataset"].isin(datasets)]
        looks = list(cast(tables, list(rows["model"].unique())).values())
        fig, axes = plt.subplots(
            1,
            len(datasets),
            figsize=(WIDTH, 1.25 + 0.3 * len(looks)),
            sharey=True,
            squeeze=False,
        )
        for d, (ax, dataset) in enumerate(zip(axes[0], datasets, strict=True)):
            here = rows[rows["dataset"] == dataset]
            for y, look in enumerate(looks):
                own = here[here["model"] == look.model]
                if own.empty:
                    continue
                ends = [own["accuracy"].min(), own["accuracy"].max()]
                ax.plot(ends, [y, y], color=MUTED, linewidth=1.4, alpha=0.5)
                for row in own.itertuples():
                    face = look.colour if row.treatment == "as recorded" else PAPER
                    ax.plot(
                        row.accuracy,
                        y,
                        marker=MARKS[row.treatment],
                        color=look.colour,
                        markerfacecolor=face,
                        linestyle="none",
                    )
            model_rows(ax, looks, label=d == 0)
            percent_axis(ax, "x")
            ax.set_title(dataset_title(tables, dataset))
        fig.supxlabel("accuracy of majority vote", color=MUTED, fontsize=8.5)
        handles = [
            plt.Line2D(
                [],
                [],
                linestyle="none",
                marker=mark,
                markeredgecolor=MUTED,
                markerfacecolor=MUTED if name == "as recorded" else PAPER,
                label=name,
            )
            for name, mark in MARKS.items()
        ]
        fig.legend(handles=handles, loc="outside upper left", ncols=3)
    keep = [*NEEDED[:5], "n_problems", "share_cut", "accuracy", "low", "high"]
    return fig, rows[keep].sort_values(list(NEEDED[:5]), ignore_index=True)


def largest(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each dataset and model the largest budget that every treatment reaches."""
    key = ["dataset", "model"]
    counted = rows.groupby([*key, "budget"])["treatment"].nunique().reset_index()
    most = counted.groupby(key)["treatment"].transform("max")
    best = counted[counted["treatment"] == most].groupby(key)["budget"].max().rename("largest")
    joined = rows.join(best, on=key)
    return joined[joined["budget"] == joined["largest"]].drop(columns="largest")
