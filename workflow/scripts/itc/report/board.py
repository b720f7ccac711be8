"""What the claims board says of itself: how often it errs, and what such a study cannot decide."""

from __future__ import annotations

import math

import pandas as pd

from itc.report.page import Name, Number, Part, Prose, count, percent, show

WORST = 0.025  # chance per claim of a wrong word where its effect lies just short of the border
OPEN = ("undecided", "direction shown")


def amount(value: float, unit: str) -> str:
    """An effect in its unit: shares become percentage points."""
    if value is None or not math.isfinite(value):
        return show(None, "number")
    return show(value, "points") if unit.startswith("share") else show(value, "signed")


def unit_of(unit: str) -> str:
    """The unit in which ``amount`` shows an effect."""
    return "points" if unit.startswith("share") else unit


def unsigned(value: float, unit: str) -> str:
    """A size without sign, in words of its unit."""
    return f"{amount(value, unit).lstrip('+')} {unit_of(unit)}"


def sentences(claims: pd.DataFrame) -> tuple[Prose, ...]:
    """The two sentences of the board, from table ``claims``; none where nothing was tested."""
    primary = claims[claims["primary"].astype(bool)]
    first = primary.drop_duplicates("claim").set_index("claim")
    tested = first[first["claim_verdict"] != "not tested"]
    if tested.empty:
        return ()
    problems = primary.groupby("claim")["n_problems"].max()
    return tuple(
        Prose(tuple(parts)) for parts in (_errors(tested), _limits(tested, problems)) if parts
    )


def _errors(tested: pd.DataFrame) -> list[Part]:
    """How often such a board would hold a wrong verdict."""
    none = min(float(tested["chance_wrong"].sum()), 1.0)
    worst = min(WORST * len(tested), 1.0)
    text: list[Part] = [
        "The intervals of all parts of one claim hold together in ",
        percent(0.95, "level of claims.joint_low and claims.joint_high"),
        " of such studies. If there were no effect at all, at most ",
        percent(none, "sum over claims of claims.chance_wrong"),
        " of boards of this size would hold a wrong “supported” or “opposite”; if every true "
        "effect lay just short of its border, at most ",
        percent(worst, "claims: tested claims, each with one error in forty"),
        ".",
    ]
    return text


def _limits(tested: pd.DataFrame, problems: pd.Series) -> list[Part]:
    """Which open claims a study of this size could hardly have decided, from its own errors."""
    open_ = tested[
        tested["claim_verdict"].isin(OPEN)
        & (tested["smallest_effect"] > 0)
        & (tested["resolves"] > tested["smallest_effect"])
    ]
    if open_.empty:
        return []
    most = int(problems[open_.index].max())
    text: list[Part] = [
        "A study of this size (",
        count(most, "claims.n_problems, largest of the open claims"),
        " problems) cannot decide ",
        count(len(open_), "rows of claims with resolves above smallest_effect"),
        " of the ",
        count(len(tested), "tested rows of claims"),
        " claims unless the effect is large. It sees with ",
        percent(0.8, "power by which claims.resolves is defined", quiet=True),
        " power only what lies so far from the smallest effect of interest: ",
    ]
    for i, (name, row) in enumerate(open_.iterrows()):
        place, unit = f"claims[claim={name}]", str(row["unit"])
        need = math.ceil(problems[name] * (row["resolves"] / row["smallest_effect"]) ** 2)
        text += [
            "; " if i else "",
            Name(str(row["title"])),
            " ",
            Number(row["resolves"], unsigned(row["resolves"], unit), f"{place}.resolves"),
            " (smallest effect of interest ",
            Number(
                row["smallest_effect"],
                unsigned(row["smallest_effect"], unit),
                f"{place}.smallest_effect",
            ),
            "; about ",
            count(need, f"{place}: n_problems x (resolves / smallest_effect) squared"),
            " problems would do)",
        ]
    return [*text, "."]
