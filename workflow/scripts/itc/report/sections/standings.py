"""Who is best, and who cannot be told from the best."""

from __future__ import annotations

from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Standings"
ORDER = 32
TABLES = ("standings", "curves", "models", "dataset_cards")

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("scope", "ranked", choose=True),
    Column("model", "model", choose=True),
    Column("strategy", "strategy", choose=True),
    Column("budget", "samples", "integer", "the largest that all who are ranked have"),
    Column("accuracy", "accuracy", "percent"),
    Column("rank", "rank", "number", "1 is best, ties share"),
    Column("rank_low", "best rank", "integer", "95 % for all ranks at once"),
    Column("rank_high", "worst rank", "integer", "95 % for all ranks at once"),
    Column("tier", "tier", "integer", "1: all that are not surely worse than the best"),
    Column("share_best", "best", "percent", "of resamples of the problems"),
    Column("n_ranked", "of", "integer"),
    Column("n_problems", "problems", "integer"),
]
BAYES = [
    *(column for column in COLUMNS if column.key in ("dataset", "model", "accuracy")),
    Column("bayes", "Bayes@N", "percent", "posterior mean, uniform prior for each problem"),
    Column("bayes_low", "low", "percent", "95 % credible interval, these problems"),
    Column("bayes_high", "high", "percent", "95 % credible interval, these problems"),
    Column("bayes_best", "best", "percent", "posterior probability, these problems"),
]
MAX_ROWS = 3000  # beyond, the pooled rows alone; the CSV holds the rest
NOTES = {
    "ranks": "A rank is between how many are surely better and how many surely worse, by paired "
    "differences tested together (Holm). One tier cannot be told from its first member.",
    "bayes": "One response, N draws of each problem: what fresh draws to these problems would "
    "give, a priori anything (arXiv 2510.04265). It says nothing of new problems.",
}


def build(context: Context) -> Blocks | None:
    """Ranks with their sets, and the Bayesian companion; nothing where nothing was ranked."""
    rows = context.table("standings", "scope", "rank", "rank_low", "rank_high", "tier")
    if rows is None:
        return None
    if len(rows) > MAX_ROWS and (rows["dataset"] == "all").any():
        rows = rows[rows["dataset"] == "all"]
    rows = in_order(rows.sort_values(["scope", "rank"], kind="stable"))
    named = context.named(rows)
    blocks = [
        TableBlock.of(
            "standings", "Ranks of models and strategies", named, COLUMNS, note=NOTES["ranks"]
        )
    ]
    known = named[rows["bayes"].notna().to_numpy()] if "bayes" in rows else named.iloc[:0]
    if len(known):
        title = "Bayes@N"
        blocks.append(TableBlock.of("bayes", title, known, BAYES, note=NOTES["bayes"], page=8))
    return Blocks(tuple(blocks))
