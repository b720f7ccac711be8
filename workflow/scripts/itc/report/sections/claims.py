"""The claims board: each statement, its verdict, its effect, and how it was decided."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from itc.claims._verdict import WORDS
from itc.figures._style import ROLES, cast, pretty
from itc.report.board import amount, sentences, unit_of, unsigned
from itc.report.context import Context
from itc.report.forest import Effect, forest
from itc.report.page import Card, Cards, Number, Prose

TITLE = "Claims"
ORDER = 20
TABLES = ("claims", "claim_evidence", "curves", "models", "dataset_cards")

VERDICTS = WORDS
FIRST = (  # what a reader asks first; the rest follows by title
    "reasoning_floor",
    "parallel_beats_sequential",
    "majority_robust",
    "truncation_crosses",
    "shorter_is_right",
    "features_improve_vote",
    "thinking_helps",
    "diminishing_returns",
)
FEW = 3  # parts that one reads one by one; more of them make a picture
INKS = {"supported": "var(--right)", "opposite": "var(--wrong)"}
RULES = {
    "greater": "The first of these that holds, with d the smallest effect of interest and [low, "
    "high] the interval that holds for all parts of the claim together: supported, low is at least "
    "d; opposite, high is at most minus d; too small, the interval lies between minus d and d; "
    "direction shown, low is above zero; else undecided.",
    "at most": "With d the smallest effect of interest and [low, high] the interval that holds for "
    "all parts of the claim together: supported, high is below d; opposite, low is at least d; "
    "else undecided.",
}


@dataclass(frozen=True)
class Part:
    """One assessed part of a claim, as words and a drawing."""

    name: str
    verdict: str
    effect: str
    interval: str
    measure: str
    rests_on: str
    rule: str
    smallest: str
    reason: str
    drawing: Markup | None
    note: str = ""  # what an undecided verdict still rules out
    spread: str = ""  # how far models differ, and which of them carry the verdict


@dataclass(frozen=True)
class Claim:
    """One claim; ``verdict`` is that of its primary endpoint."""

    name: str
    title: str
    statement: str
    verdict: str
    parts: tuple[Part, ...]
    drawing: Markup | None = None  # all parts in one picture, where there are many
    primary: str = ""  # its primary endpoint in words, with its interval
    note: str = ""
    tested: str = ""  # number and names of the strategies tested

    @property
    def counted(self) -> str:
        """How the parts came out, in words."""
        found = Counter(part.verdict for part in self.parts)
        return ", ".join(f"{found[v]} {v}" for v in VERDICTS if found[v])

    @property
    def mingled(self) -> bool:
        """Whether its parts came out differently."""
        return len({part.verdict for part in self.parts}) > 1


@dataclass(frozen=True)
class Board:
    """All claims, how many there are of each verdict, and what the board says of itself."""

    summary: Cards
    notes: tuple[Prose, ...]
    claims: tuple[Claim, ...]


def build(context: Context) -> Board | None:
    """From the tables ``claims`` and ``claim_evidence``; None where no claim was assessed."""
    claims = context.table("claims", "claim", "part", "verdict", "statement", "claim_verdict")
    if claims is None:
        return None
    evidence = context.table("claim_evidence", "claim", "part", "model", "dataset", "effect")
    counted = Counter(claims.drop_duplicates("claim")["claim_verdict"])
    summary = Cards(
        tuple(
            Card(v, Number(counted[v], str(counted[v]), f"claims with claim_verdict={v}"))
            for v in VERDICTS
            if counted[v]
        )
    )
    found = []
    for name, rows in claims.groupby("claim", sort=True):
        parts = tuple(_part(context, row, evidence) for row in rows.to_dict("records"))
        first = rows.sort_values("primary", ascending=False, kind="stable").iloc[0]
        drawing = _all_parts(context, rows) if len(parts) > FEW else None
        found.append(
            Claim(
                str(name),
                first.get("title") or pretty(str(name)),
                first["statement"],
                first["claim_verdict"],
                parts,
                drawing,
                _endpoint(first),
                _ruled_out(first["claim_ruled_out"], first),
                first["tested"] if isinstance(first["tested"], str) else "",
            )
        )
    place = {name: i for i, name in enumerate(FIRST)}
    found.sort(key=lambda c: (place.get(c.name, len(FIRST)), c.title))
    return Board(summary, sentences(claims), tuple(found))


def _endpoint(row: pd.Series) -> str:
    """The primary endpoint of a claim in words, with its interval where it was tested."""
    unit = str(row["unit"])
    if not math.isfinite(row["claim_low"]):
        return str(row["primary_endpoint"])
    ends = f"{amount(row['claim_low'], unit)} to {amount(row['claim_high'], unit)} {unit_of(unit)}"
    return f"{row['primary_endpoint']}, 95 % interval {ends}"


def _ruled_out(flag: object, row: Mapping[str, Any] | pd.Series) -> str:
    """The sentence of an undecided verdict whose interval ends below the smallest effect."""
    if not flag or pd.isna(flag):
        return ""
    size = unsigned(row["smallest_effect"], str(row["unit"]))
    return f"An effect of {size} or more is ruled out."


def _between(context: Context, row: Mapping[str, Any]) -> str:
    """How far models differ: tau with the prediction interval, and who carries the verdict."""
    unit, text = str(row["unit"]), []
    if row["tau"] is not None and math.isfinite(row["tau"]):
        ends = " to ".join(amount(row[f"predicted_{end}"], unit) for end in ("low", "high"))
        text.append(
            f"Between models the effect differs by {unsigned(row['tau'], unit)} (standard "
            f"deviation); one more such model is expected at {ends} {unit_of(unit)}."
        )
    elif row["n_units"]:
        text.append("For these models only: fewer than three say nothing of others.")
    if isinstance(row["hinges_on"], str):
        names = [context.model(name).text for name in row["hinges_on"].split(", ")]
        text.append(f"The verdict would change without {' or without '.join(names)}.")
    return " ".join(text)


def _part(context: Context, row: dict[str, Any], evidence: pd.DataFrame | None) -> Part:
    unit = str(row["unit"])
    values = [amount(row[key], unit) for key in ("effect", "joint_low", "joint_high")]
    known = math.isfinite(row["effect"]) if row["effect"] is not None else False
    n, agree = int(row["n_units"] or 0), int(row["n_agree"] or 0)
    pairs = "pairs" if n != 1 else "pair"
    return Part(
        name=context.strategy(str(row["part"])).text,
        verdict=row["verdict"],
        effect=f"{values[0]} {unit_of(unit)}" if known else "",
        interval=f"[{values[1]}, {values[2]}]" if known else "",
        measure=str(row["measure"]),
        rests_on=f"{agree} of {n} model–dataset {pairs} on this side, "
        f"{int(row['n_problems'])} problems"
        if n
        else "",
        rule=RULES.get(row["kind"], ""),
        smallest=f"{amount(row['smallest_effect'], unit)} {unit_of(unit)}",
        reason=row["reason"] if isinstance(row["reason"], str) else "",
        drawing=_drawing(context, row, evidence),
        note=_ruled_out(row["ruled_out"], row),
        spread=_between(context, row) if n else "",
    )


def _drawing(context: Context, row: dict[str, Any], evidence: pd.DataFrame | None) -> Markup | None:
    if evidence is None:
        return None
    own = evidence[(evidence["claim"] == row["claim"]) & (evidence["part"] == row["part"])]
    if own.empty or not own["effect"].notna().any():
        return None
    unit = str(row["unit"])
    looks = cast(context.tables, list(own["model"].unique()))
    many = own["dataset"].nunique() > 1
    effects = []
    for unit_row in own.sort_values(["model", "dataset"]).to_dict("records"):
        model = looks[unit_row["model"]]
        label = f"{model.title} · {context.dataset(unit_row['dataset']).text}"
        values = [float(unit_row[k]) for k in ("effect", "low", "high")]
        effects.append(
            Effect(
                _short(label if many else model.title),
                effect=values[0],
                low=values[1],
                high=values[2],
                text=amount(values[0], unit),
                colour=ROLES[model.colour],
            )
        )
    together = [float(row[k]) for k in ("effect", "joint_low", "joint_high")]
    text = f"{amount(together[0], unit)} [{amount(together[1], unit)}, {amount(together[2], unit)}]"
    effects.append(Effect("together", together[0], together[1], together[2], text, strong=True))
    return forest(effects, float(row["smallest_effect"]), f"Effects behind: {row['measure']}")


def _all_parts(context: Context, rows: pd.DataFrame) -> Markup | None:
    """One row per part, best effect first; None where units differ or no effect is known."""
    known = rows[rows["effect"].astype(float).map(math.isfinite)]
    if known.empty or known["unit"].nunique() > 1 or known["smallest_effect"].nunique() > 1:
        return None
    unit = str(known["unit"].iloc[0])
    effects = []
    for row in known.sort_values(["effect", "part"], ascending=[False, True]).to_dict("records"):
        values = [float(row[k]) for k in ("effect", "joint_low", "joint_high")]
        text = [amount(value, unit) for value in values]
        effects.append(
            Effect(
                _short(context.strategy(str(row["part"])).text),
                effect=values[0],
                low=values[1],
                high=values[2],
                text=f"{text[0]} [{text[1]}, {text[2]}] {row['verdict']}",
                colour=INKS.get(row["verdict"], "var(--dim)"),
            )
        )
    smallest = float(known["smallest_effect"].iloc[0])
    return forest(effects, smallest, f"Effects of all parts of: {known['title'].iloc[0]}")


def _short(label: str, limit: int = 44) -> str:
    return label if len(label) <= limit else f"{label[: limit - 1]}…"
