"""What more samples still buy: the gain of each doubling, and the gap that a vote leaves open."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from itc.figures._frontier import NEEDED
from itc.figures._parts import doubling_axis, headline_dataset, missing, rows_of, signed
from itc.figures._style import INK, WIDTH, cast, style

TITLE = "What the next doubling of samples buys"
TABLES = ("curves", "models")
SECTION = "strategies"
ORDER = 30
VOTE, BOUND = "majority", "coverage"


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Left, gain of majority vote per doubling; right, coverage minus majority vote."""
    with style():
        curves = rows_of(tables, "curves", *NEEDED)
        if curves is None:
            return missing("the table “curves” has no rows")
        data = gains(curves[curves["dataset"] == headline_dataset(curves)])
        if data[["gain_of_doubling", "gap_to_coverage"]].isna().all(axis=None):
            return missing("majority vote was not evaluated at two budgets of which one is double")
        looks = cast(tables, list(data["model"].unique()))
        fig, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.0))
        for ax, column, title in (
            (axes[0], "gain_of_doubling", "Majority vote, gain of doubling"),
            (axes[1], "gap_to_coverage", "Coverage minus majority vote"),
        ):
            ax.axhline(0, color=INK, linewidth=0.9, alpha=0.6)
            for model, look in looks.items():
                own = data[data["model"] == model].dropna(subset=[column])
                ax.plot(own["budget"], own[column], markersize=4, **look.points())
            budgets = sorted(int(b) for b in data.dropna(subset=[column])["budget"].unique())
            if budgets:
                doubling_axis(ax, budgets)
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(100 * v)))
            ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
            ax.set_title(title)
        axes[0].set_ylabel("percentage points")
        axes[0].set_xlabel("from n to 2n samples (log scale)")
        axes[1].set_xlabel("samples per problem (log scale)")
        handles = [plt.Line2D([], [], label=x.title, **x.points()) for x in looks.values()]
        fig.legend(handles=handles, loc="outside upper left", ncols=min(4, len(looks)))
    return fig, data


def gains(curves: pd.DataFrame) -> pd.DataFrame:
    """model, budget, gain_of_doubling (NaN where 2n was not evaluated), gap_to_coverage."""
    table = curves.pivot_table(index=["model", "budget"], columns="strategy", values="accuracy")
    for strategy in (VOTE, BOUND):
        if strategy not in table:
            table[strategy] = float("nan")
    flat = table[[VOTE, BOUND]].reset_index()
    twice = flat.loc[flat["budget"] % 2 == 0, ["model", "budget", VOTE]]
    twice = twice.assign(budget=twice["budget"] // 2)
    flat = flat.merge(twice, on=["model", "budget"], how="left", suffixes=("", "_twice"))
    flat["gain_of_doubling"] = flat[f"{VOTE}_twice"] - flat[VOTE]
    flat["gap_to_coverage"] = flat[BOUND] - flat[VOTE]
    flat = flat.rename(columns={VOTE: "majority_accuracy", BOUND: "coverage_accuracy"})
    return flat.drop(columns=f"{VOTE}_twice").sort_values(["model", "budget"], ignore_index=True)
