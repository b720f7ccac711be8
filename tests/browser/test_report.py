"""The report in Chromium: drawn whole at every width, usable by click and by key, quiet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from itc.report import render

pytestmark = pytest.mark.browser

WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_is_drawn_and_the_page_fits(report: Path, visit, width, scheme) -> None:
    page = visit(report, width, color_scheme=scheme)
    assert page.evaluate(WIDE) <= 0, "the page scrolls sideways"
    seen = 0
    for figure in page.locator("figure").all():
        if not figure.is_visible():
            continue  # the other cost axes
        box = figure.locator(".canvas svg").bounding_box()
        assert box["width"] >= 300 and box["height"] >= 40
        assert (
            page.evaluate("e => e.getBBox().width", figure.locator("svg > g").element_handle()) > 0
        )
        seen += 1
    assert seen >= 6


def test_text_of_figures_follows_the_theme(report: Path, visit) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = visit(report, color_scheme=scheme)
        text = page.locator("#figure-frontier svg text").first
        colours[scheme] = text.evaluate("e => getComputedStyle(e).fill")
    assert colours["light"] != colours["dark"]


def test_theme_button_switches_and_is_remembered(report: Path, visit) -> None:
    page = visit(report, color_scheme="light")
    back = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(back)
    page.get_by_role("button", name="Switch to dark").click()
    dark = page.evaluate(back)
    assert dark != light
    page.reload()
    assert page.evaluate(back) == dark


def test_cost_axis_switches_by_click_and_by_key(report: Path, visit) -> None:
    page = visit(report)
    tabs = page.get_by_role("tab")
    assert tabs.all_inner_texts() == [
        "output tokens",
        "total tokens",
        "sequential tokens",
        "eFLOPs",
    ]
    assert page.locator("#figure-frontier").is_visible()
    tabs.nth(2).click()
    assert page.locator("#figure-frontier_sequential").is_visible()
    assert page.locator("#figure-frontier").is_hidden()
    page.keyboard.press("ArrowRight")
    assert page.locator("#figure-frontier_eflops").is_visible()
    page.keyboard.press("Home")
    assert page.locator("#figure-frontier").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "output tokens"


def column(table, index: int) -> list[str]:
    return table.locator(f"tbody td:nth-child({index})").all_inner_texts()


def test_sorting_by_click_and_by_key(report: Path, visit) -> None:
    page = visit(report)
    table = page.locator("#table-operating-points")
    head = table.get_by_role("button", name="accuracy")
    head.click()
    values = [float(v.split()[0]) for v in column(table, 5)]
    assert values == sorted(values, reverse=True)
    assert table.locator("th").nth(4).get_attribute("aria-sort") == "descending"
    head.press("Enter")
    values = [float(v.split()[0]) for v in column(table, 5)]
    assert values == sorted(values)


def test_filters_paging_and_csv(report: Path, visit) -> None:
    page = visit(report)
    table = page.locator("#table-operating-points")
    table.get_by_label("model").select_option("tiny-direct")
    table.get_by_role("searchbox").fill("coverage")
    assert set(column(table, 2)) == {"tiny-direct"}
    assert set(column(table, 3)) == {"Coverage (pass@n)"}
    assert table.get_by_role("status").inner_text() == "1–12 of 15 rows, 108 without filters"
    table.get_by_role("button", name="Next").click()
    assert len(column(table, 1)) == 3
    assert table.get_by_role("button", name="Next").is_disabled()
    with page.expect_download() as download:
        table.get_by_role("button", name="Save CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 16 and lines[0].startswith("dataset,model,strategy")


@pytest.fixture(scope="module")
def packed(synthetic, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The full report with every table and the explorer packed."""
    texts = synthetic.examples(synthetic.DEMO, hostile=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "PACK", 0)
        folder = tmp_path_factory.mktemp("packed")
        return synthetic.write_report(folder, synthetic.tables(synthetic.DEMO), texts)


def test_packed_data_are_read_as_plain_ones(packed: Path, full_report: Path, visit) -> None:
    assert packed.stat().st_size < full_report.stat().st_size
    assert '<script type="application/json">' not in packed.read_text(encoding="utf-8")
    one, other = visit(packed), visit(full_report)
    for page in (one, other):
        page.locator("#table-operating-points").get_by_role("button", name="accuracy").click()
        page.locator(".explorer").get_by_label("Problem").select_option(index=1)
    for part in ("#table-operating-points", "#table-markers", ".explorer"):
        assert one.locator(part).inner_text() == other.locator(part).inner_text()


def test_a_browser_that_cannot_unpack_shows_the_first_rows(packed: Path, visit, chromium) -> None:
    context = chromium.new_context()
    context.add_init_script("delete window.DecompressionStream")
    old = context.new_page()
    failed: list[str] = []
    old.on("pageerror", lambda error: failed.append(str(error)))
    old.goto(packed.as_uri())
    old.wait_for_function("document.documentElement.dataset.ready === 'yes'")
    new = visit(packed)
    cells = "#table-operating-points tbody td"
    assert old.locator(cells).all_inner_texts() == new.locator(cells).all_inner_texts()
    assert old.get_by_role("button", name="Save CSV").count() == 0 and not failed
    context.close()


def test_data_that_cannot_be_read_are_an_error_and_spare_the_rest(packed: Path, tmp_path, chromium):
    text = packed.read_text(encoding="utf-8")
    opening = '<script type="application/gzip">'
    damaged = tmp_path / "damaged.html"
    damaged.write_text(text.replace(opening, f"{opening}AAAA", 1), encoding="utf-8")
    page, errors = chromium.new_page(), []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto(damaged.as_uri())
    page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
    tables = page.locator(".tableblock").count()
    assert len(errors) == 1 and tables > 1
    assert page.get_by_role("button", name="Save CSV").count() == tables - 1
    page.close()


def test_script_and_server_format_numbers_alike(report: Path, visit, chromium) -> None:
    plain = chromium.new_context(java_script_enabled=False).new_page()
    plain.goto(report.as_uri())
    scripted = visit(report)
    for name in ("operating-points", "lengths", "markers", "regression", "quality"):
        cells = f"#table-{name} tbody td"
        assert plain.locator(cells).all_inner_texts() == scripted.locator(cells).all_inner_texts()
    plain.context.close()


def test_without_scripts_everything_is_still_shown(report: Path, chromium) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(report.as_uri())
    assert all(figure.is_visible() for figure in page.locator("figure").all())
    page.context.close()


def test_contents_menu_on_a_phone(report: Path, visit) -> None:
    page = visit(report, 390, reduced_motion="reduce")  # no smooth scrolling to wait for
    menu = page.get_by_role("button", name="Contents")
    assert page.locator("#toc").is_hidden()
    menu.press("Enter")
    assert menu.get_attribute("aria-expanded") == "true"
    page.locator("#toc a", has_text="Provenance").click()
    assert page.locator("#toc").is_hidden()
    top = page.evaluate("document.querySelector('#provenance').getBoundingClientRect().top")
    assert abs(top) < 700


def test_first_tab_skips_to_the_report(report: Path, visit) -> None:
    page = visit(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_print_shows_every_cost_axis_and_no_tools(report: Path, visit) -> None:
    page = visit(report)
    page.emulate_media(media="print")
    assert page.locator("#figure-frontier_eflops").is_visible()
    assert page.locator(".side").is_hidden() and page.locator(".tools").first.is_hidden()
    assert re.match(rb"%PDF", page.pdf())


SHIFT = """new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const e of list.getEntries()) sum += e.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_the_page_opens(full_report: Path, visit, width) -> None:
    page = visit(full_report, width)
    assert page.evaluate(SHIFT) < 0.1, "the bound that Core Web Vitals call good"


def test_the_typefaces_are_those_in_the_page(report: Path, visit) -> None:
    page = visit(report)
    for family in ("Inter", "Source Serif"):
        assert page.evaluate(
            "async (f) => { await document.fonts.ready; return [...document.fonts]"
            ".some((x) => x.family.includes(f) && x.status === 'loaded'); }",
            family,
        ), family


def test_a_headline_claim_leads_to_its_evidence(report: Path, visit) -> None:
    page = visit(report, reduced_motion="reduce")
    findings = page.locator(".findings li")
    assert findings.count() == 3
    findings.first.get_by_role("link").press("Enter")
    assert page.evaluate("location.hash") == "#claim-reasoning_floor"
    top = page.evaluate(
        "document.querySelector('#claim-reasoning_floor').getBoundingClientRect().top"
    )
    assert 0 <= top < 400
