"""How firmly a point stands on the frontier: the share of resamples in which nothing beats it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from itc.figures._parts import headline_dataset, missing, percent_axis, rows_of, short_number
from itc.figures._style import INK, MUTED, WIDTH, cast, strategy_titles, style
from itc.stats.frontier import EVERY_POINT

TITLE = "How firmly each point stands on the frontier"
TABLES = ("frontier", "curves", "models")
SECTION = "headline"
ORDER = 30
KEY = ["dataset", "axis", "scope", "model", "strategy", "budget"]
NEEDED = (*KEY, "cost", "accuracy", "frontier_share")
AXIS_COLUMN, SCOPE = "cost_output_tokens", EVERY_POINT
LEAST, MAX_ROWS = 0.05, 16


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """A bar per point that LEAST of the resamples have on their frontier, cheapest first."""
    with style():
        rows = rows_of(tables, "frontier", *NEEDED)
        if rows is not None:
            rows = rows[(rows["axis"] == AXIS_COLUMN) & (rows["scope"] == SCOPE)]
        if rows is None or rows.empty:
            return missing("no operating point carries output tokens")
        rows = rows[rows["dataset"] == headline_dataset(rows)]
        rows = rows[rows["frontier_share"] >= LEAST].sort_values(["cost", *KEY], kind="stable")
        plain = rows.assign(_named=rows["strategy"] != "single").sort_values(
            "_named", kind="stable"
        )
        same = plain.duplicated(["model", "cost", "accuracy", "frontier_share"])
        rows = rows[~same.reindex(rows.index)]  # a vote of one is one response
        if rows.empty:
            return missing("no point is on the frontier in one of twenty resamples")
        data = rows
        if len(rows) > MAX_ROWS:  # budgets of one strategy in a row: every doubling tells enough
            budget = rows["budget"].astype(int)
            rows = rows[(budget & (budget - 1)) == 0]
            rows = rows.nlargest(MAX_ROWS, "frontier_share", keep="first")
            rows = rows.sort_values(["cost", *KEY], kind="stable")
        looks = cast(tables, list(rows["model"].unique()))
        titles = strategy_titles(tables["curves"]) if len(tables.get("curves", ())) else {}
        fig, ax = plt.subplots(figsize=(WIDTH, 0.75 + 0.235 * len(rows)))
        for y, row in enumerate(rows.itertuples()):
            look = looks[row.model]
            ax.barh(y, row.frontier_share, height=0.62, color=look.colour, alpha=0.28)
            ax.plot(row.frontier_share, y, linestyle="none", clip_on=False, **look.points())
        labels = [
            f"{looks[r.model].title} · {titles.get(r.strategy, r.strategy)}, {r.budget}"
            for r in rows.itertuples()
        ]
        ax.set_yticks(range(len(rows)), labels)
        for tick, row in zip(ax.yaxis.get_major_ticks(), rows.itertuples(), strict=True):
            tick.label1.set_color(looks[row.model].colour)
        beside = ax.secondary_yaxis("right")
        words = [f"{short_number(r.cost)} · {100 * r.accuracy:.0f} %" for r in rows.itertuples()]
        beside.set_yticks(range(len(rows)), words)
        beside.tick_params(colors=MUTED, length=0, pad=9)
        beside.spines["right"].set_visible(False)
        ax.set_title(
            "tokens · accuracy", loc="right", fontsize=7.8, color=MUTED, fontweight="normal"
        )
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.set_xlim(0, 1)
        ax.axvline(1, color=INK, linewidth=0.6, alpha=0.3)
        ax.grid(axis="y", visible=False)
        percent_axis(ax, "x")
        ax.set_xlabel("share of bootstrap resamples in which no cheaper point is as accurate")
    return fig, data[list(NEEDED)].sort_values(KEY, ignore_index=True)
