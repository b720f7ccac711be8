"""The explorer in Chromium: reading by click and key, highlights, and text that means harm."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def hostile(synthetic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report whose first model answers with everything a page must survive; no figures."""
    tables = synthetic.tables(synthetic.DEMO)
    parts = (synthetic.REPORTS / "captions", synthetic.REPORTS / "templates")
    out = tmp_path_factory.mktemp("hostile") / "report.html"
    text = synthetic.render_report(
        tables, {}, {"study": "x"}, *parts, synthetic.REPORTS / "static",
        synthetic.examples(synthetic.DEMO),
    )  # fmt: skip
    out.write_text(text, encoding="utf-8")
    return out


def test_open_a_draw_by_key_and_read_it_with_markers(hostile: Path, visit) -> None:
    page = visit(hostile)
    explorer = page.locator(".explorer")
    explorer.get_by_label("Problem").select_option(label="p1")
    explorer.get_by_label("Model").select_option("tiny-direct")
    explorer.get_by_label("Verdict").select_option("right")
    assert explorer.get_by_role("status").inner_text() == "1–2 of 2 draws"
    draw = explorer.get_by_role("button", name="tiny-direct 0")
    draw.press("Enter")
    assert draw.get_attribute("aria-pressed") == "true"
    reader = explorer.locator(".reader")
    assert reader.locator("mark.mark-2", has_text="Therefore").count() == 1
    fold = reader.locator("details")
    assert fold.get_attribute("open") is None, "thinking is folded at first"
    fold.locator("summary").press("Enter")
    assert "Wait" in fold.locator("mark.mark-1").first.inner_text()
    reader.get_by_label("thinking").uncheck()
    assert fold.locator("mark.mark-1").count() == 0
    assert reader.locator("mark.mark-2", has_text="Therefore").count() == 1
    explorer.get_by_text("Question and gold answer").click()
    assert explorer.locator("[data-gold]").inner_text() == "7"


@pytest.mark.parametrize("width", [390, 1280])
def test_hostile_text_does_not_run_and_does_not_break_the_layout(hostile, visit, width) -> None:
    page = visit(hostile, width)
    explorer = page.locator(".explorer")
    explorer.get_by_label("Model").select_option("tiny-reasoner")
    explorer.get_by_label("Problem").select_option(label="p0")
    buttons = explorer.locator("[data-draws] .open")
    read = []
    for i in range(buttons.count()):
        buttons.nth(i).click()
        read.append(explorer.locator(".reader .verbatim").last.inner_text())
        assert page.evaluate(WIDE) <= 0, f"draw {i} pushes the page sideways"
    assert page.evaluate("window.hacked") is None
    assert explorer.locator("img, iframe, .reader a, .reader h1, .reader script").count() == 0
    everything = "\n".join(read)
    assert "<script>window.hacked = 1</script>" in everything, "shown as it was written"
    assert "javascript:window.hacked" in everything
    assert "U+202E" in everything and "\u202e" not in everything
    assert "␇" in everything and "\x07" not in everything
    assert "characters left out" in everything
    assert page.locator("footer.colophon").is_visible() and page.locator("h1").count() == 1


def test_the_page_stays_small_and_opens_fast(hostile: Path, visit) -> None:
    assert hostile.stat().st_size < 5_000_000
    page = visit(hostile)
    began = time.perf_counter()
    page.reload()
    assert time.perf_counter() - began < 5, "generous: a busy machine runs this test too"


def test_the_claims_board_opens_on_one_click(hostile: Path, visit) -> None:
    page = visit(hostile)
    claim = page.locator("#claim-reasoning_floor")
    assert claim.locator(".forest").is_hidden()
    claim.locator("summary").click()
    assert claim.locator(".forest").is_visible()
    assert "smallest effect of interest" in claim.inner_text().lower()


def test_a_response_is_open_at_first_and_procedures_can_be_chosen(synthetic, visit, tmp_path):
    rows = synthetic.examples(synthetic.DEMO, hostile=False)
    judged = rows[rows["draw"] < 2].assign(procedure="judge_score", round=1)
    out = tmp_path / "report.html"
    out.write_text(
        synthetic.render_report(
            synthetic.tables(synthetic.DEMO), {}, {"study": "x"},
            synthetic.REPORTS / "captions", synthetic.REPORTS / "templates",
            synthetic.REPORTS / "static", synthetic.pd.concat([rows, judged], ignore_index=True),
        ), encoding="utf-8",
    )  # fmt: skip
    page = visit(out)
    explorer = page.locator(".explorer")
    assert "Therefore" in explorer.locator(".reader").inner_text()
    assert explorer.locator("[data-status]").inner_text() == "1–8 of 8 draws", "samples first"
    explorer.get_by_label("Procedure").select_option("judge_score")
    assert explorer.locator("[data-status]").inner_text() == "1–4 of 4 draws"
    assert "judge score 1" in explorer.locator("[data-draws]").inner_text()


def test_an_explorer_of_its_own_opens_without_a_server_and_leads_back(synthetic, visit, tmp_path):
    from itc.report.explorers import render_explorer

    rows = synthetic.examples(synthetic.DEMO)
    rows = rows[rows["dataset"] == "chain_sum"]
    folders = (synthetic.REPORTS / "templates", synthetic.REPORTS / "static")
    tables = synthetic.tables(synthetic.DEMO)
    (tmp_path / "report.html").write_text("<title>the report</title>", encoding="utf-8")
    out = tmp_path / "explorer-chain_sum.html"
    out.write_text(
        render_explorer("chain_sum", tables, rows, {"study": "x"}, *folders), encoding="utf-8"
    )
    page = visit(out, 390)
    assert page.evaluate(WIDE) <= 0 and page.evaluate("window.hacked") is None
    page.locator("[data-draws] .open").first.press("Enter")
    assert page.locator(".reader .verbatim").count() >= 1
    page.get_by_role("link", name="Back to the report").click()
    assert page.title() == "the report"
