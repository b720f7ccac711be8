"""Every operating point: small multiples first, then the whole table to sort and filter."""

from __future__ import annotations

from itc.figures._style import pretty
from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, Note, TableBlock

TITLE = "Strategies"
ORDER = 30
TABLES = ("curves", "comparisons", "models", "dataset_cards")

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
EQUAL_COST = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("strategy", "strategy", choose=True),
    Column("budget", "samples", "integer"),
    Column("axis", "cost held equal", choose=True),
    Column("baseline", "against", choose=True),
    Column("cost", "cost", "tokens", "mean per problem"),
    Column("accuracy", "accuracy", "percent"),
    Column("baseline_accuracy", "baseline", "percent", "interpolated at the same cost"),
    Column("difference", "difference", "points", "percentage points"),
    Column("low", "low", "points", "95 % interval, paired bootstrap over problems"),
    Column("high", "high", "points", "95 % interval, paired bootstrap over problems"),
    Column("p_holm", "Holm p", "p", "within dataset, cost, baseline and model"),
]
READ = ["upper_bound", "strategy", "budget"]  # what one could run comes first
MAX_ROWS = 6000  # beyond, the page carries the pooled rows, and the CSV beside the figure the rest


def build(context: Context) -> Blocks:
    """Figures of the section and the table of operating points."""
    curves = context.curves()
    if curves is None:
        return Blocks((Note("The table “curves” is empty: no strategy was evaluated."),))
    table = TableBlock.of(
        "operating-points",
        "All operating points",
        context.named(in_order(curves.sort_values(READ, kind="stable"))),
        COLUMNS,
        note="Coverage and other upper bounds need the gold answer; no one can run them.",
    )
    return Blocks((*context.drawings("strategies"), table, *_equal_cost(context)))


def _equal_cost(context: Context) -> list[TableBlock]:
    rows = context.table("comparisons", "axis", "baseline", "strategy", "difference")
    if rows is None:
        return []
    if len(rows) > MAX_ROWS and (rows["dataset"] == "all").any():
        rows = rows[rows["dataset"] == "all"]
    rows = in_order(rows.sort_values([c for c in READ if c in rows], kind="stable"))
    rows = rows.assign(
        axis=rows["axis"].str.removeprefix("cost_").map(pretty),
        baseline=rows["baseline"].map(lambda name: context.strategy(name).text),
    )
    return [
        TableBlock.of(
            "equal-cost",
            "Strategies at equal cost",
            context.named(rows),
            EQUAL_COST,
            note="Accuracy minus that of the baseline of the same model at the same mean cost.",
        )
    ]
