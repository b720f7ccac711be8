"""Marker rates of correct against incorrect responses, per category of the lexicon."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from itc.figures._contrast import KEEP, NEEDED, differences, key, main_rows, means, model_rows
from itc.figures._parts import missing, rows_of
from itc.figures._style import WIDTH, cast, pretty, style

TITLE = "Markers in correct and incorrect responses"
TABLES = ("markers", "models")
SECTION = "markers"
ORDER = 10
FIRST = ("hedging", "thinking", "discourse")  # the study's own categories lead
MAX_CATEGORIES = 3


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Rates above, differences pooled and within question below, a column per category."""
    with style():
        markers = rows_of(tables, "markers", "category", "region", "statistic", *NEEDED)
        if markers is None:
            return missing(
                "the table “markers” has no rows; responses without text have no markers"
            )
        rows = markers[(markers["region"] == "whole") & (markers["statistic"] == "per_1000_words")]
        rows = (
            main_rows(rows).dropna(subset=["correct_mean", "incorrect_mean"]) if len(rows) else rows
        )
        categories = choose(list(rows["category"].unique()))
        rows = rows[rows["category"].isin(categories)]
        if rows.empty:
            return missing("no model has both correct and incorrect responses with words in them")
        looks = list(cast(tables, list(rows["model"].unique())).values())
        fig, axes = plt.subplots(
            2,
            len(categories),
            figsize=(WIDTH, 1.7 + 0.58 * len(looks)),
            sharey=True,
            squeeze=False,
            height_ratios=(1, 1.15),
        )
        for c, category in enumerate(categories):
            own = rows[rows["category"] == category]
            upper, lower = axes[0][c], axes[1][c]
            means(upper, own, looks)
            upper.set_title(pretty(category))
            upper.set_xlim(0, 1.1 * own[["correct_mean", "incorrect_mean"]].to_numpy().max())
            differences(lower, own, looks)
            for ax in (upper, lower):
                ax.xaxis.set_major_locator(plt.MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
                model_rows(ax, looks, label=c == 0)
        middle = axes[0][len(categories) // 2], axes[1][len(categories) // 2]
        middle[0].set_xlabel("markers per 1,000 words")
        middle[1].set_xlabel("correct minus incorrect, markers per 1,000 words")
        fig.legend(handles=key(), loc="outside upper left", ncols=4)
    keep = ["category", "model", "dataset", "subset", *(c for c in KEEP if c in rows)]
    return fig, rows[keep].sort_values(keep[:2], ignore_index=True)


def choose(categories: list[str]) -> list[str]:
    """The study's categories, then others that are no part of one already chosen."""
    chosen = [c for c in FIRST if c in categories]
    for category in sorted(categories):
        if len(chosen) < MAX_CATEGORIES and not any(
            category == c or category.startswith(f"{c}_") for c in chosen
        ):
            chosen.append(category)
    return chosen[:MAX_CATEGORIES]
