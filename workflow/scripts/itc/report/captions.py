"""Captions: reStructuredText beside the figures, also read by ``snakemake --report``."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from docutils.core import publish_parts
from markupsafe import Markup

# A caption is our own file, yet it is read with everything switched off that could reach out.
_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 5,
    "report_level": 5,
    "input_encoding": "unicode",
    "output_encoding": "unicode",
    "embed_stylesheet": False,
    "syntax_highlight": "none",
    "math_output": "LaTeX",
}


def to_html(text: str) -> Markup:
    """Body of an rst text as HTML; docutils escapes whatever is no markup of its own."""
    parts = publish_parts(text, writer="html5", settings_overrides=_SETTINGS)
    return Markup(parts["body"].strip())


def read(folder: Path, name: str) -> Markup:
    """Caption of figure ``name``; empty where nobody wrote one."""
    path = folder / f"{name}.rst"
    return to_html(path.read_text(encoding="utf-8")) if path.is_file() else Markup("")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def plain_words(markup: str) -> str:
    """Text of a caption without its markup, for the alternative text of a drawing."""
    parser = _Words()
    parser.feed(markup)
    return " ".join(" ".join(parser.words).split())
