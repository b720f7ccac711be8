"""The plan as text for the terminal: problems or draws for each difference to be seen."""

from __future__ import annotations

import pandas as pd

from itc.estimate.text import aligned

HEAD = ("compared", "points", "95 %", "these problems", "draw noise", "seen", "needs for")
EXPLAINED = """\
points: the difference as recorded; 95 %: its interval for the problems meant; these problems: its
interval under fresh draws to the same problems; draw noise: share of its variance that the draws
cause; seen: least true difference found with 80 % power at the 5 % level as recorded. Needs:
problems at the recorded draws, or draws at the recorded problems, for a difference of that many
points; "-" where no number of draws suffices, * at the one that asks fewer responses."""


def render(plan: pd.DataFrame) -> str:
    """Text of table ``planning``, one line per pair, datasets apart."""
    if plan.empty:
        return "No two strategies or models of this study can be compared: evaluate it first."
    effects = sorted(plan["effect"].unique())
    lines = []
    for (dataset, problems), own in plan.groupby(["dataset", "n_problems"], sort=True):
        lines += ["", f"{dataset}, {problems} problems"]
        head = (*HEAD[:-1], *(f"{HEAD[-1]} {100 * effect:g}" for effect in effects))
        keys = ["scope", "model", "strategy", "against"]
        rows = [_cells(pair) for _, pair in own.groupby(keys, sort=True)]
        lines += aligned([head, *rows])
    return "\n".join([*lines[1:], "", EXPLAINED])


def _cells(pair: pd.DataFrame) -> tuple[str, ...]:
    first = pair.sort_values("effect").iloc[0]
    name = f"{first['model']}: {first['strategy']} at {first['budget']} - "
    name += f"{first['against']} at {first['against_budget']}, {first['n_draws']} draws"
    interval = [
        f"{100 * first[low]:+.1f} to {100 * first[high]:+.1f}"
        for low, high in (("low", "high"), ("fixed_low", "fixed_high"))
    ]
    seen = "-" if pd.isna(first["detectable"]) else f"{100 * first['detectable']:.1f}"
    noise = "-" if pd.isna(first["draw_share"]) else f"{100 * first['draw_share']:.0f} %"
    points = f"{100 * first['difference']:+.1f}"
    needs = [_need(row) for _, row in pair.sort_values("effect").iterrows()]
    return (name, points, *interval, noise, seen, *needs)


def _need(row: pd.Series) -> str:
    if row["cheaper"] == "unknown":
        return "never differed"
    if row["cheaper"] == "enough":
        return "enough"
    marks = {name: "*" if row["cheaper"] == name else "" for name in ("problems", "draws")}
    draws = "-" if pd.isna(row["draws_needed"]) else f"{row['draws_needed']:,.0f} draws"
    return f"{row['problems_needed']:,.0f} problems{marks['problems']} or {draws}{marks['draws']}"
