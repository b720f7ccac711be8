"""Claims as JSON, main results as LaTeX, explorers as files of their own."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
from itc.report.explorers import render_explorer
from itc.report.page import Column
from itc.report.sheets import booktabs, claim_sheet, escape, latex, main_results

_spec = importlib.util.spec_from_file_location("synthetic", Path(__file__).parent / "synthetic.py")
synthetic = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(synthetic)


def test_claim_sheet_is_valid_json_with_nulls_and_evidence() -> None:
    claims, evidence = synthetic.claims(synthetic.DEMO), synthetic.claim_evidence(synthetic.DEMO)
    sheet = json.loads(claim_sheet(claims, evidence, {"study": "demo", "commit": "abc"}))
    assert sheet["provenance"]["commit"] == "abc"
    found = {(c["claim"], c["part"]): c for c in sheet["claims"]}
    assert len(found) == len(claims)
    assert found["thinking_helps", "all"]["effect"] is None
    assert found["thinking_helps", "all"]["evidence"] == []
    floor = found["reasoning_floor", "all"]
    assert floor["effect"] == 0.31 and len(floor["evidence"]) == 4
    shuffled = claims.sample(frac=1, random_state=1)
    again = claim_sheet(shuffled, evidence.sample(frac=1, random_state=1), {"study": "demo"})
    assert again == claim_sheet(claims, evidence, {"study": "demo"})


def test_main_results_take_their_numbers_from_the_curves() -> None:
    curves = synthetic.curves(synthetic.DEMO)
    best = synthetic.tables(synthetic.DEMO)["best_points"]
    table = main_results(curves, best).set_index(["dataset", "model"])
    own = curves[(curves["dataset"] == "all") & (curves["model"] == "tiny-reasoner")]
    row = table.loc["all", "tiny-reasoner"]
    held_out = best.set_index(["dataset", "scope"]).loc["all", "tiny-reasoner"]
    assert row["best"].startswith(f"{100 * held_out['accuracy']:.1f} [")
    assert row["gain"] == "+6.0 [+3.0, +9.0]"
    assert main_results(curves, None)["single"].notna().all()
    assert row["coverage"] == own[own["strategy"] == "coverage"]["accuracy"].max()
    assert row["single"] == own.loc[own["strategy"] == "single", "accuracy"].iloc[0]


def test_latex_tables_are_balanced_and_escaped() -> None:
    texts = latex(synthetic.tables(synthetic.DEMO))
    assert set(texts) == {"main_results.tex", "claims.tex"}
    for text in texts.values():
        assert text.count(r"\begin{") == text.count(r"\end{")
        rows = [line for line in text.splitlines() if line.endswith(r"\\")]
        assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1
        assert "nan" not in text
    assert escape("50% of a_b & $x$ \\ {y}") == (r"50\% of a\_b \& \$x\$ \textbackslash{} \{y\}")


def test_latex_tables_of_nothing_are_whole_and_without_rows() -> None:
    for text in latex({}).values():
        assert r"\toprule" in text and r"\bottomrule" in text
        assert len([line for line in text.splitlines() if line.endswith(r"\\")]) == 1, "the head"


def test_missing_cells_of_a_latex_table_are_dashes() -> None:
    frame = synthetic.claims(synthetic.DEMO).assign(effect=np.nan)
    text = booktabs(frame, [Column("claim", "Claim"), Column("effect", "E", "number")], "c", "l")
    assert text.count("& --") == len(frame)


def test_an_explorer_is_one_safe_file_that_leads_back() -> None:
    rows = synthetic.examples(synthetic.DEMO)
    rows = rows[rows["dataset"] == "chain_sum"]
    folders = (synthetic.REPORTS / "templates", synthetic.REPORTS / "static")
    html = render_explorer("chain_sum", {}, rows, {"study": "x"}, *folders)
    assert html.count("<script") == 2 and "data-explorer" in html
    assert 'href="report.html"' in html and len(html) < 15_000_000
    empty = render_explorer("chain_sum", {}, rows.iloc[:0], {"study": "x"}, *folders)
    assert "has a text on record" in empty and " data-explorer " not in empty
