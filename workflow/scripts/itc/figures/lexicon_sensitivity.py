"""Whether a finding on markers hangs on the list of words: every variant of each lexicon."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from itc.figures._parts import headline_dataset, missing, rows_of, signed
from itc.figures._style import INK, WIDTH, cast, pretty, style
from itc.figures.markers import FIRST

TITLE = "Does the finding hang on the list of words?"
TABLES = ("marker_sensitivity", "models")
SECTION = "markers"
ORDER = 20
KEY = ["construct", "variant", "model"]
NEEDED = ("dataset", "subset", "within_relative", "within_t", "reference", "kind", *KEY)
REACH = 1.5  # relative differences beyond are drawn at the edge


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """A row per variant grouped by construct, a mark per model, within question."""
    with style():
        rows = rows_of(tables, "marker_sensitivity", *NEEDED)
        if rows is None:
            return missing("no response has words to count markers in")
        rows = rows[(rows["subset"] == "decided") & (rows["dataset"] == headline_dataset(rows))]
        rows = rows[np.isfinite(rows["within_relative"].astype(float))]
        rows = rows[rows["construct"].isin(FIRST) & (rows["kind"] != "without a marker")]
        if rows.empty:
            return missing("no variant of a lexicon occurs in correct and incorrect responses")
        names = ordered(rows)
        looks = list(cast(tables, list(rows["model"].unique())).values())
        height = 1.15 + len(names) * max(0.2, 0.055 * len(looks))
        fig, ax = plt.subplots(figsize=(WIDTH, height))
        ax.axvline(0, color=INK, linewidth=0.9, alpha=0.6)
        step = min(0.16, 0.7 / len(looks))
        for y, (construct, variant) in enumerate(names):
            own = rows[(rows["construct"] == construct) & (rows["variant"] == variant)]
            for m, look in enumerate(looks):
                at = y + step * (m - (len(looks) - 1) / 2)
                for row in own[own["model"] == look.model].itertuples():
                    clear = abs(row.within_t) >= 2
                    x = float(np.clip(row.within_relative, -REACH, REACH))
                    ax.plot(
                        x,
                        at,
                        markersize=4.6,
                        linestyle="none",
                        **(look.points() | {"alpha": 1.0 if clear else 0.3}),
                    )
        ax.set_yticks(range(len(names)), [label(c, v) for c, v in names])
        for tick, (construct, variant) in zip(ax.yaxis.get_major_ticks(), names, strict=True):
            if construct == variant:
                tick.label1.set_fontweight("bold")
                tick.label1.set_color(INK)
        for y in range(1, len(names)):
            if names[y][0] != names[y - 1][0]:
                ax.axhline(y - 0.5, color=INK, linewidth=0.5, alpha=0.25)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.grid(axis="y", visible=False)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(100 * v, " %")))
        ax.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
        ax.set_xlabel("rate in correct minus incorrect responses to the same question, relative")
        handles = [plt.Line2D([], [], linestyle="none", label=x.title, **x.points()) for x in looks]
        fig.legend(handles=handles, loc="outside upper left", ncols=min(4, len(looks)))
    keep = [*KEY, "dataset", "subset", "reference", "within_relative", "within_t"]
    return fig, rows[keep].sort_values(KEY, ignore_index=True)


def ordered(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """(construct, variant), the whole lexicon of each construct first."""
    pairs = set(rows[["construct", "variant"]].itertuples(index=False, name=None))
    return sorted(pairs, key=lambda p: (FIRST.index(p[0]), p[0] != p[1], p[1]))


def label(construct: str, variant: str) -> str:
    """Whole lexicon in its own name, parts and published lists by what sets them apart."""
    if variant == construct:
        return pretty(construct)
    short = variant.removeprefix(f"{construct}_")
    return pretty(
        {"even": "every other word, even", "odd": "every other word, odd"}.get(short, short)
    )
