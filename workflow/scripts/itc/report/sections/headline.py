"""Opens the page: the frontier, the few numbers it comes down to, and three sentences on them."""

from __future__ import annotations

import pandas as pd

from itc.figures._parts import headline_dataset
from itc.report.context import Context
from itc.report.page import Blocks, Card, Cards, Note, Number, Prose, count, percent, points

TITLE = "Headline"
ORDER = 10
TABLES = ("curves", "claims", "models", "dataset_cards")


def build(context: Context) -> Blocks:
    """Cards, sentences and the quality-cost frontier."""
    curves = context.curves()
    if curves is None:
        return Blocks((Note("No operating point was evaluated, so there is no headline yet."),))
    runnable = curves[~curves["upper_bound"]].dropna(subset=["accuracy"])
    here = runnable[runnable["dataset"] == headline_dataset(runnable)]
    found = [*sentences(context, here), *verdicts(context)]
    return Blocks((*found, Cards(cards(context, here)), *context.drawings("headline")))


def cell(row: pd.Series, column: str) -> str:
    """Where a number stands: table, key of the row, column."""
    key = ", ".join(f"{k}={row[k]}" for k in ("dataset", "model", "strategy", "budget"))
    return f"curves[{key}].{column}"


def samples(row: pd.Series) -> tuple[Number | str, ...]:
    """The budget in words."""
    word = " sample" if row["budget"] == 1 else " samples"
    return count(row["budget"], cell(row, "budget")), word


def interval(row: pd.Series) -> tuple[Number | str, ...]:
    """The 95 % interval in brackets."""
    low, high = (percent(row[end], cell(row, end), quiet=True) for end in ("low", "high"))
    return " [", low, ", ", high, "]"


def best(frame: pd.DataFrame) -> pd.Series:
    """Highest accuracy; among equals the cheapest, then the first by name."""
    order = ["accuracy", "budget", "model", "strategy"]
    return frame.sort_values(order, ascending=[False, True, True, True]).iloc[0]


def sentences(context: Context, here: pd.DataFrame) -> list[Prose]:
    """At most three: the best point, what it cost beyond one sample, the two kinds of model."""
    top = best(here)
    parts = [
        "The most accurate operating point on ",
        context.dataset(top["dataset"]),
        " is ",
        context.model(top["model"]),
        " with ",
        context.strategy(top["strategy"]),
        " over ",
        *samples(top),
        ": ",
        percent(top["accuracy"], cell(top, "accuracy")),
        *interval(top),
        ".",
    ]
    found = [Prose(tuple(parts), lead=True)]
    own = here[(here["model"] == top["model"]) & (here["budget"] == 1)]
    if len(own) and top["budget"] > 1:
        one = single(own)
        gain = top["accuracy"] - one["accuracy"]
        text = [
            "One sample of the same model reaches ",
            percent(one["accuracy"], cell(one, "accuracy")),
            *interval(one),
            "; the difference is ",
            points(gain, f"{cell(top, 'accuracy')} - {cell(one, 'accuracy')}"),
        ]
        if one.get("cost_output_tokens", 0) > 0 and pd.notna(top.get("cost_output_tokens")):
            ratio = top["cost_output_tokens"] / one["cost_output_tokens"]
            source = f"{cell(top, 'cost_output_tokens')} / {cell(one, 'cost_output_tokens')}"
            text += [
                " for ",
                count(ratio, source, "tokens" if ratio < 10 else "integer"),
                " times the output tokens",
            ]
        found.append(Prose((*text, "."), lead=True))
    kinds = here["model"].map(context.reasons)
    thinking, direct = here[kinds.eq(True)], here[kinds.eq(False)]
    if len(thinking) and len(direct):
        plain, floor = best(direct), single(thinking[thinking["budget"] == 1])
        if floor is not None:
            text = (
                "The best that a non-reasoning model reaches at any budget is ",
                percent(plain["accuracy"], cell(plain, "accuracy")),
                *interval(plain),
                " (",
                context.model(plain["model"]),
                ", ",
                context.strategy(plain["strategy"]),
                ", ",
                *samples(plain),
                "); one sample of the best reasoning model reaches ",
                percent(floor["accuracy"], cell(floor, "accuracy")),
                *interval(floor),
                ".",
            )
            found.append(Prose(text, lead=True))
    return found


def verdicts(context: Context) -> list[Prose]:
    """How the claims of the study came out, counted."""
    claims = context.table("claims", "verdict")
    if claims is None:
        return []
    counted = claims["verdict"].value_counts()

    def part(verdict: str) -> Number:
        n = int(counted.get(verdict, 0))
        return count(n, f"rows of claims with verdict={verdict}")

    return [
        Prose(
            (
                "Of the claims put to the test, part by part, ",
                part("supported"),
                " are supported, ",
                part("contradicted"),
                " contradicted, ",
                part("undecided"),
                " undecided, and ",
                part("missing data"),
                " could not be assessed with the data of this study.",
            ),
            lead=True,
        )
    ]


def single(rows: pd.DataFrame) -> pd.Series | None:
    """The best single sample; the strategy called single where there is one."""
    if rows.empty:
        return None
    named = rows[rows["strategy"] == "single"]
    return best(named if len(named) else rows)


def cards(context: Context, here: pd.DataFrame) -> tuple[Card, ...]:
    """The best point of each kind of model, its cost, and the size of the study."""
    found = []
    kinds = here["model"].map(context.reasons)
    for label, rows in (
        ("best reasoning model", here[kinds.eq(True)]),
        ("best non-reasoning model", here[kinds.eq(False)]),
        ("mixed vote of all models", here[kinds.isna()]),
    ):
        if rows.empty:
            continue
        row = best(rows)
        detail = (context.model(row["model"]), ", ", context.strategy(row["strategy"]))
        found.append(Card(label, percent(row["accuracy"], cell(row, "accuracy")), detail))
    if "n_problems" in here:
        row = here.sort_values("n_problems", kind="stable").iloc[-1]
        name = (context.dataset(row["dataset"]),)
        found.append(Card("problems", count(row["n_problems"], cell(row, "n_problems")), name))
    size = count(len(here), f"rows of curves with dataset={here['dataset'].iloc[0]}")
    detail = ("models × strategies × budgets",)
    found.append(Card("operating points", size, detail))
    return tuple(found)
