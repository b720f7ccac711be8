"""The page: self-contained, escaped, every number sourced, nothing lost when tables are absent."""

from __future__ import annotations

import base64
import gzip
import importlib.util
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from itc import registry
from itc.figures._save import save
from itc.report import captions, page
from itc.report.context import Context
from itc.report.inline_svg import UnsafeSvgError, inline
from itc.report.render import (
    PACK,
    data_script,
    environment,
    in_order,
    json_script,
    render_report,
)
from itc.report.sections import claims as claims_section
from itc.report.sections import headline
from itc.report.sections import markers as markers_section
from markupsafe import Markup

REPO = Path(__file__).resolve().parents[3]
REPORTS = REPO / "reports"
_spec = importlib.util.spec_from_file_location("synthetic", Path(__file__).parent / "synthetic.py")
synthetic = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(synthetic)

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">"&\u202e\u0007 javascript:alert(3)'
)
FOLDERS = (REPORTS / "captions", REPORTS / "templates", REPORTS / "static")


VOID = {"meta", "link", "input", "br", "img", "hr", "use", "path", "rect"}


class Document(HTMLParser):
    """Tags with attributes and ids of a page, and unclosed elements."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.problems: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def ids(self) -> list[str]:
        return [a["id"] for _, a in self.tags if a.get("id")]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("figures")
    tables, paths = synthetic.tables(synthetic.DEMO), {}
    for name in registry.names("figures"):
        paths[name] = folder / f"{name}.svg"
        save(*registry.load("figures", name).draw(tables), paths[name])
    return paths


@pytest.fixture(scope="module")
def html(figures: dict[str, Path]) -> str:
    tables = synthetic.tables(synthetic.DEMO)
    return render_report(
        tables, figures, synthetic.provenance(list(figures), list(tables)), *FOLDERS
    )


def test_the_page_is_whole_and_has_unique_ids(html: str) -> None:
    document = Document(html)
    assert not document.problems and not document.open
    assert len(document.ids) == len(set(document.ids))
    anchors = {a["href"][1:] for t, a in document.tags if t == "a" and a["href"].startswith("#")}
    assert anchors <= set(document.ids)
    used = {a["href"][1:] for t, a in document.tags if t == "use"}
    assert used and used <= set(document.ids)
    labels = {
        i
        for _, a in document.tags
        for key in ("aria-labelledby", "aria-controls")
        for i in (a.get(key) or "").split()
    }
    assert labels <= set(document.ids)


def test_no_address_outside_the_file(html: str) -> None:
    assert not re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", html, re.I)
    assert "@import" not in html and "xmlns" not in html
    for tag, attributes in Document(html).tags:
        for key in ("src", "href", "action", "data", "poster"):
            value = attributes.get(key)
            if value is not None and tag != "data":
                assert value.startswith(("#", "figures/", "data:,")), (tag, key, value)


def test_same_input_gives_the_same_page(html: str, figures: dict[str, Path]) -> None:
    tables = synthetic.tables(synthetic.DEMO)
    record = synthetic.provenance(list(figures), list(tables))
    assert render_report(tables, figures, record, *FOLDERS) == html


def test_every_figure_is_there_with_words_for_who_cannot_see_it(html: str, figures: dict) -> None:
    drawn = [n for n in figures if n not in ("frontier_money", "frontier_gpu_seconds")]
    for name in drawn:
        assert f'id="figure-{name}"' in html and f'<title id="{name}-title">' in html
        description = re.search(rf'<desc id="{name}-desc">([^<]+)</desc>', html)
        assert description and len(description[1].split()) > 20
    assert "Not recorded in this study: GPU-seconds, money" in Document(html).text


def test_numbers_of_the_headline_are_those_of_the_table(html: str) -> None:
    tables = synthetic.tables(synthetic.DEMO)
    points = tables["best_points"].set_index(["dataset", "scope"])
    best = points.loc["all", "every point"]
    found = re.findall(r'<data value="([\d.]+)"[^>]*title="Source: ([^"]+)">([^<]+)<', html)
    assert found, "prose numbers carry value and source"
    top = [text for value, source, text in found if float(value) == best["accuracy"]]
    assert top and top[0] == f"{100 * best['accuracy']:.1f}\N{NO-BREAK SPACE}%"
    assert all(any(name in source for name in tables) for _, source, _ in found)


def test_prose_with_an_unsourced_number_fails_the_build() -> None:
    with pytest.raises(page.UnsourcedNumberError, match="82"):
        page.Prose(("accuracy reaches 82 per cent",))
    with pytest.raises(page.UnsourcedNumberError, match="no source"):
        page.Number(0.82, "82 %", " ")


def test_tables_absent_or_empty_leave_a_page_that_says_so(tmp_path: Path) -> None:
    for tables in ({}, {name: pd.DataFrame() for name in synthetic.tables(synthetic.DEMO)}):
        document = Document(render_report(tables, {}, {"study": "empty"}, *FOLDERS))
        assert "no headline yet" in document.text and not document.problems


def test_sections_can_be_chosen_and_homeless_figures_are_kept(figures: dict) -> None:
    tables = synthetic.tables(synthetic.DEMO)
    html = render_report(tables, figures, {"study": "x"}, *FOLDERS, sections=["figures", "quality"])
    document = Document(html)
    headings = [a["id"] for t, a in document.tags if t == "section"]
    assert headings == ["quality", "figures"]
    assert 'id="figure-markers"' in html


def test_sections_come_in_their_order() -> None:
    names = in_order()
    assert names[0] == "headline" and names[-1] == "provenance"
    assert set(names) == set(registry.names("sections"))


def test_hostile_names_and_titles_are_text(figures: dict[str, Path]) -> None:
    tables = synthetic.tables(synthetic.DEMO)
    for name, frame in tables.items():
        for column in ("model", "dataset", "strategy", "title", "reason", "category", "licence"):
            if column in frame:
                swapped = frame[column].replace({"tiny-reasoner": HOSTILE, "chain_sum": HOSTILE})
                tables[name] = frame = frame.assign(**{column: swapped})
    record = synthetic.provenance(list(figures), list(tables))
    record |= {"title": HOSTILE, "notice": HOSTILE, "study": HOSTILE, "command": HOSTILE}
    document = Document(render_report(tables, figures, record, *FOLDERS))
    assert not document.problems
    scripts = [a for t, a in document.tags if t == "script"]
    assert all(set(a) <= {"type"} for a in scripts)
    assert not [t for t, _ in document.tags if t == "img"]
    assert not [a for _, a in document.tags if any(k.startswith("on") for k in a)]
    assert "<script>alert(1)</script>" in document.text, "shown as it was written"


def test_json_cannot_close_its_script_element() -> None:
    text = json_script({"a": "</script><!--", "b": "\u2028", "c": "\ud800"})
    assert "<" not in text and "\u2028" not in text
    assert json.loads(text.replace("?", ""))["a"] == "</script><!--"


def test_long_data_are_packed_and_short_ones_are_not() -> None:
    short = data_script({"a": "</script>"})
    assert short.startswith('<script type="application/json">') and short.count("<") == 2
    value = {"a": ["</script><!-- ä"] * PACK}
    packed = data_script(value)
    assert packed == data_script(value), "equal data are equal bytes"
    assert len(packed) < len(json_script(value)) / 20
    found = re.fullmatch(r'<script type="application/gzip">([A-Za-z0-9+/=]+)</script>', packed)
    assert json.loads(gzip.decompress(base64.b64decode(found[1]))) == value


def test_autoescape_is_on() -> None:
    assert environment(REPORTS / "templates").from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    "body",
    [
        "<script>1</script>",
        '<a href="x">y</a>',
        '<g onload="x()"/>',
        '<use xlink:href="evil.svg#a"/>',
        "<foreignObject/>",
    ],
)
def test_active_svg_is_refused(body: str) -> None:
    with pytest.raises(UnsafeSvgError):
        inline(f'<svg viewBox="0 0 1 1">{body}</svg>', "f", "t", "d")


def test_marks_of_one_group_say_their_style_once() -> None:
    one = '<use xlink:href="#m" x="1.23456" y="2.0" style="fill: #0b4f9e"/>'
    other = one.replace("#0b4f9e", "#c2470a")
    svg = '<svg viewBox="0 0 9 9"><g id="m"/><g clip-path="url(#c)">{}</g></svg>'
    same = inline(svg.format(one * 3), "f", "t", "d")
    assert same.count("style=") == 1 and same.count("<use ") == 3
    assert (
        '<g clip-path="url(#f-c)" style="fill: var(--m0)"><use href="#f-m" x="1.23" y="2.0"/>'
        in same
    )
    mixed = inline(svg.format(one + other), "f", "t", "d")
    assert mixed.count("style=") == 2


def test_words_in_a_drawing_are_not_mistaken_for_code() -> None:
    svg = '<svg viewBox="0 0 1 1"><text>effect on accuracy = 1, javascript: no</text></svg>'
    assert "javascript: no" in inline(svg, "f", "t", "d")


def test_captions_cannot_include_files_or_raw_html(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("top secret", encoding="utf-8")
    raw = ".. raw:: html\n\n   <script>1</script>\n"
    text = f"Fine *words* <b>x</b>.\n\n.. include:: {secret}\n\n{raw}"
    html = captions.to_html(text)
    assert "<em>words</em>" in html and "&lt;b&gt;" in html
    assert "top secret" not in html and "<script>" not in html


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (0.8234, "percent", "82.3\N{NO-BREAK SPACE}%"),
        (-0.031, "points", "\N{MINUS SIGN}3.1"),
        (123456.7, "integer", "123,457"),
        (12.34, "tokens", "12.3"),
        (12345.6, "tokens", "12,346"),
        (0.0004, "p", "< 0.001"),
        (0.0421, "p", "0.042"),
        (0.00001234, "number", "1.23e\N{MINUS SIGN}05"),
        (3.14159, "number", "3.14"),
        (-470.3, "signed", "\N{MINUS SIGN}470"),
        (2.5, "signed", "+2.50"),
        (None, "percent", "–"),
    ],
)
def test_numbers_have_sensible_digits(value: float | None, style: str, text: str) -> None:
    assert page.show(value, style) == text


def test_missing_values_become_null_not_nan() -> None:
    assert page.plain(float("nan"), "number") is None
    assert page.plain(pd.NA, "text") is None
    assert page.plain(float("inf"), "number") is None


def test_a_figure_file_added_later_appears(figures: dict[str, Path], tmp_path: Path) -> None:
    extra = tmp_path / "brand_new.svg"
    extra.write_text('<svg viewBox="0 0 9 9"><path d="M 0 0"/></svg>', encoding="utf-8")
    html = render_report({}, {"brand_new": extra}, {"study": "x"}, *FOLDERS)
    assert 'id="figure-brand_new"' in html and "Further figures" in html


def test_titles_come_from_the_study(figures: dict[str, Path]) -> None:
    context = Context(tables=synthetic.tables(synthetic.DEMO))
    assert context.dataset("chain_sum").text == "Chain Sum"
    assert context.dataset("all").text == "all datasets"
    assert context.strategy("coverage").text == "Coverage (pass@n)"
    assert context.reasons("tiny-direct") is False and context.reasons("who") is None


def test_markup_of_a_figure_is_not_escaped_twice(html: str) -> None:
    assert "&lt;svg" not in html and isinstance(captions.to_html("x"), Markup)


def test_headline_has_three_claims_decided_ones_first(html: str) -> None:
    tables = synthetic.tables(synthetic.DEMO)
    found = headline.findings(Context(tables=tables))
    assert [(f.claim, f.verdict) for f in found] == [
        ("reasoning_floor", "supported"),
        ("majority_robust", "opposite"),
        ("shorter_is_right", "undecided"),
    ]
    words = "".join(p if isinstance(p, str) else p.text for p in found[2].evidence)
    assert "or more is ruled out" in words  # the primary endpoint, not the pooled part
    tested = "".join(p if isinstance(p, str) else p.text for p in found[1].evidence)
    assert tested.startswith("Tested: 1 strategy: Shortest of n.")
    numbers = [part for part in found[0].evidence if isinstance(part, page.Number)]
    assert [n.value for n in numbers] == pytest.approx([0.31, 0.24, 0.38])
    assert all(n.source.startswith("claims[claim=reasoning_floor") for n in numbers)
    assert html.index('class="findings"') < html.index('id="figure-frontier"')


def test_tables_of_markers_name_their_lexicons_and_every_variant() -> None:
    blocks = markers_section.build(Context(tables=synthetic.tables(synthetic.DEMO)))
    tables = {b.name: b for b in blocks.blocks if isinstance(b, page.TableBlock)}
    assert set(tables) == {"markers", "learned_votes", "marker_sensitivity"}
    assert "0" * 64 in tables["markers"].note
    kinds = [c.key for c in tables["marker_sensitivity"].columns].index("kind")
    shown = {row[kinds] for row in tables["marker_sensitivity"].rows}
    assert shown == {"whole", "category", "half", "without a marker"}
    sources = [c.key for c in tables["learned_votes"].columns].index("held_out")
    assert {row[sources] for row in tables["learned_votes"].rows} == set(
        markers_section.SOURCES.values()
    )


@pytest.mark.parametrize("verdict", ["undecided", "too small", "not tested"])
def test_what_features_add_to_a_vote_is_a_headline_even_if_nothing(verdict: str) -> None:
    claims = synthetic.claims(synthetic.DEMO)
    other = claims[claims["claim"] != "features_improve_vote"]
    votes = ("marker_filtered", "marker_weighted", "regression_weighted")
    row = other.iloc[[0]].assign(claim="features_improve_vote", verdict=verdict, effect=0.0)
    row = row.assign(claim_verdict=verdict, joint_low=-0.01, joint_high=0.01)
    parts = pd.concat([other, *(row.assign(part=p) for p in votes)])
    found = headline.findings(Context(tables={"claims": parts.reset_index(drop=True)}))
    if verdict == "not tested":
        assert len(found) == 3
        return
    own = next(f for f in found if f.claim == "features_improve_vote")
    numbers = [n.value for n in own.evidence if isinstance(n, page.Number)]
    assert numbers == pytest.approx([0.0, -0.01, 0.01] * 3)


def test_many_parts_of_a_claim_become_one_picture() -> None:
    rows = synthetic.claims(synthetic.DEMO)
    one = rows[rows["claim"] == "reasoning_floor"]
    many = pd.concat([one.assign(part=f"part {i}") for i in range(6)], ignore_index=True)
    board = claims_section.build(Context(tables={"claims": many}))
    assert board.claims[0].drawing.count("<circle") == 6
    assert board.claims[0].counted == "6 supported"
    text = headline.findings(Context(tables={"claims": many}))[0].evidence
    ends = [part.value for part in text if isinstance(part, page.Number)]
    assert ends == pytest.approx([0.24, 0.38])  # of the primary endpoint


def test_the_board_says_how_often_it_errs_and_what_it_cannot_decide() -> None:
    board = claims_section.build(Context(tables=synthetic.tables(synthetic.DEMO)))
    said = [
        "".join(p if isinstance(p, str) else p.text for p in note.parts) for note in board.notes
    ]
    assert "at most 1.2\N{NO-BREAK SPACE}% of boards" in said[0]  # 3 tested claims of 0.4 % each
    assert "cannot decide 1 of the 3 claims" in said[1]
    assert "Shorter is right" in said[1] and "about 195 problems" in said[1]  # 60 x 1.8 squared
    assert [c.label for c in board.summary.cards] == [
        "supported",
        "opposite",
        "undecided",
        "not tested",
    ]
    assert [c.number.value for c in board.summary.cards] == [1, 1, 1, 1]  # claims, not parts


def test_figures_of_a_switch_share_their_number(html: str) -> None:
    found = re.findall(r'<span class="fignum">Figure (\w+)</span>', html)
    assert found[:4] == ["1a", "1b", "1c", "1d"] and found[4] == "2"
    assert len(found) == len(set(found))


def test_a_figure_without_data_is_one_line_that_says_why(figures: dict, tmp_path: Path) -> None:
    path = tmp_path / "calibration.svg"
    save(*registry.load("figures", "calibration").draw({}), path)
    html = render_report({}, {"calibration": path}, {"study": "x"}, *FOLDERS)
    part = html.split('id="figure-calibration"')[1][:300]
    assert "Nothing to draw: no model has enough problems" in part and "<svg" not in part
