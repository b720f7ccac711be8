"""Regressions of correctness: what length and wording say once the question is held fixed."""

from __future__ import annotations

from itc.figures._style import pretty
from itc.figures.odds_ratios import name_of
from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Regression"
ORDER = 60
TABLES = ("regression", "models", "dataset_cards")

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("specification", "specification", choose=True, help="which features together"),
    Column("method", "method", choose=True),
    Column("subset", "responses", choose=True, help="which responses take part"),
    Column("term", "feature", choose=True),
    Column("odds_ratio", "odds ratio", "number", "per standard deviation of the feature"),
    Column("odds_ratio_low", "low", "number", "lower end of the 95 % interval"),
    Column("odds_ratio_high", "high", "number", "upper end of the 95 % interval"),
    Column("marginal_effect", "marginal effect", "points", "change of P(correct), points"),
    Column("p_adjusted", "adjusted p", "p", "Benjamini-Hochberg over the family"),
    Column("n_problems", "problems", "integer"),
    Column("status", "status", choose=True),
    Column("reason", "reason", help="why there is no estimate"),
]


def build(context: Context) -> Blocks | None:
    """Forest plot and the full table, failed fits with their reasons included."""
    drawings = context.drawings("regression")
    table = context.table("regression", "model", "dataset", "specification", "method", "term")
    if table is None:
        return Blocks(tuple(drawings)) if drawings else None
    joint = table[table["specification"] != "single"] if "specification" in table else table
    shown = in_order(
        joint if len(joint) else table,
        subset=("decided",),
        specification=("markers_length", "markers", "length"),
        method=("pooled", "within"),
        term=(),
    )
    shown = shown.assign(
        term=shown["term"].map(name_of), specification=shown["specification"].map(pretty)
    )
    block = TableBlock.of(
        "regression",
        "Regression estimates",
        context.named(shown),
        COLUMNS,
        note="A fit that failed shows its reason and no number.",
    )
    return Blocks((*drawings, block))
