"""Opens the page: a few claims and how they came out, the few numbers, and the frontier."""

from __future__ import annotations

import pandas as pd

from itc.figures._parts import headline_dataset
from itc.figures._style import pretty
from itc.report.context import Context
from itc.report.page import (
    Blocks,
    Card,
    Cards,
    Finding,
    Findings,
    Name,
    Note,
    Number,
    Prose,
    count,
    percent,
    points,
)
from itc.report.sections.claims import VERDICTS, amount, together, unit_of

TITLE = "Headline"
ORDER = 10
TABLES = ("curves", "claims", "models", "dataset_cards")

SENTENCES = 3
FIRST = (  # what a reader asks first, as far as it was decided
    "reasoning_floor",
    "parallel_beats_sequential",
    "majority_robust",
    "truncation_crosses",
    "shorter_is_right",
    "features_improve_vote",
    "thinking_helps",
    "diminishing_returns",
)
ALWAYS = "features_improve_vote"  # whether wording helps a vote is told even where it does not


def build(context: Context) -> Blocks:
    """Findings, the best operating point, cards, and the quality-cost frontier."""
    found = findings(context)
    blocks = [Findings(tuple(found), "claims" in context.sections)] if found else []
    curves = context.curves()
    if curves is None:
        return Blocks(
            (*blocks, Note("No operating point was evaluated, so there is no headline yet."))
        )
    runnable = curves[~curves["upper_bound"]].dropna(subset=["accuracy"])
    here = runnable[runnable["dataset"] == headline_dataset(runnable)]
    text = sentences(context, here)
    return Blocks((*blocks, *text, Cards(cards(context, here)), *context.drawings("headline")))


def findings(context: Context) -> list[Finding]:
    """Three claims in one sentence each, decided ones first, in the order of FIRST; and ALWAYS."""
    claims = context.table("claims", "claim", "part", "verdict", "statement", "effect", "unit")
    if claims is None:
        return []
    found = []
    for name, rows in claims.groupby("claim", sort=True):
        verdict = together(rows["verdict"])
        place = FIRST.index(name) if name in FIRST else len(FIRST)
        rank = {"undecided": 1, "missing data": 2}.get(verdict, 0)
        if rank < 2:
            statement = str(rows["statement"].iloc[0])
            finding = Finding(str(name), statement, verdict, evidence(str(name), rows))
            found.append(((rank, place, str(name)), finding))
    order = [finding for _, finding in sorted(found, key=lambda pair: pair[0])]
    return order[:SENTENCES] + [f for f in order[SENTENCES:] if f.claim == ALWAYS]


def evidence(name: str, rows: pd.DataFrame) -> tuple[str | Name | Number, ...]:
    """Effects with intervals of the parts of one claim; of many parts how they came out."""
    rows = rows[rows["verdict"] != "missing data"]
    if len(rows) > SENTENCES:
        text: list[str | Name | Number] = ["Of "]
        text += [count(len(rows), f"rows of claims[claim={name}]"), " comparisons "]
        counted = [(v, int((rows["verdict"] == v).sum())) for v in VERDICTS]
        for i, (verdict, n) in enumerate((v, n) for v, n in counted if n):
            source = f"rows of claims[claim={name}, verdict={verdict}]"
            text += [", " if i else "", count(n, source), f" {verdict}"]
        return (*text, ".")
    text = []
    for i, row in enumerate(rows.to_dict("records")):
        place = f"claims[claim={name}, part={row['part']}]"
        text += ["; " if i else ""]
        if len(rows) > 1:
            text += [Name(pretty(str(row["part"]))), " "]
        values = {
            end: Number(row[end], amount(row[end], row["unit"]), f"{place}.{end}", end != "effect")
            for end in ("effect", "low", "high")
        }
        text += [values["effect"], f" {unit_of(row['unit'])} [".replace("1,000", "thousand")]
        text += [values["low"], ", ", values["high"], "]"]
    return (*text, ".")


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
    """The best point, and what it gained and cost beyond one sample of the same model."""
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
    found = list(parts)
    one = single(here[(here["model"] == top["model"]) & (here["budget"] == 1)])
    if one is not None and top["budget"] > 1:
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
        found += [" ", *text, "."]
    return [Prose(tuple(found))]


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
        problems = count(row["n_problems"], cell(row, "n_problems"))
        found.append(Card("problems", problems, (context.dataset(row["dataset"]),)))
    size = count(len(here), f"rows of curves with dataset={here['dataset'].iloc[0]}")
    found.append(Card("operating points", size, ("models × strategies × budgets",)))
    return tuple(found)
