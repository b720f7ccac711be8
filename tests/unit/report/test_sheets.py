"""Claims as JSON, main results as LaTeX, explorers as files of their own."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
from itc.report.explorers import file_name, render_explorers
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
    table = main_results(curves).set_index(["dataset", "model"])
    own = curves[(curves["dataset"] == "all") & (curves["model"] == "tiny-reasoner")]
    row = table.loc["all", "tiny-reasoner"]
    runnable = own[own["strategy"] != "coverage"]
    assert row["best"] == runnable["accuracy"].max()
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
    assert latex({}) == {}


def test_missing_cells_of_a_latex_table_are_dashes() -> None:
    frame = synthetic.claims(synthetic.DEMO).assign(effect=np.nan)
    text = booktabs(frame, [Column("claim", "Claim"), Column("effect", "E", "number")], "c", "l")
    assert text.count("& --") == len(frame)


def test_explorers_are_one_safe_file_per_dataset() -> None:
    rows = synthetic.examples(synthetic.DEMO)
    rows.loc[rows["dataset"] == "chain_sum", "dataset"] = "../odd name"
    reports = synthetic.REPORTS
    pages = render_explorers({}, rows, {"study": "x"}, reports / "templates", reports / "static")
    assert set(pages) == {"explorer-.._odd_name.html", "explorer-spell_backward.html"}
    assert "/" not in file_name("../../etc/passwd")
    for html in pages.values():
        assert html.count("<script") == 2 and "data-explorer" in html
        assert len(html) < 15_000_000
