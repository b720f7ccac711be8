"""Tables and figures in, one self-contained HTML page out."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from itc import registry
from itc.figures._parts import NOTHING
from itc.report import captions as caption_files
from itc.report.context import Context, figure_constants
from itc.report.inline_svg import inline
from itc.report.page import FigureBlock, Name, Number, Page, Section, show

PACK = 64 * 1024  # characters of data that stand in the page as they are


def render_report(
    tables: dict[str, pd.DataFrame],
    figures: dict[str, Path],
    provenance: dict[str, Any],
    captions: Path,
    templates: Path,
    static: Path,
    examples: pd.DataFrame | None = None,
    sections: list[str] | None = None,
) -> str:
    """The report as HTML.

    ``tables`` by table name, as the sections' TABLES ask for them; ``figures``: name -> SVG file;
    ``provenance``: see docs/report.md; ``captions``, ``templates``, ``static``: folders of
    ``reports/``. ``sections`` limits and never reorders; default: every file of
    ``report/sections``. A section whose ``build`` returns None is left out.
    """
    chosen = [s for s in in_order() if sections is None or s in sections]
    context = Context(
        tables=tables,
        figures=figure_blocks(figures, provenance, captions, chosen),
        provenance=provenance,
        examples=examples,
        sections=tuple(chosen),
    )
    page = Page(
        title=str(provenance.get("title") or provenance.get("study") or "Study"),
        study=str(provenance.get("study", "")),
        notice=str(provenance.get("notice", "")),
        sections=tuple(build_sections(chosen, context, templates)),
        facts=facts(provenance),
        styles=Markup(joined(static, "css")),
        script=Markup(joined(static, "js")),
    )
    return environment(templates).get_template("page.html").render(page=page)


def in_order() -> list[str]:
    """Names of all sections, in page order."""
    return sorted(
        registry.names("sections"),
        key=lambda n: (registry.constants("sections", n).get("ORDER", 500), n),
    )


def build_sections(names: list[str], context: Context, templates: Path) -> list[Section]:
    """Page data of each section that has something to show."""
    built = []
    for name in names:
        data = registry.load("sections", name).build(context)
        if data is None:
            continue
        own = Path(templates) / "sections" / f"{name}.html"
        template = f"sections/{name}.html" if own.is_file() else "sections/_blocks.html"
        built.append(Section(name, registry.constants("sections", name)["TITLE"], data, template))
    return built


def figure_blocks(
    figures: dict[str, Path], provenance: dict[str, Any], captions: Path, sections: list[str]
) -> dict[str, FigureBlock]:
    """Inlined drawings, numbered in the order in which the page shows them."""

    def place(name: str) -> tuple[int, int, str]:
        constants = figure_constants(name)
        section = constants.get("SECTION")
        rank = sections.index(section) if section in sections else len(sections)
        return rank, constants.get("ORDER", 500), name

    ordered = sorted(figures, key=place)
    drawings = {name: Path(figures[name]).read_text(encoding="utf-8") for name in ordered}
    absent = {name: reason(svg) for name, svg in drawings.items()}
    number = numbers([name for name in ordered if not absent[name]])
    blocks = {}
    context = Context(tables={}, provenance=provenance)
    for name, svg in drawings.items():
        constants = figure_constants(name)
        title = constants.get("TITLE", name)
        caption = caption_files.read(Path(captions), name)
        words = caption_files.plain_words(caption) or title
        blocks[name] = FigureBlock(
            name=name,
            title=title,
            svg=inline(svg, name, title, words),
            caption=caption,
            number=number.get(name, ""),
            origin=context.origin("figures", name),
            axis=constants.get("AXIS", ""),
            absent=absent[name],
        )
    return blocks


def reason(svg: str) -> str:
    """Why a figure shows nothing, in its own words; empty for one that was drawn."""
    if f'id="{NOTHING}"' not in svg:
        return ""
    return html.unescape(" ".join(re.findall(r">([^<>]+)</text>", svg)))


def numbers(names: list[str]) -> dict[str, str]:
    """1, 2, ... in the order given; figures of one switch share a number: 1a, 1b."""
    found: dict[str, str] = {}
    letters: dict[str, str] = {}  # section -> number of its switch and the last letter given
    last = 0
    for name in names:
        constants = figure_constants(name)
        if "AXIS" not in constants:
            last += 1
            found[name] = str(last)
            continue
        section = str(constants.get("SECTION"))
        if section not in letters:
            last += 1
            letters[section] = f"{last}a"
        else:
            before = letters[section]
            letters[section] = before[:-1] + chr(ord(before[-1]) + 1)
        found[name] = letters[section]
    return found


def facts(provenance: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The short provenance of the page's foot: what was run, from which commit and config."""
    commit = str(provenance.get("commit") or "")
    if commit:
        commit = commit[:10] + (" + changes" if provenance.get("dirty") else "")
    found = (
        ("study", provenance.get("study")),
        ("commit", commit),
        ("config", str(provenance.get("config_hash") or "")[:10]),
        ("created", provenance.get("created")),
    )
    return tuple((name, str(value)) for name, value in found if value)


def joined(static: Path, suffix: str) -> str:
    """All files of one kind in name order; none may end the element that holds them."""
    texts = [p.read_text(encoding="utf-8") for p in sorted(Path(static).glob(f"*.{suffix}"))]
    text = _FONT.sub(lambda match: _data_uri(Path(static) / match[1]), "\n".join(texts))
    if "</script" in text.lower() or "</style" in text.lower():
        raise ValueError(f"{static}: a .{suffix} file holds a closing tag")
    return text


_FONT = re.compile(r"url\(\"(fonts/[\w.-]+\.woff2)\"\)")


def _data_uri(font: Path) -> str:
    """A font as an address that holds the font itself."""
    return f'url("data:font/woff2;base64,{base64.b64encode(font.read_bytes()).decode()}")'


def environment(templates: Path) -> jinja2.Environment:
    """Jinja with autoescape on, no silent gaps, and the page's few filters."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["show"] = show
    env.filters["data_script"] = data_script
    env.tests["number"] = lambda part: isinstance(part, Number)
    env.tests["name"] = lambda part: isinstance(part, Name)
    return env


def json_script(value: Any) -> Markup:
    """JSON that may stand inside a <script> element whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text.encode("utf-8", "replace").decode("utf-8"))


def data_script(value: Any) -> Markup:
    """A <script> element that holds ``value`` for the page's own script, packed where it is long.

    Tables and responses of a study of the paper's size shrink to a fifth.
    """
    text = json_script(value)
    if len(text) < PACK:
        return Markup('<script type="application/json">{}</script>').format(text)
    packed = base64.b64encode(gzip.compress(text.encode("utf-8"), mtime=0)).decode("ascii")
    return Markup('<script type="application/gzip">{}</script>').format(packed)
