"""Accuracy against the number of samples: a panel per dataset and model, a line per strategy."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc import registry
from itc.figures._frontier import NEEDED, upper_bounds
from itc.figures._parts import (
    doubling_axis,
    missing,
    panel_title,
    panels_of,
    percent_axis,
    rows_of,
)
from itc.figures._style import (
    INK,
    LINES,
    MUTED,
    WIDTH,
    Look,
    cast,
    dataset_title,
    strategy_titles,
    style,
)

TITLE = "Accuracy against the number of samples"
TABLES = ("curves", "models", "dataset_cards")
SECTION = "strategies"
ORDER = 10

MAX_DATASETS, MAX_COLUMNS, MAX_LINES = 4, 4, 4  # beyond these the sortable table serves better
OWN_AXIS = ("truncate", "extend", "revise")  # procedures whose budget is no number of samples
FIRST = ("majority", "coverage", "shortest", "best_of_n", "longest")  # told apart by line style


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Small multiples dataset x model of accuracy against budget, from ``curves``."""
    curves = rows_of(tables, "curves", *NEEDED)
    with style():
        if curves is None:
            return missing("the table “curves” has no rows")
        curves = curves[curves["strategy"].map(by_samples)]
        grown = curves.groupby("strategy")["budget"].nunique()
        chosen = choose(list(grown[grown > 1].index), curves)
        if not chosen:
            return missing("no strategy of this study was evaluated at more than one budget")
        titles = strategy_titles(curves)
        datasets = panels_of(curves, MAX_DATASETS)
        data = curves[curves["strategy"].isin(chosen) & curves["dataset"].isin(datasets)]
        known = rows_of(tables, "models", "model")
        if known is not None:  # a vote over several models is no model
            data = data[data["model"].isin(known["model"])]
        looks = cast(tables, list(data["model"].unique()))
        columns = min(len(looks), MAX_COLUMNS)
        bands = math.ceil(len(looks) / columns)
        rows = len(datasets) * bands
        fig, axes = plt.subplots(
            rows,
            columns,
            figsize=(WIDTH, 0.75 + 1.75 * rows),
            sharex=True,
            sharey="row",
            squeeze=False,
        )
        for d, dataset in enumerate(datasets):
            for m, look in enumerate(looks.values()):
                ax = axes[d * bands + m // columns][m % columns]
                panel(
                    ax,
                    data[(data["dataset"] == dataset) & (data["model"] == look.model)],
                    look,
                    chosen,
                )
                panel_title(ax, look, columns)
                if m % columns == 0:
                    ax.set_ylabel(dataset_title(tables, dataset), color=INK, fontweight="bold")
            for spare in range(len(looks), bands * columns):
                axes[d * bands + spare // columns][spare % columns].set_visible(False)
        doubling_axis(axes[-1][0], sorted(int(b) for b in data["budget"].unique()))
        fig.supxlabel("samples per problem (log scale)", color=MUTED, fontsize=8.5)
        fig.legend(
            handles=[
                plt.Line2D([], [], color=INK, linestyle=LINES[i], label=titles[s])
                for i, s in enumerate(chosen)
            ],
            loc="outside upper left",
            ncols=len(chosen),
            handlelength=2.8,
        )
    keep = ["dataset", "model", "strategy", "budget", "accuracy", "low", "high"]
    return fig, data[keep].sort_values(keep[:4], ignore_index=True)


def by_samples(strategy: str) -> bool:
    """Whether its budget counts samples, and not rounds or the tokens of a thought."""
    if strategy not in registry.names("strategies"):
        return True
    procedure = str(registry.constants("strategies", strategy).get("PROCEDURE", "sample"))
    return not procedure.startswith(OWN_AXIS)


def choose(strategies: list[str], curves: pd.DataFrame) -> list[str]:
    """At most MAX_LINES strategies: the well-known ones, then those with the best mean accuracy."""
    bound = set(curves.loc[upper_bounds(curves), "strategy"])
    largest = curves.sort_values("budget").groupby(["dataset", "model", "strategy"]).tail(1)
    merit = largest.groupby("strategy")["accuracy"].mean()
    known = [s for s in FIRST if s in strategies]
    known += [s for s in sorted(bound) if s in strategies and s not in known][:1]
    others = sorted((s for s in strategies if s not in known), key=lambda s: (-merit[s], s))
    return (known[:3] + others + known[3:])[:MAX_LINES]


def panel(ax: Axes, own: pd.DataFrame, look: Look, chosen: list[str]) -> None:
    """One model on one dataset."""
    for i, strategy in enumerate(chosen):
        line = own[own["strategy"] == strategy].sort_values("budget")
        if line.empty:
            continue
        if i == 0:
            ax.fill_between(
                line["budget"],
                line["low"],
                line["high"],
                color=look.colour,
                alpha=0.14,
                linewidth=0,
            )
        ax.plot(
            line["budget"],
            line["accuracy"],
            linestyle=LINES[i],
            color=look.colour,
            linewidth=1.9 if i == 0 else 1.3,
        )
    percent_axis(ax)
