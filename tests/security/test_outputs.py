"""What leaves the workflow: no part of an API key, no formula in a CSV file, only drawings."""

from __future__ import annotations

import json
import re
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from itc.config import root
from itc.engines._base import EngineError
from itc.engines._http import _SHOWN, Server
from itc.engines._secret import PIECE, Secret, spellings
from itc.figures import _save
from itc.report.inline_svg import UnsafeSvgError, inline

KEY = "sk-canary/AB+cd=09_xyzQRSTuvwLMNopq7654321"
AWKWARD = 'k"e\\y/with ü&<signs>%+and=more0123456789'


class Echo(BaseHTTPRequestHandler):
    """Refuses every request with the text that the test wants echoed."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        data = self.server.says.encode("utf-8", "surrogatepass")
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def echo():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.says, server.status = "", 401
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@cache
def client(port, key):
    return Server(f"http://127.0.0.1:{port}", key, tries=1, pause=0)


def message(echo, key, says, status=401):
    echo.says, echo.status = says, status
    with pytest.raises(EngineError) as refused:
        client(echo.server_port, key).post("/chat/completions", {})
    return str(refused.value)


def shows(text, key):
    """The longest run of the key's characters that a text shows, in any spelling."""
    longest = 0
    for spelling in spellings(key):
        for start in range(len(spelling)):
            while spelling[start : start + longest + 1] in text and start + longest < len(spelling):
                longest += 1
    return longest


def test_no_part_of_a_key_is_shown_wherever_a_server_echoes_it(echo):
    for offset in range(_SHOWN + 10):
        said = message(echo, KEY, "." * offset + KEY + "." * 50)
        assert shows(said, KEY) < PIECE, offset


@pytest.mark.parametrize("key", [KEY, AWKWARD], ids=["plain", "awkward"])
def test_no_spelling_of_a_key_is_shown_wherever_it_is_cut(key):
    secret = Secret(key)
    for spelling in spellings(key):
        for offset in range(0, _SHOWN + 10, 7):
            for end in (len(spelling), len(spelling) - 1, len(spelling) // 2):
                body = "." * offset + spelling[:end] + " was refused"
                shown = secret.hide(body)[:_SHOWN]
                assert shows(shown, key) < PIECE, (spelling, offset, end)


@pytest.mark.parametrize(
    "written",
    [
        lambda key: json.dumps({"error": {"message": f"bad key {key}"}}),
        lambda key: json.dumps({"error": json.dumps({"message": f"bad key {key}"})}),
        lambda key: f"https://x/?key={quote(key, safe='')}&again",
        lambda key: f"https://x/?key={quote(key, safe='').replace('%2F', '%2f')}&again",
        lambda key: key.upper(),
        lambda key: f"Incorrect API key provided: {key[:20]}********{key[-10:]}.",
    ],
    ids=["json", "json in json", "address", "lower hex", "upper case", "masked by the server"],
)
@pytest.mark.parametrize("status", [401, 500])
def test_escaped_echoes_are_hidden_too(echo, written, status):
    said = message(echo, KEY, written(KEY), status).replace("\\", "")
    assert shows(said, KEY) < PIECE


def test_words_that_are_no_key_stay(echo):
    assert "the model is overloaded" in message(echo, KEY, "the model is overloaded")
    assert "no key at all" in message(echo, "", "no key at all")


def test_a_reply_that_is_no_json_is_an_error_that_names_the_server(echo):
    for says in (f"<html>{KEY}", "[1]", "[" * 100_000, ""):
        said = message(echo, KEY, says, 200)
        assert "status 200, but" in said
        assert shows(said, KEY) < PIECE


FORMULAS = [
    "=cmd|'/c calc'!A0",
    "@SUM(A1)",
    "+1+1",
    "-1+cmd",
    " =1",
    "\t=1",
    "\r=1",
    "＝1+1",
    "\n@x",
]
PLAIN = ["-1.5", "+3", "1e-5", "-.5", "plain", "a=b", "", "5 - 3", "\u22120.1"]


def test_no_cell_of_a_saved_table_begins_a_formula(tmp_path):
    frame = pd.DataFrame({"=name()": FORMULAS, "n": range(len(FORMULAS))})
    frame["kind"] = pd.Categorical(FORMULAS)
    frame.insert(1, "again", frame["=name()"], allow_duplicates=True)
    figure, _ = plt.subplots()
    path = tmp_path / "x.csv"
    _save.save(figure, frame, tmp_path / "x.svg", path)
    found = pd.read_csv(path, keep_default_na=False)
    for column in found.columns:
        assert column == "n" or str(column).startswith(("'", "again", "kind"))
        for value in found[column].astype(str):
            assert column == "n" or value.startswith("'"), value


def test_numbers_and_plain_texts_stay_as_they_are():
    frame = pd.DataFrame({"text": [*PLAIN, None], "value": [-1.5] * 10})
    pd.testing.assert_frame_equal(
        _save.harmless(frame).astype({"text": object}), frame.astype({"text": object})
    )


def test_the_page_has_the_same_rule():
    script = (root() / "reports/static/2-tables.js").read_text(encoding="utf-8")
    formula = re.search(r"const formula = /\^\(\?:(.*)\)/;", script).group(1)
    number = re.search(r"const number = /\^(.*)\$/;", script).group(1)
    assert formula == _save.FORMULA.pattern
    assert number == _save.NUMBER.pattern
    assert script.count("cell(v)") >= 3


@pytest.mark.parametrize(
    "body",
    [
        '<meta http-equiv="refresh" content="0;url=https://x"/>',
        '<form action="https://x"/>',
        '<base href="https://x/"/>',
        '<link rel="stylesheet" href="https://x/a.css"/>',
        '<video src="https://x"/>',
        "<style>@import 'https://x'</style >",
        '<g style="fill:url&#40;https://x)"/>',
        '<g style="fill:url(&#104;ttps://x)"/>',
        "<g style=\"fill:image-set('https://x' 1x)\"/>",
        '<g style="fill:\\75rl(https://x)"/>',
        '<g style="background:url(#a)"/>',
        '<g style="fill:url(#a) url(//x)"/>',
        '<g fill="url(//x)"/>',
        '<g filter="url(#a)"/>',
        '<use href="https://x#a"/>',
        '<use href="//x#a"/>',
        '<use xlink:href="data:image/svg+xml,x"/>',
        '<g onload="x"/>',
        '<g class="x"/>',
        '<g id="a b"/>',
        '<title><img src="x"/></title>',
        "<SCRIPT>x</SCRIPT>",
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">x</h:script>',
        '<g xmlns="http://www.w3.org/1999/xhtml"/>',
        "<![CDATA[<script>x</script>]]>",
        "<?php x ?>",
        "<g><path></g>",
        '<feImage href="#a"/>',
        '<text style="font-family:expression(x)">a</text>',
        '<g style="fill:var(--x)"/>',
    ],
)
def test_only_what_drawings_need_is_put_into_a_page(body):
    with pytest.raises(UnsafeSvgError, match="figure 'f'"):
        inline(f'<svg viewBox="0 0 1 1">{body}</svg>', "f", "t", "d")


def test_a_figure_of_the_plotting_library_passes_unchanged(tmp_path):
    figure, axes = plt.subplots()
    axes.plot([0, 1, 2], [1, 3, 2], marker="o", linestyle="--", alpha=0.5, label="a < b & c")
    axes.fill_between([0, 1], [0, 1], alpha=0.2, hatch="//")
    axes.set_title(r"$\frac{a}{b}$ and 'quotes'")
    axes.legend()
    _save.save(figure, pd.DataFrame({"x": [1]}), tmp_path / "x.svg")
    found = inline((tmp_path / "x.svg").read_text(encoding="utf-8"), "f", "t", "d")
    assert found.count("<path") > 5
