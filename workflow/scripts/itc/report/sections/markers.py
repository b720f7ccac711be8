"""Marker rates by category, correct against incorrect, pooled and within question."""

from __future__ import annotations

from itc.figures._style import pretty
from itc.figures.markers import FIRST
from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Markers"
ORDER = 50
TABLES = ("markers", "models", "dataset_cards")

COLUMNS = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("category", "category", choose=True),
    Column("region", "region", choose=True, help="whole response, its thinking, or its answer"),
    Column("subset", "responses", choose=True, help="which responses take part"),
    Column("correct_mean", "correct", "number", "markers per 1,000 words of correct responses"),
    Column("incorrect_mean", "incorrect", "number", "markers per 1,000 words of incorrect ones"),
    Column("pooled_difference", "pooled difference", "signed", "over all responses"),
    Column("pooled_low", "low", "signed", "95 % interval of the pooled difference"),
    Column("pooled_high", "high", "signed", "95 % interval of the pooled difference"),
    Column("within_difference", "within question", "signed", "mean over questions with both"),
    Column("within_low", "low", "signed", "95 % interval of the within-question difference"),
    Column("within_high", "high", "signed", "95 % interval of the within-question difference"),
    Column("n_problems_both", "questions with both", "integer"),
]


def build(context: Context) -> Blocks | None:
    """Figures and the table of rates per 1,000 words; None where no response had text."""
    drawings = context.drawings("markers")
    markers = context.table("markers", "category", "region", "statistic", "subset")
    if markers is None:
        return Blocks(tuple(drawings)) if drawings else None
    rates = markers[markers["statistic"] == "per_1000_words"]
    rates = in_order(rates, subset=("decided",), region=("whole",), category=FIRST)
    rates = rates.assign(category=rates["category"].map(pretty))
    table = TableBlock.of(
        "markers",
        "Markers per 1,000 words",
        context.named(rates),
        COLUMNS,
        note="Differences are correct minus incorrect.",
        page=10,
    )
    return Blocks((*drawings, table))
