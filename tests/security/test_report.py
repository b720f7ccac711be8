"""What models and datasets say is shown, never run: page, scripts, figures, LaTeX."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from itc.report import render, sheets
from itc.report.inline_svg import UnsafeSvgError, inline
from itc.report.page import Column

REPO = Path(__file__).resolve().parents[2]
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "<!--<script>",
    "]]><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% include 'page.html' %}",
    "javascript:alert(1)",
    "\u2028\u2029\x00\ud800",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_data_of_scripts_cannot_end_them(text):
    made = str(render.json_script({"text": text, text: 1}))
    assert not re.search("[<>&\u2028\u2029]", made)
    assert json.loads(made)["text"] == text.encode("utf-8", "replace").decode("utf-8") or (
        "\ud800" in text
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_text_on_the_page_is_text(text):
    env = render.environment(REPO / "reports/templates")
    made = env.from_string('<p title="{{ text }}">{{ text }}</p>').render(text=text)
    assert made.count("<") == 2 and made.count('"') == 2 and "49" not in made


def test_the_page_loads_nothing_and_sends_nothing():
    page = (REPO / "reports/templates/page.html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"  # and with it connections, frames, objects, workers
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert not re.search(r"https?:|\*|'unsafe-eval'", policy)


def test_no_template_turns_escaping_off():
    for path in (REPO / "reports/templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", "") and "autoescape" not in text, path


def test_scripts_of_the_page_write_text_not_markup():
    for path in (REPO / "reports/static").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|document\.write|insertAdjacentHTML", text), (
            path
        )


@pytest.mark.parametrize(
    "text",
    [
        r"\input{/etc/passwd}",
        r"\write18{rm -rf ~}",
        r"\immediate\openin1=x",
        "$\\def\\x{}$ & % # _ ^ ~ {}",
        "[1em] \\\\ \\hline",
        "^^5cinput{/etc/passwd}",
        "\r\n\\end{tabular}",
    ],
)
def test_a_cell_of_a_latex_table_holds_no_command(text):
    made = sheets.escape(text)
    for command in ("textbackslash", "textasciitilde", "textasciicircum", "textless"):
        made = made.replace(rf"\{command}{{}}", "")
    made = re.sub(r"\\[&%$#_{}]", "", made.replace("{[}", ""))
    assert not re.search(r"[\\&%$#_^\[\r\n]", made)
    frame = pd.DataFrame([{"model": text}])
    table = sheets.booktabs(frame, [Column("model", "Model")], text, "tab:x")
    assert table.count(r"\\") == 2 and table.count(r"\end{tabular}") == 1


@pytest.mark.parametrize(
    "body",
    [
        '<image href="https://example.org/x.png"/>',
        '<image xlink:href="data:image/svg+xml,x"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        "<SCRIPT>alert(1)</SCRIPT>",
        '<g ONCLICK="x()"/>',
        '<a xlink:href="javascript:alert(1)">x</a>',
        "<iframe></iframe>",
        '<rect style="fill: url(https://example.org/x)"/>',
    ],
)
def test_a_figure_that_acts_or_loads_is_refused(body):
    with pytest.raises(UnsafeSvgError):
        inline(f'<svg viewBox="0 0 1 1">{body}</svg>', "f", "t", "d")


def test_entities_of_a_figure_are_not_expanded():
    text = '<!DOCTYPE svg [<!ENTITY a "swollen">]><svg viewBox="0 0 1 1"><g>&a;&a;</g></svg>'
    with contextlib.suppress(UnsafeSvgError):
        assert "swollen" not in inline(text, "f", "t", "d")
