"""What leaves the page for other papers and programs: claims as JSON, main results as LaTeX."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from itc.figures._frontier import upper_bounds
from itc.report.board import amount, unit_of
from itc.report.context import Context
from itc.report.page import MINUS, NBSP, Column, plain, show
from itc.report.sections.claims import RULES

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "[": "{[}",  # behind a line's end it would open an optional argument
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    MINUS: "$-$",
    NBSP: "~",
    "–": "--",
}
RESULTS = [
    Column("dataset", "Dataset"),
    Column("model", "Model"),
    Column("single", "One sample", "percent"),
    Column("majority", "Vote", "percent"),
    Column("votes", "$n$", "integer"),
    Column("best_strategy", "Best strategy"),
    Column("budget", "$n$", "integer"),
    Column("best", "Held out {[}95\\,\\%{]}"),
    Column("gain", "Gain {[}95\\,\\%{]}"),
    Column("coverage", "Coverage", "percent"),
    Column("cost_output_tokens", "Tokens", "tokens"),
]
CLAIMS = [
    Column("title", "Claim"),
    Column("claim_verdict", "Verdict"),
    Column("part", "Part"),
    Column("verdict", "of the part"),
    Column("effect", "Effect {[}joint 95\\,\\%{]}"),
    Column("unit", "Unit"),
    Column("n_agree", "Agree", "integer"),
    Column("n_units", "of", "integer"),
]


def escape(text: str) -> str:
    """Text as LaTeX prints it; control characters are dropped."""
    return "".join(_LATEX.get(c, c) for c in text if c >= " ")


def booktabs(frame: pd.DataFrame, columns: list[Column], caption: str, label: str) -> str:
    """A ``booktabs`` table; titles of ``columns`` are LaTeX already, cells are escaped."""
    kept = [c for c in columns if c.key in frame.columns]
    align = "".join("l" if c.style == "text" else "r" for c in kept)
    lines = [
        r"\begin{table}",
        rf"  \caption{{{escape(caption)}}}",
        rf"  \label{{{label}}}",
        rf"  \begin{{tabular}}{{{align}}}",
        r"    \toprule",
        "    " + " & ".join(c.title for c in kept) + r" \\",
        r"    \midrule",
    ]
    for row in frame.to_dict("records"):
        cells = [escape(show(plain(row[c.key], c.style), c.style)) for c in kept]
        lines.append("    " + " & ".join(cells) + r" \\")
    return "\n".join([*lines, r"    \bottomrule", r"  \end{tabular}", r"\end{table}", ""])


def main_results(curves: pd.DataFrame, best: pd.DataFrame | None) -> pd.DataFrame:
    """Per dataset and model: one sample, majority vote at its largest budget, the best strategy
    with its accuracy and gain on problems that did not choose it (table ``best_points``), coverage.
    """
    chosen = {} if best is None else best.set_index(["dataset", "scope"]).to_dict("index")
    bound = upper_bounds(curves)
    rows = []
    for (dataset, model), part in curves.groupby(["dataset", "model"], sort=True):
        if part[~bound.loc[part.index]].empty:
            continue
        row = {
            "dataset": dataset,
            "model": model,
            "single": _at(part, "single", largest=False),
            "majority": _at(part, "majority"),
            "votes": part.loc[part["strategy"] == "majority", "budget"].max(),
            "coverage": _at(part, "coverage"),
        }
        top = chosen.get((dataset, model))
        if top is not None:
            same = (part["strategy"] == top["strategy"]) & (part["budget"] == top["budget"])
            own = part[same].iloc[0]
            row |= {
                "best_strategy": own.get("strategy_title") or top["strategy"],
                "budget": top["budget"],
                "best": _with_ends(top, ("accuracy", "low", "high"), "percent"),
                "gain": _with_ends(top, ("gain", "gain_low", "gain_high"), "points"),
                "cost_output_tokens": own.get("cost_output_tokens"),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _with_ends(row: Mapping[str, Any], keys: tuple[str, str, str], style: str) -> str:
    """A value with its interval in one cell; the unit once."""
    value, low, high = (show(plain(row[key], style), style) for key in keys)
    return f"{value} [{low}, {high}]".replace(f"{NBSP}%", "")


def _at(part: pd.DataFrame, strategy: str, largest: bool = True) -> float:
    own = part[part["strategy"] == strategy].sort_values("budget")
    return float("nan") if own.empty else float(own["accuracy"].iloc[-1 if largest else 0])


def latex(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """File name -> LaTeX of the main results and the claims; without rows where there are none."""
    context = Context(tables=tables)
    curves = context.table("curves", "dataset", "model", "strategy", "budget", "low", "high")
    claims = context.table("claims", "title", "part", "verdict", "effect")
    best = context.table("best_points", "dataset", "scope", "accuracy", "gain")
    results = None if curves is None else context.named(main_results(curves, best))
    if claims is not None:
        claims = claims.assign(
            part=[context.strategy(str(part)).text for part in claims["part"]],
            effect=[_effect(row) for row in claims.to_dict("records")],
            unit=claims["unit"].map(unit_of),
        )
    accuracy = (
        "Accuracy by dataset and model in per cent. The best strategy is chosen on four fifths of "
        "the problems and scored on the last, in turn; its gain over one sample is paired."
    )
    verdicts = (
        "Claims and their parts: verdicts and effects with 95 % intervals that hold for all parts "
        "of a claim together, clustered by problem."
    )
    return {
        "main_results.tex": booktabs(_of(results, RESULTS), RESULTS, accuracy, "tab:main"),
        "claims.tex": booktabs(_of(claims, CLAIMS), CLAIMS, verdicts, "tab:claims"),
    }


def _of(frame: pd.DataFrame | None, columns: list[Column]) -> pd.DataFrame:
    return pd.DataFrame(columns=[c.key for c in columns]) if frame is None else frame


def _effect(row: Mapping[str, Any]) -> str | None:
    """An effect with the interval that decided, in the claim's unit (shares in points)."""
    if not math.isfinite(row["effect"]):
        return None
    value, low, high = (
        amount(row[key], str(row["unit"])) for key in ("effect", "joint_low", "joint_high")
    )
    return f"{value} [{low}, {high}]"


def claim_sheet(
    claims: pd.DataFrame, evidence: pd.DataFrame | None, provenance: dict[str, Any]
) -> str:
    """All claims with their evidence as JSON text: stable order, null for what is unknown."""
    sheet = []
    for row in claims.sort_values(["claim", "part"]).to_dict("records"):
        entry = {key: _json(value) for key, value in row.items()}
        if evidence is not None:
            own = evidence[(evidence["claim"] == row["claim"]) & (evidence["part"] == row["part"])]
            own = own.drop(columns=["claim", "part"]).sort_values(["model", "dataset"])
            entry["evidence"] = [
                {k: _json(v) for k, v in unit.items()} for unit in own.to_dict("records")
            ]
        sheet.append(entry)
    keys = ("study", "title", "commit", "dirty", "config_hash")
    record = {key: provenance.get(key) for key in keys}
    whole = {"provenance": record, "verdicts": RULES, "claims": sheet}
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def _json(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
