"""What was asked: the datasets, their sizes, sources and licences."""

from __future__ import annotations

from itc.report.context import Context
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Datasets and models"
ORDER = 80
TABLES = ("dataset_cards", "models")

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
    return Blocks((*blocks, *context.drawings("datasets"))) if blocks else None
