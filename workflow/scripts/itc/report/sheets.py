"""What leaves the page for other papers and programs: claims as JSON, main results as LaTeX."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

from itc.figures._frontier import upper_bounds
from itc.report.context import Context
from itc.report.page import MINUS, NBSP, Column, plain, show

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
    Column("majority", "Majority", "percent"),
    Column("budget", "$n$", "integer"),
    Column("best_strategy", "Best strategy"),
    Column("best", "Best", "percent"),
    Column("low", "95\\,\\% low", "percent"),
    Column("high", "high", "percent"),
    Column("coverage", "Coverage", "percent"),
    Column("cost_output_tokens", "Tokens", "tokens"),
]
CLAIMS = [
    Column("title", "Claim"),
    Column("part", "Part"),
    Column("verdict", "Verdict"),
    Column("effect", "Effect", "number"),
    Column("low", "95\\,\\% low", "number"),
    Column("high", "high", "number"),
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


def main_results(curves: pd.DataFrame) -> pd.DataFrame:
    """Per dataset and model: one sample, majority vote at its largest budget, the best strategy
    with interval and cost, and coverage.
    """
    bound = upper_bounds(curves)
    rows = []
    for (dataset, model), part in curves.groupby(["dataset", "model"], sort=True):
        runnable = part[~bound.loc[part.index]]
        if runnable.empty:
            continue
        order = ["accuracy", "budget", "strategy"]
        best = runnable.sort_values(order, ascending=[False, True, True]).iloc[0]
        rows.append(
            {
                "dataset": dataset,
                "model": model,
                "single": _at(part, "single", largest=False),
                "majority": _at(part, "majority"),
                "budget": best["budget"],
                "best_strategy": best.get("strategy_title") or best["strategy"],
                "best": best["accuracy"],
                "low": best["low"],
                "high": best["high"],
                "coverage": _at(part, "coverage"),
                "cost_output_tokens": best.get("cost_output_tokens"),
            }
        )
    return pd.DataFrame(rows)


def _at(part: pd.DataFrame, strategy: str, largest: bool = True) -> float:
    own = part[part["strategy"] == strategy].sort_values("budget")
    return float("nan") if own.empty else float(own["accuracy"].iloc[-1 if largest else 0])


def latex(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """File name -> LaTeX of the main results and the claims; without rows where there are none."""
    context = Context(tables=tables)
    curves = context.table("curves", "dataset", "model", "strategy", "budget", "low", "high")
    claims = context.table("claims", "title", "part", "verdict", "effect")
    results = None if curves is None else context.named(main_results(curves))
    accuracy = "Accuracy by dataset and model; 95 % intervals for the problems meant."
    verdicts = "Claims, verdicts and effects with 95 % intervals clustered by problem."
    return {
        "main_results.tex": booktabs(_of(results, RESULTS), RESULTS, accuracy, "tab:main"),
        "claims.tex": booktabs(_of(claims, CLAIMS), CLAIMS, verdicts, "tab:claims"),
    }


def _of(frame: pd.DataFrame | None, columns: list[Column]) -> pd.DataFrame:
    return pd.DataFrame(columns=[c.key for c in columns]) if frame is None else frame


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
    text = json.dumps(
        {"provenance": record, "claims": sheet}, indent=2, ensure_ascii=False, allow_nan=False
    )
    return text + "\n"


def _json(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
