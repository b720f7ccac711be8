"""What the next study needs: problems or draws for a difference to be seen."""

from __future__ import annotations

import pandas as pd

from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Planning"
ORDER = 36
TABLES = ("planning", "curves", "models", "dataset_cards")

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("scope", "compared", choose=True),
    Column("model", "model", choose=True),
    Column("strategy", "strategy", choose=True),
    Column("against", "against", help="a strategy of the same model, or another model"),
    Column("budget", "samples", "integer", "half of the recorded draws at most"),
    Column("difference", "difference", "points", "percentage points"),
    Column("low", "low", "points", "95 % interval for the problems meant"),
    Column("high", "high", "points", "95 % interval for the problems meant"),
    Column("fixed_low", "low, these problems", "points", "95 % interval under fresh draws"),
    Column("fixed_high", "high, these problems", "points", "95 % interval under fresh draws"),
    Column("draw_share", "draw noise", "percent", "of the variance of the difference"),
    Column("detectable", "detectable", "points", "least true difference seen as recorded"),
    Column("effect", "to be seen", "points", "with 80 % power at the 5 % level", choose=True),
    Column("n_problems", "problems", "integer"),
    Column("problems_needed", "problems needed", "integer", "at the recorded draws"),
    Column("n_draws", "draws", "integer", "per problem"),
    Column("draws_needed", "draws needed", "integer", "at the recorded problems"),
    Column("cheaper", "fewer responses by", choose=True),
]
MAX_ROWS = 6000  # beyond, one effect alone; the CSV holds the rest
EFFECT = 0.02
NOTE = (
    "The interval for the problems meant says what new problems of the kind would give; the one "
    "for these problems what fresh draws to the same ones would. Where no number of draws is "
    "given, the problems alone hold the difference back. A pair that never differed has no plan."
)


def build(context: Context) -> Blocks | None:
    """The table of plans, or nothing without one."""
    rows = context.table("planning", "scope", "against", "effect", "problems_needed")
    if rows is None:
        return None
    if len(rows) > MAX_ROWS:
        rows = rows[rows["effect"] == EFFECT]
    ordered = in_order(rows)
    models = ordered["scope"] == "models"
    names = {
        True: {n: context.model(n).text for n in ordered.loc[models, "against"].unique()},
        False: {n: context.strategy(n).text for n in ordered.loc[~models, "against"].unique()},
    }
    against = [names[m][n] for m, n in zip(models, ordered["against"], strict=True)]
    named = context.named(ordered).assign(against=pd.Series(against, index=ordered.index))
    title = "Problems or draws for a difference to be seen"
    return Blocks((TableBlock.of("planning", title, named, COLUMNS, note=NOTE, page=8),))
