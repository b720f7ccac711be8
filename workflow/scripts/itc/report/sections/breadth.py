"""How far the means reach: by difficulty and prompt, what a dataset tells apart, what is absent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from itc.report.context import Context, in_order
from itc.report.page import Blocks, Column, TableBlock

TITLE = "Breadth and resolution"
ORDER = 35
TABLES = (
    "curves",
    "breadth",
    "profiles",
    "resolution",
    "stability",
    "allocation",
    "allocation_choices",
    "censoring",
    "unavailable",
    "models",
    "dataset_cards",
)

DATASET = Column("dataset", "dataset", choose=True)
MODEL = Column("model", "model", choose=True)
STRATEGY = Column("strategy", "strategy", choose=True)
SAMPLES = Column("budget", "samples", "integer", "independent draws, or the strategy's own axis")
PROBLEMS = Column("n_problems", "problems", "integer")
ACCURACY = [
    Column("accuracy", "accuracy", "percent", "undecided answers count as wrong"),
    Column("low", "low", "percent", "95 % interval for the problems meant"),
    Column("high", "high", "percent", "95 % interval for the problems meant"),
]
RESOLUTION = [
    *(DATASET, MODEL, Column("scope", "compared", choose=True), SAMPLES),
    Column("n_compared", "how many", "integer"),
    PROBLEMS,
    Column("signal", "signal", "points", "typical true difference of two, noise taken out, points"),
    Column("noise", "noise", "points", "median standard error of a paired difference, points"),
    Column("signal_to_noise", "signal / noise", "number"),
    Column("detectable", "detectable", "points", "least true difference found, 80 % power at 5 %"),
    Column(
        "share_separated",
        "separated",
        "percent",
        "of pairs, interval of the difference leaves out zero",
    ),
]
BREADTH = [
    *(DATASET, MODEL, STRATEGY, SAMPLES),
    Column("by", "by", choose=True),
    Column("level", "level"),
    PROBLEMS,
    *ACCURACY,
    Column("cost_output_tokens", "output tokens", "tokens", "mean per problem"),
]
ROBUST = [
    *(DATASET, MODEL, STRATEGY, SAMPLES),
    Column("value", "interquartile mean", "percent", "of the chance to be right, over problems"),
    *ACCURACY[1:],
]
ABSTAIN = [
    *(DATASET, MODEL, SAMPLES),
    Column("metric_answered", "answered", "percent", "of problems"),
    Column("selective", "right if answered", "percent"),
    Column("metric_utility", "utility", "points", "right minus penalty x wrong, points"),
    Column("metric_utility_low", "low", "points", "95 % interval for the problems meant"),
    Column("metric_utility_high", "high", "points", "95 % interval for the problems meant"),
    Column("single", "utility of one sample", "points", "which always answers; penalty one"),
]
STABILITY = [
    *(DATASET, MODEL, Column("procedure", "sampled by", choose=True), STRATEGY, SAMPLES),
    ACCURACY[0],
    Column("difference", "difference", "points", "from the main way to sample, points"),
    Column("low", "low", "points", "95 % interval, paired bootstrap over problems"),
    Column("high", "high", "points", "95 % interval, paired bootstrap over problems"),
    Column("spread", "spread", "points", "largest minus smallest over all ways to sample"),
    Column("rank", "rank", "number", "among the strategies, one is best"),
    Column("kendall_tau", "Kendall's tau", "number", "of the order with the main one"),
    Column("folds", "folds", "integer", "of five, in which the other four chose this way"),
    Column("tuned", "tuned", "percent", "on problems that did not choose the way to sample"),
    Column("tuned_difference", "tuning brings", "points", "over the main way, held-out problems"),
    Column("tuned_low", "low", "points", "95 % interval of what tuning brings"),
    Column("tuned_high", "high", "points", "95 % interval of what tuning brings"),
    Column("over_vote", "over the tuned vote", "points", "both tuned alike, held-out problems"),
    Column("over_vote_low", "low", "points", "95 % interval"),
    Column("over_vote_high", "high", "points", "95 % interval"),
]
ALLOCATION = [
    *(DATASET, MODEL, Column("policy", "policy", choose=True)),
    Column("target_budget", "cost of a vote of", "integer", "samples"),
    Column("cost", "output tokens", "tokens", "spent per problem"),
    Column("probe_cost", "to tell difficulty", "tokens", "tokens per problem, not charged"),
    *ACCURACY,
    Column("difference", "over uniform", "points", "same problems, percentage points"),
    Column("difference_low", "low", "points", "95 % interval"),
    Column("difference_high", "high", "points", "95 % interval"),
]
CHOICES = [
    *(DATASET, MODEL, Column("policy", "policy", choose=True)),
    Column("target_budget", "cost of a vote of", "integer", "samples"),
    Column("bin", "bin", "integer", "of difficulty, the hardest first"),
    *(STRATEGY, SAMPLES),
    Column("folds", "folds", "integer", "in which this was the choice"),
]
CENSORING = [
    *(DATASET, MODEL, STRATEGY, SAMPLES),
    Column("treatment", "cut responses", choose=True),
    Column("share_cut", "cut", "percent", "of the responses whose end is known"),
    PROBLEMS,
    *ACCURACY,
]
ABSENT = [
    *(DATASET, MODEL, STRATEGY),
    Column("budget", "from samples", "integer", "and beyond; empty: any number of samples"),
    Column("reason", "reason"),
]
PLAIN = ("single", "majority")
MAX_ROWS = 3000  # beyond, the pooled rows or the two plain strategies alone


def build(context: Context) -> Blocks | None:
    """Figures and tables; None where the study has none of them."""
    tables = [
        _table(context, "resolution", "What a dataset can tell apart", RESOLUTION, NOTES["noise"]),
        _breadth(context),
        _robust(context),
        _abstaining(context),
        _table(context, "stability", "Other prompts and temperatures", STABILITY, NOTES["tau"]),
        _table(context, "allocation", "Compute by difficulty", ALLOCATION, NOTES["oracle"]),
        _choices(context),
        _censoring(context),
        _absent(context),
    ]
    blocks = (*context.drawings("breadth"), *(table for table in tables if table))
    return Blocks(blocks) if blocks else None


NOTES = {
    "noise": "A difference below the detectable one is not to be read off such a dataset.",
    "levels": "Smallest and largest number of samples of one response and of the vote.",
    "iqm": "Mean of the middle half of the problems: what neither the always nor the never "
    "solved decide.",
    "abstain": "Answers only where more than half of the votes agree.",
    "tau": "Every strategy under every way to sample. For the tuned columns the way is chosen on "
    "four fifths of the problems and scored on the other.",
    "oracle": "The oracle bins by true accuracy and chooses on what it is scored on: a ceiling.",
    "choice": "Where folds disagree the choice is not settled.",
    "cut": "Largest number of samples that all three allow. Problems with enough uncut responses "
    "are easier ones: read their number beside the accuracy.",
    "absent": "A strategy without a value is named with what the responses lack.",
}


def _table(
    context: Context, name: str, title: str, columns: list[Column], note: str
) -> TableBlock | None:
    rows = context.table(name, "dataset", "model")
    return None if rows is None else _block(context, name, title, rows, columns, note)


def _block(
    context: Context, name: str, title: str, rows: pd.DataFrame, columns: list[Column], note: str
) -> TableBlock | None:
    if rows.empty:
        return None
    named = context.named(in_order(rows))
    return TableBlock.of(name, title, named, columns, note=note, page=8)


def _breadth(context: Context) -> TableBlock | None:
    rows = context.table("breadth", "by", "level", "accuracy")
    if rows is None:
        return None
    rows = rows[rows["strategy"].isin(PLAIN)]
    if len(rows) > MAX_ROWS:
        largest = rows.groupby(["dataset", "model", "strategy"])["budget"].transform("max")
        rows = rows[rows["budget"] == largest]
    title = "By subject and difficulty"
    return _block(context, "breadth", title, rows, BREADTH, NOTES["levels"])


def _robust(context: Context) -> TableBlock | None:
    rows = context.table("profiles", "statistic", "value")
    if rows is None:
        return None
    rows = rows[rows["statistic"] == "iqm"]
    if len(rows) > MAX_ROWS and (rows["dataset"] == "all").any():
        rows = rows[rows["dataset"] == "all"]
    return _block(context, "profiles", "Interquartile means", rows, ROBUST, NOTES["iqm"])


def _abstaining(context: Context) -> TableBlock | None:
    rows = context.table("curves", "metric_utility", "metric_answered", "accuracy")
    if rows is None:
        return None
    place = ["dataset", "model"]
    single = rows[rows["strategy"] == "single"].set_index(place)["accuracy"]
    rows = rows[rows["metric_utility"].notna()]
    answered = rows["metric_answered"]
    rows = rows.assign(selective=(rows["accuracy"] / answered).where(answered > 0, np.nan))
    rows = rows.join((2 * single - 1).rename("single"), on=place)
    return _block(context, "abstaining", "Abstaining", rows, ABSTAIN, NOTES["abstain"])


def _choices(context: Context) -> TableBlock | None:
    rows = context.table("allocation_choices", "policy", "bin", "strategy", "folds")
    if rows is None:
        return None
    rows = rows[rows["policy"] != "uniform"].assign(bin=lambda f: f["bin"] + 1)
    rows = rows[rows["target_budget"] > 1]  # nothing to choose
    if len(rows) > MAX_ROWS:
        largest = rows.groupby(["dataset", "model"])["target_budget"].transform("max")
        rows = rows[rows["target_budget"] == largest]
    title = "What each difficulty was given"
    return _block(context, "allocation-choices", title, rows, CHOICES, NOTES["choice"])


def _censoring(context: Context) -> TableBlock | None:
    rows = context.table("censoring", "strategy", "budget", "treatment", "share_cut")
    if rows is None:
        return None
    rows = rows[rows["share_cut"] > 0]
    key = ["dataset", "model", "strategy"]
    common = rows.groupby([*key, "budget"])["treatment"].transform("nunique")
    rows = rows[common == common.max()]
    rows = rows[rows["budget"] == rows.groupby(key)["budget"].transform("max")]
    return _block(
        context, "censoring", "With and without cut responses", rows, CENSORING, NOTES["cut"]
    )


def _absent(context: Context) -> TableBlock | None:
    rows = context.table("unavailable", "strategy", "reason")
    if rows is None:
        return None
    rows = rows.sort_values("budget", kind="stable")
    rows = rows.drop_duplicates(["dataset", "model", "strategy", "reason"])
    rows = rows.assign(budget=rows["budget"].where(rows["budget"] > 0))
    title = "Strategies that the responses do not allow"
    return _block(context, "unavailable", title, rows, ABSENT, NOTES["absent"])
