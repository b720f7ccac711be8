"""Opens the page: a few claims and how they came out, the few numbers, and the frontier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from itc.figures._parts import headline_dataset
from itc.report.board import amount, unit_of, unsigned
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
    show,
)
from itc.report.sections import extraction
from itc.report.sections.claims import FIRST
from itc.stats.frontier import EVERY_POINT

TITLE = "Headline"
ORDER = 10
TABLES = ("curves", "best_points", "claims", "extraction", "models", "dataset_cards")

SENTENCES = 3
_OTHER_AXIS = ("truncated", "extended")  # budgets that are tokens or waits, not samples
ALWAYS = "features_improve_vote"  # whether wording helps a vote is said even where it does not


def build(context: Context) -> Blocks:
    """Findings, the best operating point, cards, and the quality-cost frontier."""
    found = findings(context)
    guessed = extraction.warning(context)
    blocks: list[Findings | Note] = [Note(guessed, "warning")] if guessed else []
    blocks += [Findings(tuple(found), "claims" in context.sections)] if found else []
    curves = context.curves()
    if curves is None:
        return Blocks(
            (*blocks, Note("No operating point was evaluated, so there is no headline yet."))
        )
    dataset = headline_dataset(curves[~curves["upper_bound"]].dropna(subset=["accuracy"]))
    best = context.table("best_points", "dataset", "scope", "accuracy", "gain", "vote_gain")
    text: list[Prose] = []
    shown: tuple[Card, ...] = ()
    if best is not None:
        here = best[best["dataset"] == dataset].set_index("scope")
        text, shown = sentences(context, here), cards(context, here, curves)
    return Blocks(
        (*blocks, *text, *([Cards(shown)] if shown else []), *context.drawings("headline"))
    )


def findings(context: Context) -> list[Finding]:
    """Three claims in one sentence each, decided ones first, in the order of FIRST; and ALWAYS."""
    claims = context.table("claims", "claim", "part", "claim_verdict", "statement", "effect")
    if claims is None:
        return []
    found = []
    for name, rows in claims.groupby("claim", sort=True):
        verdict = str(rows["claim_verdict"].iloc[0])
        place = FIRST.index(name) if name in FIRST else len(FIRST)
        rank = {"direction shown": 1, "undecided": 2, "not tested": 3}.get(verdict, 0)
        if rank < 3:
            statement = str(rows["statement"].iloc[0])
            finding = Finding(str(name), statement, verdict, evidence(context, str(name), rows))
            found.append(((rank, place, str(name)), finding))
    order = [finding for _, finding in sorted(found, key=lambda pair: pair[0])]
    return order[:SENTENCES] + [f for f in order[SENTENCES:] if f.claim == ALWAYS]


def evidence(context: Context, name: str, rows: pd.DataFrame) -> tuple[str | Name | Number, ...]:
    """The primary endpoint of a claim: its parts, or of many parts the range of their effect."""
    own = rows[rows["primary"].astype(bool) & (rows["verdict"] != "not tested")]
    first = own.iloc[0]
    unit = str(first["unit"])
    text: list[str | Name | Number] = []
    if isinstance(first["tested"], str):
        text += ["Tested: ", Name(first["tested"]), ". "]
    if len(own) > SENTENCES:
        text += [Name(str(first["primary_endpoint"]).capitalize()), ": "]
        text += _ends(f"claims[claim={name}]", "claim_", first, unit)
    for i, row in enumerate(own.to_dict("records") if len(own) <= SENTENCES else []):
        place = f"claims[claim={name}, part={row['part']}]"
        text += ["; " if i else ""]
        if len(own) > 1:
            text += [Name(context.strategy(str(row["part"])).text), " "]
        value = row["effect"]
        text += [Number(value, amount(value, unit), f"{place}.effect"), " "]
        text += _ends(place, "joint_", row, unit)
    text += ["."]
    if first["claim_ruled_out"]:
        size = first["smallest_effect"]
        source = f"claims[claim={name}].smallest_effect"
        text += [" An effect of ", Number(size, unsigned(size, unit), source)]
        text += [" or more is ruled out."]
    return tuple(text)


def _ends(place: str, prefix: str, row: Mapping[str, Any] | pd.Series, unit: str) -> list[Any]:
    """The interval that decided, with its unit."""
    low, high = (
        Number(row[key], amount(row[key], unit), f"{place}.{key}", quiet=True)
        for key in (f"{prefix}low", f"{prefix}high")
    )
    return ["[", low, ", ", high, "] ", Name(unit_of(unit))]


def cell(row: pd.Series, column: str) -> str:
    """Where a number stands: table, key of the row, column."""
    return f"best_points[dataset={row['dataset']}, scope={row.name}].{column}"


def _interval(row: pd.Series, name: str) -> tuple[Number | str, ...]:
    """A gain in points with its interval."""
    low, high = (
        Number(row[key], show(row[key], "points"), cell(row, key), quiet=True)
        for key in (f"{name}_low", f"{name}_high")
    )
    return points(row[name], cell(row, name)), " [", low, ", ", high, "]"


def sentences(context: Context, here: pd.DataFrame) -> list[Prose]:
    """The best point of all, as problems without a say in its choice score it."""
    if EVERY_POINT not in here.index:
        return []
    top = here.loc[EVERY_POINT]
    low, high = (percent(top[end], cell(top, end), quiet=True) for end in ("low", "high"))
    many = " sample" if top["budget"] == 1 else " samples"
    text: list[str | Name | Number] = [
        "Of ",
        count(top["n_points"], cell(top, "n_points")),
        " operating points on ",
        context.dataset(top["dataset"]),
        " the best is ",
        context.model(top["model"]),
        " with ",
        context.strategy(top["strategy"]),
        ", budget " if top["strategy"] in _OTHER_AXIS else " over ",
        count(top["budget"], cell(top, "budget")),
        *(() if top["strategy"] in _OTHER_AXIS else (many,)),
        ". Chosen on some problems and scored on the others, such a point is right on ",
        percent(top["accuracy"], cell(top, "accuracy")),
        " [",
        low,
        ", ",
        high,
        "] of problems; on those that chose it, it seems to be right on ",
        percent(top["shown"], cell(top, "shown")),
        ". Without a fifth of the problems the choice falls on the same point in ",
        percent(top["chosen_share"], cell(top, "chosen_share")),
        " of cases.",
    ]
    if top["budget"] > 1 and pd.notna(top["gain"]):
        text += [" Its gain over one sample of the same model is ", *_interval(top, "gain")]
        if pd.notna(top["vote_gain"]) and top["strategy"] != "majority":
            text += [", over majority vote of that model at equal output tokens "]
            text += _interval(top, "vote_gain")
        text += ["."]
    return [Prose(tuple(text))]


def cards(context: Context, here: pd.DataFrame, curves: pd.DataFrame) -> tuple[Card, ...]:
    """The best point of each kind of model, scored on other problems, and how many there are."""
    found = []
    mixes = [s for s in here.index if pd.isna(here.loc[s, "reasoning"]) and s != EVERY_POINT]
    for label, scope in (
        ("best reasoning model", "reasoning models"),
        ("best non-reasoning model", "non-reasoning models"),
        *(("mixed vote of all models", mix) for mix in mixes[:1]),
    ):
        if scope not in here.index:
            continue
        row = here.loc[scope]
        detail = (context.model(row["model"]), ", ", context.strategy(row["strategy"]))
        found.append(Card(label, percent(row["accuracy"], cell(row, "accuracy")), detail))
    own = curves[curves["dataset"].isin(here["dataset"])] if len(here) else curves.iloc[:0]
    if len(own) and "n_problems" in own:
        row = own.sort_values("n_problems", kind="stable").iloc[-1]
        source = f"curves[dataset={row['dataset']}].n_problems, largest"
        problems = count(row["n_problems"], source)
        found.append(Card("problems", problems, (context.dataset(row["dataset"]),)))
    return tuple(found)
