"""The claims board: each statement, its verdict, its effect, and how it was decided."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from itc.figures._style import ROLES, cast, pretty
from itc.report.context import Context
from itc.report.forest import Effect, forest
from itc.report.page import Card, Cards, Number, show

TITLE = "Claims"
ORDER = 20
TABLES = ("claims", "claim_evidence", "curves", "models", "dataset_cards")

VERDICTS = ("supported", "contradicted", "undecided", "missing data")
ORDER_OF_VERDICTS = (
    "supported",
    "partly supported",
    "contradicted",
    "partly contradicted",
    "mixed",
    "undecided",
    "missing data",
)
FEW = 3  # parts that one reads one by one; more of them make a picture
INKS = {"supported": "var(--right)", "contradicted": "var(--wrong)"}
RULES = {
    "greater": "Supported when the whole 95 % interval lies above zero and the estimate reaches "
    "the smallest effect of interest; contradicted when the whole interval lies below that effect; "
    "undecided otherwise.",
    "at most": "Supported when the whole 95 % interval lies below the smallest effect of interest; "
    "contradicted when the interval lies above zero and the estimate reaches that effect; "
    "undecided otherwise.",
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


@dataclass(frozen=True)
class Claim:
    """One claim; ``verdict`` is what its parts come to, see ``together``."""

    name: str
    title: str
    statement: str
    verdict: str
    parts: tuple[Part, ...]
    drawing: Markup | None = None  # all parts in one picture, where there are many

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
    """All claims and how many there are of each verdict."""

    summary: Cards
    claims: tuple[Claim, ...]


def build(context: Context) -> Board | None:
    """From the tables ``claims`` and ``claim_evidence``; None where no claim was assessed."""
    claims = context.table("claims", "claim", "part", "verdict", "statement")
    if claims is None:
        return None
    evidence = context.table("claim_evidence", "claim", "part", "model", "dataset", "effect")
    counted = Counter(claims["verdict"])
    summary = Cards(
        tuple(
            Card(v, Number(counted[v], str(counted[v]), f"rows of claims with verdict={v}"))
            for v in VERDICTS
        )
    )
    found = []
    for name, rows in claims.groupby("claim", sort=True):
        parts = tuple(_part(context, row, evidence) for row in rows.to_dict("records"))
        verdict = together(p.verdict for p in parts)
        first = rows.iloc[0]
        title = first.get("title") or pretty(str(name))
        drawing = _all_parts(context, rows) if len(parts) > FEW else None
        found.append(Claim(str(name), title, first["statement"], verdict, parts, drawing))
    found.sort(key=lambda c: (ORDER_OF_VERDICTS.index(c.verdict), c.title))
    return Board(summary, tuple(found))


def together(verdicts: Iterable[str]) -> str:
    """The verdict of a claim from those of its parts; parts without data say nothing.

    ``mixed`` where one part is supported and another contradicted; ``partly`` where some parts
    decide one way and the rest stay undecided.
    """
    found = set(verdicts) - {"missing data"}
    if not found:
        return "missing data"
    if {"supported", "contradicted"} <= found:
        return "mixed"
    for verdict in ("supported", "contradicted"):
        if verdict in found:
            return verdict if len(found) == 1 else f"partly {verdict}"
    return "undecided"


def amount(value: float, unit: str) -> str:
    """An effect in its unit: shares become percentage points."""
    if value is None or not math.isfinite(value):
        return show(None, "number")
    return show(value, "points") if unit.startswith("share") else show(value, "signed")


def unit_of(unit: str) -> str:
    """The unit in which ``amount`` shows an effect."""
    return "points" if unit.startswith("share") else unit


def _part(context: Context, row: dict[str, Any], evidence: pd.DataFrame | None) -> Part:
    unit = str(row["unit"])
    values = [amount(row[key], unit) for key in ("effect", "low", "high")]
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
    together = [float(row[k]) for k in ("effect", "low", "high")]
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
        values = [float(row[k]) for k in ("effect", "low", "high")]
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
