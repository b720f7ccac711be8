"""One look for all figures: colours, shapes, type sizes, and how a model is told from another.

Colours are drawn as the hex values below; the page swaps each for a CSS variable of the same role
(see ``ROLES``), so one drawing serves light and dark. Nothing here reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import pandas as pd

matplotlib.use("agg")

INK, MUTED, GRID, PAPER = "#1b1e28", "#5d6372", "#dfe2e9", "#fdfdfe"
# Okabe-Ito's hues, darkened until text in them keeps 4.5:1 on white, plus three that stay apart
# from them under protan, deutan and tritan vision; shape and label always say the same thing.
PALETTE = (
    "#0b4f9e",  # blue
    "#c2470a",  # vermilion
    "#06836a",  # green
    "#a8327a",  # wine
    "#8f6800",  # amber
    "#5f4bc4",  # indigo
    "#177bb0",  # sky
    "#666a73",  # grey
)
RIGHT, WRONG = "#0b7285", "#b8430d"  # correct and incorrect responses; also filled and hollow
ROLES = {
    INK: "currentColor",
    MUTED: "var(--fig-muted)",
    GRID: "var(--fig-grid)",
    PAPER: "var(--fig-paper)",
    RIGHT: "var(--right)",
    WRONG: "var(--wrong)",
    **{colour: f"var(--m{i})" for i, colour in enumerate(PALETTE)},
}
LINES = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (1, 1)))
WIDTH = 7.4  # inches; the page shows it at most 860 px wide

RC = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 7.0,
    "axes.labelsize": 8.5,
    "axes.labelcolor": MUTED,
    "axes.labelpad": 5.0,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.titlecolor": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 7.8,
    "ytick.labelsize": 7.8,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "legend.frameon": False,
    "legend.fontsize": 7.8,
    "lines.linewidth": 1.7,
    "lines.markersize": 5.0,
    "lines.markeredgewidth": 1.3,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.constrained_layout.use": True,
    "svg.fonttype": "none",  # text stays text: searchable, selectable, in the reader's font
    "svg.hashsalt": "itc",  # else element ids differ from run to run
    "pdf.fonttype": 42,
    "axes.unicode_minus": True,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw inside this context; settings of the caller's matplotlib come back afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


@dataclass(frozen=True)
class Look:
    """How one model is drawn: colour by model, shape by whether it reasons before it answers."""

    model: str
    title: str
    colour: str
    marker: str
    face: str
    reasoning: bool | None

    def points(self) -> dict[str, Any]:
        """Keyword arguments of ``Axes.plot`` for this model's markers."""
        return {
            "color": self.colour,
            "marker": self.marker,
            "markerfacecolor": self.face,
            "markeredgecolor": self.colour,
        }


def cast(tables: dict[str, pd.DataFrame], among: list[str] | None = None) -> dict[str, Look]:
    """Looks of all models of a study, in reading order: reasoning models first, then by name.

    ``tables["models"]`` (model, title, reasoning) is the cast list; where it is absent the names
    of ``curves`` are used and every model gets the neutral shape. ``among`` limits the
    result, never the colours, so a model keeps its colour in every figure.
    """
    known = tables.get("models")
    if known is None or known.empty:
        curves = tables.get("curves")
        found = sorted(curves["model"].unique()) if curves is not None and len(curves) else []
        known = pd.DataFrame({"model": found})
    known = known.drop_duplicates("model").copy()
    for column, value in (("title", None), ("reasoning", None)):
        if column not in known:
            known[column] = value
    rank = known["reasoning"].map(lambda r: 1 if pd.isna(r) else 0 if r else 2)
    known = known.assign(_rank=rank).sort_values(["_rank", "model"], kind="stable")
    looks = {}
    for i, row in enumerate(known.itertuples(index=False)):
        reasoning = None if pd.isna(row.reasoning) else bool(row.reasoning)
        colour = PALETTE[i % len(PALETTE)]
        looks[row.model] = Look(
            model=row.model,
            title=row.title if isinstance(row.title, str) and row.title else row.model,
            colour=colour,
            marker={True: "o", False: "s", None: "D"}[reasoning],
            face=PAPER if reasoning is False else colour,
            reasoning=reasoning,
        )
    if among is not None:
        looks = {m: look for m, look in looks.items() if m in set(among)} | {
            m: Look(m, m, MUTED, "D", MUTED, None) for m in among if m not in looks
        }
    return looks


def dataset_title(tables: dict[str, pd.DataFrame], name: str) -> str:
    """Title of a dataset as its card (table ``dataset_cards``) gives it, or its name in words."""
    cards = tables.get("dataset_cards")
    if cards is None or not {"dataset", "title"} <= set(cards.columns):
        return pretty(name)
    found = cards.loc[cards["dataset"] == name, "title"].dropna()
    return str(found.iloc[0]) if len(found) and found.iloc[0] else pretty(name)


def strategy_titles(curves: pd.DataFrame) -> dict[str, str]:
    """Strategy -> title as the table gives it, or its name in words."""
    if "strategy_title" not in curves:
        return {s: pretty(s) for s in curves["strategy"].unique()}
    pairs = curves.drop_duplicates("strategy")[["strategy", "strategy_title"]]
    return {
        s: t if isinstance(t, str) and t else pretty(s) for s, t in pairs.itertuples(index=False)
    }


def pretty(name: str) -> str:
    """A name of the config as words: ``short_m`` reads short m; capitals of its own are kept."""
    return "all datasets" if name == "all" else re.sub(r"_+", " ", str(name)).strip()
