"""What was asked: the datasets, their sizes, sources and licences."""

from __future__ import annotations

from itc.analyses.seen import UNKNOWN
from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Datasets and models"
ORDER = 80
TABLES = ("dataset_cards", "models", "seen")

DATASETS = [
    Column("title", "dataset"),
    Column("dataset", "name"),
    Column("n_problems", "problems", "integer"),
    Column("answer_type", "answer type"),
    Column("source", "source"),
    Column("licence", "licence"),
    Column("question_characters_median", "question length", "integer", "median, characters"),
    Column("n_duplicates", "duplicates", "integer", "questions that stand elsewhere in the study"),
]
MODELS = [
    Column("title", "model"),
    Column("model", "name"),
    Column("kind", "kind"),
    Column("parameters", "parameters", "number", "as the configuration gives them"),
]
SEEN = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("verdict", "the problems", choose=True),
    Column("published", "public since"),
    Column("cutoff", "its data end", "text", "as its makers say"),
    Column("released", "released"),
    Column("reason", "reason"),
]
NOTE = (
    "A model that may have seen the problems may remember their answers. Dates are those of the "
    "configuration; where one is not known, nothing is said."
)


def build(context: Context) -> Blocks | None:
    """One table of datasets, one of models, as far as the study describes them."""
    blocks = []
    cards = context.table("dataset_cards", "dataset")
    if cards is not None:
        blocks.append(TableBlock.of("datasets", "Datasets", cards, DATASETS))
    models = context.table("models", "model")
    if models is not None:
        words = {True: "reasoning", False: "non-reasoning"}
        kind = models["reasoning"].map(words) if "reasoning" in models else None
        blocks.append(TableBlock.of("models", "Models", models.assign(kind=kind), MODELS))
    seen = context.table("seen", "dataset", "model", "verdict")
    if seen is not None and (known := seen[seen["verdict"] != UNKNOWN]).size:
        title = "Datasets and models in time"
        rows = context.named(in_order(known))
        blocks.append(TableBlock.of("seen", title, rows, SEEN, note=NOTE, page=8))
    return Blocks((*blocks, *context.drawings("datasets"))) if blocks else None
