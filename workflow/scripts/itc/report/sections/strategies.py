"""Every operating point: small multiples first, then the whole table to sort and filter."""

from __future__ import annotations

from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, Note, TableBlock

TITLE = "Strategies"
ORDER = 30
TABLES = ("curves", "models", "dataset_cards")

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("strategy", "strategy", choose=True),
    Column("budget", "samples", "integer", "independent draws, or the strategy's own axis"),
    Column("accuracy", "accuracy", "percent", "undecided answers count as wrong"),
    Column("low", "low", "percent", "lower end of the 95 % interval"),
    Column("high", "high", "percent", "upper end of the 95 % interval"),
    Column("cost_output_tokens", "output tokens", "tokens", "mean per problem"),
    Column("cost_sequential_tokens", "sequential tokens", "tokens", "longest chain, per problem"),
    Column("cost_calls", "calls", "tokens", "model calls per problem"),
    Column("n_problems", "problems", "integer"),
]


def build(context: Context) -> Blocks:
    """Figures of the section and the table of operating points."""
    curves = context.curves()
    if curves is None:
        return Blocks((Note("The table “curves” is empty: no strategy was evaluated."),))
    table = TableBlock.of(
        "operating-points",
        "All operating points",
        context.named(in_order(curves.sort_values(["strategy", "budget"], kind="stable"))),
        COLUMNS,
        note="Coverage and other upper bounds need the gold answer; no one can run them.",
    )
    return Blocks((*context.drawings("strategies"), table))
