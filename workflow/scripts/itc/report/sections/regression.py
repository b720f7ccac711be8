"""Regressions of correctness: what length and wording say once the question is held fixed."""

from __future__ import annotations

from itc.figures._style import pretty
from itc.figures.calibration import FIRST as FEATURES
from itc.figures.calibration import name_of as set_name
from itc.figures.odds_ratios import name_of
from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Regression and prediction"
ORDER = 60
TABLES = ("regression", "prediction", "models", "dataset_cards")

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
PREDICTION = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("features", "features", choose=True, help="what the prediction may read"),
    Column("held_out", "held out", choose=True, help="problems, or whole datasets"),
    Column(
        "auroc",
        "AUROC",
        "number",
        "pairs of responses of one fold; also rewards knowing hard questions",
    ),
    Column("auroc_low", "low", "number", "95 % interval over problems, see the last column"),
    Column("auroc_high", "high", "number", "95 % interval over problems, see the last column"),
    Column("within_auroc", "within question", "number", "mean over questions with both outcomes"),
    Column("within_auroc_low", "low", "number", "95 % interval over questions"),
    Column("within_auroc_high", "high", "number", "95 % interval over questions"),
    Column("brier", "Brier", "number", "mean squared error of the probability"),
    Column("brier_base", "of base rate", "number", "of always saying the share correct elsewhere"),
    Column("calibration_error", "calibration error", "number", "expected, ten equal bins"),
    Column("interval_for", "intervals for", help="other problems, with or without other fits"),
]


def build(context: Context) -> Blocks | None:
    """Forest plot and the full table, failed fits with their reasons included."""
    drawings = context.drawings("regression")
    blocks = [*drawings, *_prediction(context)]
    table = context.table("regression", "model", "dataset", "specification", "method", "term")
    if table is None:
        return Blocks(tuple(blocks)) if blocks else None
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
    return Blocks((*blocks, block))


def _prediction(context: Context) -> list[TableBlock]:
    rows = context.table("prediction", "model", "dataset", "features", "held_out", "auroc")
    if rows is None:
        return []
    rows = in_order(rows, features=FEATURES, held_out=("problems",))
    return [
        TableBlock.of(
            "prediction",
            "How well features tell right from wrong",
            context.named(rows.assign(features=rows["features"].map(set_name))),
            PREDICTION,
            note="One half is guessing. Predictions are for questions not trained on.",
            page=8,
        )
    ]
