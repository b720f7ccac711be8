"""Length against correctness: the means, the rank within a question, the whole table."""

from __future__ import annotations

from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, Note, TableBlock

TITLE = "Length"
ORDER = 40
TABLES = ("lengths", "models", "dataset_cards")

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("subset", "responses", choose=True, help="which responses take part"),
    Column("measure", "measure", choose=True),
    Column("correct_mean", "correct", "tokens", "mean over correct responses"),
    Column("incorrect_mean", "incorrect", "tokens", "mean over incorrect responses"),
    Column("pooled_difference", "pooled difference", "signed", "over all responses"),
    Column("within_difference", "within question", "signed", "mean over questions with both"),
    Column("within_low", "low", "signed", "95 % interval of the within-question difference"),
    Column("within_high", "high", "signed", "95 % interval of the within-question difference"),
    Column("shortest_minus_longest", "shortest − longest", "points", "accuracy, percentage points"),
    Column("n_problems_both", "questions with both", "integer"),
]


def build(context: Context) -> Blocks | None:
    """Figures and table; None where the study has neither."""
    drawings = context.drawings("lengths")
    lengths = context.table("lengths", "model", "dataset", "subset", "measure")
    if lengths is None:
        return Blocks((Note("No response has a known length."),)) if drawings else None
    table = TableBlock.of(
        "lengths",
        "Length of correct and incorrect responses",
        context.named(in_order(lengths, subset=("decided",), measure=("tokens", "words"))),
        COLUMNS,
        note="Differences are correct minus incorrect, in the unit of the measure.",
        page=10,
    )
    return Blocks((*drawings, table))
