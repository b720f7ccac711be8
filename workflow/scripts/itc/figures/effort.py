"""Effort levels of one model as its sequential axis: what more thinking in one response buys."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from itc.config.efforts import families
from itc.figures._parts import (
    end_labels,
    headline_dataset,
    log_axis,
    missing,
    percent_axis,
    rows_of,
)
from itc.figures._style import INK, MUTED, PALETTE, PAPER, WIDTH, Look, style

TITLE = "Effort levels: thinking more in one response"
TABLES = ("curves", "models")
SECTION = "headline"
ORDER = 14
COST = "cost_sequential_tokens"
COLUMNS = ("dataset", "model", "strategy", "budget", "accuracy", "low", "high", COST)
LINES = (("single", "-", "o"), ("majority", "--", "s"))


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Accuracy of one response and of the largest vote against the tokens on the critical path.

    A line joins the levels of one family, from the lowest to the highest.
    """
    curves, models = rows_of(tables, "curves", *COLUMNS), _models(tables)
    found = families(models)
    if curves is None or not found:
        return missing(
            "it needs two entries with a level of effort of one model (keys `effort_of`, `effort`)"
        )
    curves = curves[curves["dataset"] == headline_dataset(curves)]
    curves = curves[curves[COST] > 0].dropna(subset=["accuracy", COST])
    with style():
        fig, ax = plt.subplots(figsize=(WIDTH, 3.9))
        drawn, ends = [], []
        for number, (family, names) in enumerate(found.items()):
            look = _look(family, models, names, PALETTE[number % len(PALETTE)])
            for strategy, line, marker in LINES:
                own = _levels(curves, names, strategy)
                if len(own) < 2:
                    continue
                own = own.assign(
                    family=family, effort=[str(models[m]["effort"]) for m in own["model"]]
                )
                _line(ax, own, look, line, marker)
                drawn.append(own)
                if strategy == "single":
                    last = own.iloc[-1]
                    ends.append((last[COST], last["accuracy"], look))
        if not drawn:
            plt.close(fig)
            return missing("fewer than two levels of each model have responses and token counts")
        data = pd.concat(drawn, ignore_index=True)
        log_axis(ax, data[COST].min(), data[COST].max())
        percent_axis(ax)
        ax.set_xlabel("tokens on the critical path per problem (log scale)")
        ax.set_ylabel("accuracy")
        end_labels(ax, ends)
        fig.legend(handles=_key(), loc="outside upper left", ncols=2, labelcolor=MUTED)
    return fig, data[["family", "effort", *COLUMNS]]


def _models(tables: dict[str, pd.DataFrame]) -> dict[str, dict[str, object]]:
    frame = rows_of(tables, "models", "model", "effort_of", "effort")
    if frame is None:
        return {}
    frame = frame.astype(object).where(frame.notna(), None)
    return {str(row["model"]): row for row in frame.to_dict("records")}


def _look(family: str, models: dict[str, dict[str, object]], names: list[str], colour: str) -> Look:
    named = models.get(family, {}).get("title") if family in names else None
    return Look(family, str(named or family), colour, "o", colour, True)


def _levels(curves: pd.DataFrame, names: list[str], strategy: str) -> pd.DataFrame:
    """Rows of ``strategy`` at its largest number of samples that every level has, in order."""
    own = curves[(curves["strategy"] == strategy) & curves["model"].isin(names)]
    shared = own.groupby("budget")["model"].nunique()
    shared = shared[shared == own["model"].nunique()]
    if shared.empty:
        return own.iloc[:0]
    own = own[own["budget"] == shared.index.max()].set_index("model")
    return own.reindex([name for name in names if name in own.index]).reset_index()


def _line(ax: Axes, own: pd.DataFrame, look: Look, line: str, marker: str) -> None:
    ax.vlines(own[COST], own["low"], own["high"], color=look.colour, linewidth=1, alpha=0.5)
    face = look.colour if marker == "o" else PAPER
    ax.plot(
        own[COST],
        own["accuracy"],
        linestyle=line,
        color=look.colour,
        marker=marker,
        markerfacecolor=face,
    )
    if marker == "o":
        for row in own.to_dict("records"):
            ax.annotate(
                row["effort"],
                (row[COST], row["accuracy"]),
                xytext=(3, -9),
                textcoords="offset points",
                color=MUTED,
                fontsize=7.2,
            )


def _key() -> list[plt.Line2D]:
    return [
        plt.Line2D([], [], color=INK, linestyle="-", marker="o", label="one response"),
        plt.Line2D(
            [],
            [],
            color=INK,
            linestyle="--",
            marker="s",
            markerfacecolor=PAPER,
            label="majority vote, most samples that every level has",
        ),
    ]
