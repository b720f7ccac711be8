"""Length of correct against incorrect responses: the means, and the difference told two ways."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from itc.figures._contrast import KEEP, NEEDED, differences, key, main_rows, means, model_rows
from itc.figures._parts import log_axis, missing, rows_of, signed
from itc.figures._style import WIDTH, cast, style

TITLE = "Length of correct and incorrect responses"
TABLES = ("lengths", "models")
SECTION = "lengths"
ORDER = 10
MEASURES = ("tokens", "words", "characters")  # the first that was recorded is drawn


def draw(tables: dict[str, pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """Means on the left, relative difference pooled and within question on the right."""
    with style():
        lengths = rows_of(tables, "lengths", "measure", *NEEDED)
        if lengths is None:
            return missing("the table “lengths” has no rows")
        measure = next((m for m in MEASURES if (lengths["measure"] == m).any()), None)
        if measure is None:
            return missing(f"no response has a length in {', '.join(MEASURES)}")
        rows = main_rows(lengths[lengths["measure"] == measure])
        rows = rows.dropna(subset=["correct_mean", "incorrect_mean"])
        rows = rows[(rows["correct_mean"] > 0) & (rows["incorrect_mean"] > 0)]
        if rows.empty:
            return missing("no model has both correct and incorrect responses")
        looks = list(cast(tables, list(rows["model"].unique())).values())
        fig, (left, right) = plt.subplots(
            1, 2, figsize=(WIDTH, 1.35 + 0.36 * len(looks)), width_ratios=(1, 1.1), sharey=True
        )
        means(left, rows, looks)
        both = rows[["correct_mean", "incorrect_mean"]].to_numpy()
        log_axis(left, both.min() * 0.9, both.max() * 1.1)
        left.set_xlim(both.min() * 0.8, both.max() * 1.25)
        left.set_xlabel(f"mean {measure} per response (log scale)")
        left.set_title("Mean length")
        differences(right, relative(rows), looks)
        right.xaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(100 * v, " %")))
        right.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
        right.set_xlabel("correct minus incorrect, share of the incorrect mean")
        right.set_title("Difference")
        model_rows(right, looks, label=False)
        model_rows(left, looks)
        fig.legend(handles=key(), loc="outside upper left", ncols=4)
    data = relative(rows)[
        ["model", "dataset", "subset", "measure", *(c for c in KEEP if c in rows)]
    ]
    return fig, data.reset_index(drop=True)


def relative(rows: pd.DataFrame) -> pd.DataFrame:
    """Differences as a share of the mean over incorrect responses, so that models compare."""
    out = rows.copy()
    for column in out.columns:
        if column.startswith(("pooled_", "within_")) and not column.endswith(("_p", "_se")):
            out[column] = out[column] / out["incorrect_mean"]
    return out
