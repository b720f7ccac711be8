"""What a page is made of, before any template: prose with sourced numbers, cards, figures, tables.

A section returns ``Blocks``; each block names the template that shows it
(``reports/templates/blocks/{kind}.html``). Plain text in ``Prose`` may hold no digit: a number has
to be a ``Number``, which carries the table cells it was read from, so the build fails on a figure
of speech that nothing computed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd
from markupsafe import Markup

MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"


class UnsourcedNumberError(ValueError):
    """A sentence holds a digit that is no ``Number``; give it the table it comes from."""


@dataclass(frozen=True)
class Name:
    """A name from the study (model, dataset, strategy) inside prose; may hold digits."""

    text: str


@dataclass(frozen=True)
class Number:
    """A value in prose: how it reads, and the cells of which table it was computed from."""

    value: float
    text: str
    source: str
    quiet: bool = False  # the ends of an interval: read after the value itself

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise UnsourcedNumberError(f"the number {self.text!r} names no source")


Part = str | Name | Number


@dataclass(frozen=True)
class Prose:
    """One paragraph (or sentence); see the module for what its plain parts may not hold."""

    kind: ClassVar[str] = "prose"
    parts: tuple[Part, ...]
    lead: bool = False

    def __post_init__(self) -> None:
        for part in self.parts:
            if isinstance(part, str) and re.search(r"\d", part):
                raise UnsourcedNumberError(f"unsourced number in prose: {part!r}; use Number(...)")


@dataclass(frozen=True)
class Finding:
    """One claim in one sentence: its statement, how it came out, and the numbers it rests on."""

    claim: str
    statement: str  # the claim's own words, set before any result
    verdict: str
    evidence: tuple[Part, ...]

    def __post_init__(self) -> None:
        Prose(self.evidence)  # the same rule: no number without a source


@dataclass(frozen=True)
class Findings:
    """What the study comes down to, one sentence per claim."""

    kind: ClassVar[str] = "findings"
    findings: tuple[Finding, ...]
    link: bool = True  # whether the claims stand on the same page


@dataclass(frozen=True)
class Card:
    """One headline number."""

    label: str
    number: Number
    detail: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Cards:
    """A row of headline numbers."""

    kind: ClassVar[str] = "cards"
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class FigureBlock:
    """One drawn figure: inlined SVG, caption, and where it comes from."""

    kind: ClassVar[str] = "figure"
    name: str
    title: str
    svg: Markup
    caption: Markup
    number: str  # 1, 2, ...; figures that share a switch share the number: 3a, 3b
    origin: Origin | None = None
    axis: str = ""  # label on a switch of several figures
    absent: str = ""  # why there is nothing to draw

    @property
    def empty(self) -> bool:
        """Whether it says only why there is nothing to draw."""
        return bool(self.absent)


@dataclass(frozen=True)
class Switch:
    """Figures of which one is seen at a time, chosen by a row of buttons (a cost axis)."""

    kind: ClassVar[str] = "switch"
    name: str
    legend: str
    figures: tuple[FigureBlock, ...]
    absent: tuple[str, ...] = ()  # axes that this study did not record


@dataclass(frozen=True)
class Column:
    """A table column: ``style`` is one of text, percent, points, number,
    signed, integer, tokens, p."""

    key: str
    title: str
    style: str = "text"
    help: str = ""
    choose: bool = False  # offer a drop-down filter


@dataclass(frozen=True)
class TableBlock:
    """A table; long ones show ``page`` rows and let the reader sort, filter and save them."""

    kind: ClassVar[str] = "table"
    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""
    page: int = 12

    @classmethod
    def of(
        cls, name: str, title: str, frame: pd.DataFrame, columns: list[Column], **more: Any
    ) -> TableBlock:
        """Table of those ``columns`` that ``frame`` has, values as plain Python ones."""
        kept = tuple(c for c in columns if c.key in frame.columns)
        series = [[plain(v, c.style) for v in frame[c.key].tolist()] for c in kept]
        return cls(name, title, kept, tuple(zip(*series, strict=True)), **more)

    def packed(self) -> dict[str, Any]:
        """For the page's script: by column, words once each with their codes, to keep it small."""
        columns = []
        for i, column in enumerate(self.columns):
            values = [row[i] for row in self.rows]
            packed: dict[str, Any] = {
                "title": column.title,
                "style": column.style,
                "choose": column.choose,
            }
            if column.style == "text":
                words = sorted({v for v in values if v is not None})
                code = {word: k for k, word in enumerate(words)} | {None: -1}
                packed |= {"words": words, "codes": [code[v] for v in values]}
            else:
                packed["values"] = values
            columns.append(packed)
        return {"columns": columns}


@dataclass(frozen=True)
class Note:
    """A boxed remark: what is missing, or what a reader must know first."""

    kind: ClassVar[str] = "note"
    text: str
    tone: str = "plain"  # plain | warning


@dataclass(frozen=True)
class Origin:
    """Rule, inputs with their hashes, and the command that makes a figure or table again."""

    name: str
    rule: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    command: str = ""
    script: str = ""

    @classmethod
    def of(cls, name: str, entry: dict[str, Any]) -> Origin:
        """From one entry of the provenance record."""
        inputs = tuple((i["path"], i.get("sha256", "")) for i in entry.get("inputs", ()))
        words = (str(entry.get(key) or "") for key in ("command", "script"))
        return cls(name, str(entry.get("rule", "")), inputs, *words)


@dataclass(frozen=True)
class Blocks:
    """Body of a section: anything above, in order."""

    blocks: tuple[Any, ...]


@dataclass(frozen=True)
class Section:
    """One section as the page shows it: its own template, or the one that lists blocks."""

    name: str
    title: str
    data: Any
    template: str


@dataclass(frozen=True)
class Page:
    """Everything ``page.html`` reads."""

    title: str
    study: str
    notice: str
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    home: str = ""  # the report that this page belongs to, where it is not the report itself
    styles: Markup = field(default_factory=Markup)
    script: Markup = field(default_factory=Markup)


def plain(value: Any, style: str) -> Any:
    """``value`` as JSON knows it: None for missing, float with digits a table can carry."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if style == "text":
        return None if pd.isna(value) else str(value)
    if pd.isna(value):
        return None
    if style in ("percent", "points", "p"):
        return round(float(value), 5)
    number = float(f"{float(value):.6g}")
    return int(number) if number.is_integer() else number


def show(value: Any, style: str) -> str:
    """``value`` as the reader sees it; ``reports/static/2-tables.js`` keeps the same rules."""
    if value is None:
        return "–"
    if style == "text":
        return str(value)
    if style == "percent":
        return f"{100 * value:.1f}{NBSP}%".replace("-", MINUS)
    if style == "points":
        return f"{100 * value:+.1f}".replace("-", MINUS)
    if style == "signed":
        sign = "+" if value > 0 else ""
        return sign + show(value, "tokens" if abs(value) >= 100 else "number")
    if style == "integer":
        return f"{value:,.0f}".replace("-", MINUS)
    if style == "tokens":
        digits = 0 if abs(value) >= 100 else 1
        return f"{value:,.{digits}f}".replace("-", MINUS)
    if style == "p":
        return "< 0.001" if value < 0.001 else f"{value:.3f}"
    if value != 0 and not 0.001 <= abs(value) < 100_000:
        return f"{value:.2e}".replace("-", MINUS)
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}".replace("-", MINUS)


def percent(value: float, source: str, quiet: bool = False) -> Number:
    """A share as per cent."""
    return Number(value, show(value, "percent"), source, quiet)


def points(value: float, source: str) -> Number:
    """A difference of shares in percentage points, with its sign."""
    return Number(value, f"{show(value, 'points')}{NBSP}points", source)


def count(value: float, source: str, style: str = "integer") -> Number:
    """A count or an amount of tokens."""
    return Number(value, show(value, style), source)
