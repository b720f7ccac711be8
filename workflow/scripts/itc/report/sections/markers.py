"""Marker rates by category, correct against incorrect, pooled and within question."""

from __future__ import annotations

import pandas as pd

from itc.figures._style import pretty
from itc.figures.markers import FIRST
from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Markers"
ORDER = 50
TABLES = ("markers", "marker_sensitivity", "learned_votes", "models", "dataset_cards")

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

SENSITIVITY = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("construct", "category", choose=True),
    Column("kind", "list", choose=True, help="ours, a part of it, ours less a marker, published"),
    Column("variant", "words counted"),
    Column("subset", "responses", choose=True, help="which responses take part"),
    Column("pooled_relative", "pooled", "percent", "(correct - incorrect) / incorrect"),
    Column("pooled_t", "t", "signed", "pooled difference over its standard error"),
    Column("within_relative", "within question", "percent", "relative to incorrect responses"),
    Column("within_t", "t", "signed", "within-question difference over its standard error"),
    Column("pooled_sign_agrees", "pooled sign", help="same sign as our whole list"),
    Column("within_sign_agrees", "within sign", help="same sign as our whole list"),
    Column("n_problems_both", "questions with both", "integer"),
]
VOTES = [
    Column("dataset", "dataset", choose=True),
    Column("model", "model", choose=True),
    Column("strategy", "vote", choose=True),
    Column("held_out", "weights learned from", choose=True),
    Column("budget", "samples", "integer"),
    Column("difference", "gain over plain vote", "points", "points of accuracy, same draws"),
    Column("low", "low", "points", "95 % interval, paired over problems"),
    Column("high", "high", "points", "95 % interval, paired over problems"),
    Column("n_problems", "problems", "integer"),
]
SOURCES = {"problems": "other problems of the dataset", "dataset": "other datasets only"}
SIGNS = {True: "same", False: "other"}


def build(context: Context) -> Blocks | None:
    """Figures and the table of rates per 1,000 words; None where no response had text."""
    drawings = context.drawings("markers")
    markers = context.table("markers", "category", "region", "statistic", "subset")
    if markers is None:
        return Blocks(tuple(drawings)) if drawings else None
    rates = markers[markers["statistic"] == "per_1000_words"]
    rates = rates[~rates["category"].str.contains("_without_")]  # shown in the table below
    rates = in_order(rates, subset=("decided",), region=("whole",), category=FIRST)
    rates = rates.assign(category=rates["category"].map(pretty))
    table = TableBlock.of(
        "markers",
        "Markers per 1,000 words",
        context.named(rates),
        COLUMNS,
        note=f"Differences are correct minus incorrect. {lists(markers)}",
        page=10,
    )
    return Blocks((*drawings, *votes(context), table, *sensitivity(context)))


def lists(rows: pd.DataFrame) -> str:
    """Which lists of words the rows were counted with."""
    known = sorted(rows["lexicon_sha256"].unique()) if "lexicon_sha256" in rows else []
    return f"Lexicons by SHA-256: {', '.join(known)}." if known else ""


def votes(context: Context) -> list[TableBlock]:
    """Votes with learned weights, within and across datasets; empty where none could learn."""
    rows = context.table("learned_votes", "strategy", "held_out", "budget", "difference")
    if rows is None:
        return []
    rows = in_order(rows, strategy=(), held_out=tuple(SOURCES))
    rows = rows.assign(held_out=rows["held_out"].map(SOURCES))
    table = TableBlock.of(
        "learned_votes",
        "Votes with learned weights against plain majority of the same draws",
        context.named(rows),
        VOTES,
        note="No response is weighed by what its own question taught.",
        page=10,
    )
    return [table]


def sensitivity(context: Context) -> list[TableBlock]:
    """The same contrast by other lists of words; empty where nothing was counted."""
    rows = context.table("marker_sensitivity", "construct", "kind", "subset")
    if rows is None:
        return []
    kinds = ("whole", "category", "half", "without a marker", "published")
    rows = in_order(rows, subset=("decided",), construct=FIRST, kind=kinds)
    shown = {c: rows[c].map(pretty) for c in ("construct", "variant")}
    signs = {f"{c}_sign_agrees": rows[f"{c}_sign_agrees"].map(SIGNS) for c in ("pooled", "within")}
    table = TableBlock.of(
        "marker_sensitivity",
        "Sensitivity to the lexicon",
        context.named(rows.assign(**shown, **signs)),
        SENSITIVITY,
        note=f"Per 1,000 words of whole responses, counted with other lists. {lists(rows)}",
        page=10,
    )
    return [table]
