"""Odds ratios of being correct: what length and wording add, pooled and within question."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from itc.figures._contrast import estimate, key, model_rows
from itc.figures._parts import headline_dataset, missing, rows_of
from itc.figures._style import INK, MUTED, WIDTH, cast, pretty, style
from itc.figures.markers import FIRST as CATEGORIES

TITLE = "Odds of being correct per standard deviation of a feature"
TABLES = ("regression", "models")
SECTION = "regression"
ORDER = 10
NEEDED = ("model", "dataset", "subset", "specification", "method", "component", "term")
ESTIMATE = ["odds_ratio", "odds_ratio_low", "odds_ratio_high"]
SPECIFICATIONS = ("markers_length", "markers", "length")  # the fullest that gave numbers
MAX_TERMS = 4
FIRST = {f"f_{name}_per_1000_words": i for i, name in enumerate(CATEGORIES)}  # length comes last


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """One panel per term, one row per model, pooled and conditional estimates."""
    with style():
        rows = rows_of(tables, "regression", *NEEDED, "status", *ESTIMATE)
        if rows is None:
            return missing("the table “regression” has no rows")
        good = rows["method"].isin(["pooled", "within"]) & (rows["status"] == "ok")
        rows = rows[good & (rows["subset"] == "decided") & (rows[ESTIMATE] > 0).all(axis=1)]
        specification = next(
            (s for s in SPECIFICATIONS if (rows["specification"] == s).any()), None
        )
        if specification is None:
            return missing("no regression of this study converged; the table says why for each")
        rows = rows[rows["specification"] == specification]
        rows = rows[rows["dataset"] == headline_dataset(rows)]
        terms = sorted(rows["term"].unique(), key=lambda t: ("log_" in t, FIRST.get(t, 9), t))
        terms = terms[:MAX_TERMS]
        rows = rows[rows["term"].isin(terms)]
        looks = list(cast(tables, list(rows["model"].unique())).values())
        fig, axes = plt.subplots(
            1, len(terms), figsize=(WIDTH, 1.35 + 0.36 * len(looks)), sharey=True, squeeze=False
        )
        reach = span(rows)
        for t, (ax, term) in enumerate(zip(axes[0], terms, strict=True)):
            ax.axvline(1, color=INK, linewidth=0.9, alpha=0.6)
            for y, look in enumerate(looks):
                own = rows[(rows["model"] == look.model) & (rows["term"] == term)]
                for row in own.to_dict("records"):
                    ends = [float(np.clip(row[c], 1 / 1e3, 1e3)) for c in ESTIMATE]
                    estimate(ax, y, look, row["method"], *ends)
            ax.set_xscale("log")
            ax.set_xlim(1 / reach, reach)
            ax.xaxis.set_major_locator(FixedLocator(ticks(reach)))
            ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.set_title(name_of(term))
            model_rows(ax, looks, label=t == 0)
        fig.supxlabel(
            "odds ratio per standard deviation (log scale); right of the line: more often correct",
            color=MUTED,
            fontsize=8.5,
        )
        fig.legend(handles=key(False, "odds ratio"), loc="outside upper left", ncols=2)
    keep = [*NEEDED, *ESTIMATE, *(c for c in ("p", "p_adjusted", "n_problems") if c in rows)]
    return fig, rows[keep].sort_values(list(NEEDED), ignore_index=True)


def span(rows: pd.DataFrame) -> float:
    """Right end of the symmetric log axis: all estimates, and intervals up to ten times that."""
    centres = np.abs(np.log(rows["odds_ratio"])).max()
    ends = np.abs(np.log(rows[ESTIMATE[1:]].clip(1e-3, 1e3))).to_numpy().max()
    return math.exp(1.08 * max(min(ends, centres + math.log(10)), math.log(1.5)))


def ticks(reach: float) -> tuple[float, ...]:
    """Few enough to be read in a narrow panel."""
    if reach > 40:
        return (0.01, 0.1, 1, 10, 100)
    return (0.1, 1, 10) if reach > 10 else (0.2, 1, 5) if reach > 5 else (0.5, 1, 2)


def name_of(term: str) -> str:
    """A feature column in words: ``f_hedging_per_1000_words`` is hedging."""
    name = term.removeprefix("f_").removesuffix("_per_1000_words")
    return {"log_tokens": "length (tokens)", "log_words": "length (words)"}.get(name, pretty(name))
