"""Every operating point: small multiples first, then the whole table to sort and filter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from itc.figures._style import cast, pretty
from itc.figures.frontier_firmness import AXIS_COLUMN, SCOPE
from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, Note, TableBlock

TITLE = "Strategies"
ORDER = 30
TABLES = (
    "curves",
    "comparisons",
    "gains",
    "frontier",
    "fits",
    "vote_limits",
    "revision_grid",
    "models",
    "dataset_cards",
)

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("strategy", "strategy", choose=True),
    Column("budget", "samples", "integer", "independent draws, or the strategy's own axis"),
    Column("accuracy", "accuracy", "percent", "undecided answers count as wrong"),
    Column("low", "low", "percent", "95 % interval for the problems meant"),
    Column("high", "high", "percent", "95 % interval for the problems meant"),
    Column("fixed_low", "low, these problems", "percent", "95 % interval under fresh draws"),
    Column("fixed_high", "high, these problems", "percent", "95 % interval under fresh draws"),
    Column("band_low", "low, all samples", "percent", "95 % for every number of samples at once"),
    Column("band_high", "high, all samples", "percent", "95 % for every number of samples at once"),
    Column("cost_output_tokens", "output tokens", "tokens", "mean per problem"),
    Column("cost_sequential_tokens", "sequential tokens", "tokens", "longest chain, per problem"),
    Column("cost_calls", "calls", "tokens", "model calls per problem"),
    Column("tokens_per_correct", "tokens per correct", "tokens", "output tokens over accuracy"),
    Column("draw_variance_share", "draw noise", "percent", "of one run's variance, by its draws"),
    Column("gap", "to coverage", "points", "coverage minus accuracy at the same samples, points"),
    Column("firm", "on frontier", "percent", "share of resamples; output tokens, all models"),
    Column(
        "held_out",
        "on other problems",
        "percent",
        "of frontier points: accuracy of the best point for this money, chosen on other problems",
    ),
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
LAWS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("strategy", "strategy", choose=True),
    Column("law", "law", choose=True),
    Column("quantity", "quantity", choose=True),
    Column("budget", "samples", "integer", "of a prediction and its misfit"),
    Column("value", "value", "number"),
    Column("low", "low", "number", "95 % interval over problems, if the law holds"),
    Column("high", "high", "number", "95 % interval over problems, if the law holds"),
    Column("beyond", "beyond", "integer", "N*: a missing end lies beyond this number of samples"),
    Column("n_budgets", "points", "integer", "budgets fitted"),
]
GRID = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("procedure", "revised by", choose=True),
    Column("chains", "chains", "integer", "in parallel; the majority of their last answers counts"),
    Column("rounds", "rounds", "integer", "revisions of each chain; none is the plain vote"),
    Column("calls", "calls", "integer"),
    Column("accuracy", "accuracy", "percent"),
    Column("low", "low", "percent", "95 % interval for the problems meant"),
    Column("high", "high", "percent", "95 % interval for the problems meant"),
    Column("cost_output_tokens", "output tokens", "tokens", "mean per problem"),
    Column("cost_sequential_tokens", "sequential tokens", "tokens", "longest chain, per problem"),
]
QUANTITIES = {
    "saturation_budget": "saturation budget N*",
    "vote_limit": "limit of the vote: chance that the commonest answer is right",
    "predicted": "predicted accuracy",
    "misfit": "predicted minus found",
    "a": "a of exp(a n^b)",
    "b": "b of exp(a n^b)",
    "alpha": "alpha of the beta distribution",
    "beta": "beta of the beta distribution",
    "limit": "limit of the fitted curve",
    "start": "accuracy at the first budget fitted",
    "q": "share of the gap that a sample closes",
    "r_squared": "R squared",
}
LAW_NAMES = {
    "power_law": "exponentiated power law",
    "beta_binomial": "beta-binomial",
    "saturating": "saturating curve",
    "none": "read off the curve",
}
KEY = ["dataset", "model", "strategy", "budget"]
PLAIN = ("single", "majority")
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
        context.named(_in_reading_order(context, _with_gap(context, curves))),
        COLUMNS,
        note="Coverage and other upper bounds need the gold answer; no one can run them.",
    )
    more = (*_equal_cost(context), *_laws(context), *_grid(context))
    return Blocks((*context.drawings("strategies"), table, *more))


def _in_reading_order(context: Context, curves: pd.DataFrame) -> pd.DataFrame:
    """Pooled rows first, models as in the figures, the plain strategies before the others."""
    rank = curves["strategy"].map({name: i for i, name in enumerate(PLAIN)}).fillna(len(PLAIN))
    ordered = curves.assign(_rank=rank).sort_values(["_rank", *READ], kind="stable")
    models = tuple(cast(context.tables, list(curves["model"].unique())))
    known = context.table("models", "model")
    if known is not None:  # votes over several models come last
        models = tuple(m for m in models if m in set(known["model"]))
    return in_order(ordered.drop(columns="_rank"), model=models)


def _with_gap(context: Context, curves: pd.DataFrame) -> pd.DataFrame:
    """Operating points with their gap to coverage and their share of resampled frontiers."""
    gains = context.table("gains", *KEY, "quantity", "value")
    if gains is not None:
        gap = gains[gains["quantity"] == "selection_gap"].set_index(KEY)["value"].rename("gap")
        curves = curves.join(gap, on=KEY)
    frontier = context.table("frontier", *KEY, "axis", "scope", "frontier_share")
    if frontier is not None:
        own = frontier[(frontier["axis"] == AXIS_COLUMN) & (frontier["scope"] == SCOPE)]
        curves = curves.join(own.set_index(KEY)["frontier_share"].rename("firm"), on=KEY)
        if "held_out" in own:
            curves = curves.join(own.set_index(KEY)["held_out"], on=KEY)
    return curves


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


def _laws(context: Context) -> list[TableBlock]:
    rows = context.table("fits", "law", "quantity", "value", "low", "high", "beyond")
    if rows is None:
        return []
    limits = context.table("vote_limits", "dataset", "model", "limit", "low", "high")
    if limits is not None:
        own = limits.rename(columns={"limit": "value"})[
            ["dataset", "model", "value", "low", "high"]
        ]
        own = own.assign(strategy="majority", law="none", quantity="vote_limit", budget=0)
        rows = pd.concat([rows, own], ignore_index=True)
    best = rows[(rows["quantity"] == "better") & (rows["strategy"] == "coverage")]
    rows = rows[rows["quantity"].isin(QUANTITIES)]
    ordered = in_order(rows, quantity=tuple(QUANTITIES))
    ordered = ordered.assign(
        quantity=ordered["quantity"].map(QUANTITIES),
        law=ordered["law"].map(LAW_NAMES),
        budget=ordered["budget"].replace(0, np.nan),
    )
    note = (
        "A law is fitted to all budgets, and once more to half of them and less to predict the "
        "largest: “predicted minus found” is its error there. Intervals hold only if the law does. "
        f"{_better(best)}N* is the least number of samples from which doubling adds less than half "
        "a point. The interval of the vote's limit takes each problem whose commonest answer is "
        "not yet sure once as wrong and once as right."
    )
    return [TableBlock.of("laws", "Fitted laws", context.named(ordered), LAWS, note=note, page=8)]


def _better(rows: pd.DataFrame) -> str:
    """Which law of coverage predicted best, in a sentence; empty without two laws."""
    won = rows[rows["dataset"] != "all"].groupby("law")["value"].sum()
    if len(won) < 2:
        return ""
    cells = len(rows[rows["dataset"] != "all"].groupby(["dataset", "model"]))
    counts = ", ".join(f"the {LAW_NAMES[law]} in {int(n)}" for law, n in won.items())
    return f"Coverage at the largest budget was predicted best by {counts} of {cells} cells. "


def _grid(context: Context) -> list[TableBlock]:
    rows = context.table("revision_grid", "procedure", "chains", "rounds", "accuracy")
    if rows is None:
        return []
    if len(rows) > MAX_ROWS // 4:  # the edges: the plain vote, the deepest chains, and one chain
        ends = rows.groupby(["dataset", "model", "procedure"])["rounds"].transform("max")
        rows = rows[(rows["rounds"] == 0) | (rows["rounds"] == ends) | (rows["chains"] == 1)]
    note = "Equal calls lie on a falling diagonal: compare rows of equal calls."
    title = "Parallel chains and revision rounds"
    named = context.named(in_order(rows))
    return [TableBlock.of("revision-grid", title, named, GRID, note=note, page=8)]
