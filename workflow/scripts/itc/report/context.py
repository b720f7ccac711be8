"""What a section may look at while it builds its page data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from itc import registry
from itc.figures._frontier import upper_bounds
from itc.figures._style import dataset_title, pretty, strategy_titles
from itc.report.page import FigureBlock, Name, Origin, Switch


@dataclass(frozen=True)
class Context:
    """Tables by name, drawn figures by name, the provenance record, sampled responses."""

    tables: dict[str, pd.DataFrame]
    figures: dict[str, FigureBlock] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    examples: pd.DataFrame | None = None
    sections: tuple[str, ...] = ()  # names of all sections of this page

    def table(self, name: str, *columns: str) -> pd.DataFrame | None:
        """Table ``name`` if it is there, has rows, and has ``columns``."""
        frame = self.tables.get(name)
        if frame is None or frame.empty or not set(columns) <= set(frame.columns):
            return None
        return frame

    def model(self, name: str) -> Name:
        """Title of a model."""
        return Name(self._title("models", "model", name) or name)

    def dataset(self, name: str) -> Name:
        """Title of a dataset; ``all`` reads as words."""
        return Name(dataset_title(self.tables, name))

    def strategy(self, name: str) -> Name:
        """Title of a strategy, as ``curves`` gives it."""
        curves = self.tables.get("curves")
        titles = strategy_titles(curves) if curves is not None and "strategy" in curves else {}
        return Name(titles.get(name) or pretty(name))

    def named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Copy with the names of datasets, models and strategies replaced by their titles."""
        out = frame.copy()
        for column, title in (
            ("dataset", self.dataset),
            ("model", self.model),
            ("strategy", self.strategy),
        ):
            if column in out:
                titles = {name: title(name).text for name in out[column].dropna().unique()}
                out[column] = out[column].map(titles)
        return out

    def reasons(self, model: str) -> bool | None:
        """Whether ``model`` thinks before it answers; None where nobody said."""
        models = self.table("models", "model", "reasoning")
        if models is None:
            return None
        found = models.loc[models["model"] == model, "reasoning"]
        return None if found.empty or pd.isna(found.iloc[0]) else bool(found.iloc[0])

    def curves(self) -> pd.DataFrame | None:
        """Operating points with a column ``upper_bound``, or None."""
        curves = self.table("curves", "dataset", "model", "strategy", "budget", "accuracy")
        return None if curves is None else curves.assign(upper_bound=upper_bounds(curves))

    def drawings(self, section: str) -> list[FigureBlock | Switch]:
        """Figures of ``section`` in order; those with an AXIS become one switch."""
        here = [b for b in self.figures.values() if self._home(b.name) == section]
        switched = [b for b in here if b.axis]
        drawn = [b for b in switched if not b.empty] or switched[:1]
        absent = tuple(b.axis for b in switched if b not in drawn)
        found: list[FigureBlock | Switch] = []
        for block in here:
            if not block.axis:
                found.append(block)
            elif block is drawn[0]:
                one = len(drawn) == 1 and not absent
                switch = Switch(f"{section}-axis", "Cost axis", tuple(drawn), absent)
                found.append(block if one else switch)
        return found

    def _home(self, figure: str) -> str:
        section = figure_constants(figure).get("SECTION")
        return section if section in self.sections else "figures"

    def origin(self, kind: str, name: str) -> Origin | None:
        """Provenance of figure or table ``name`` (kind: figures or tables)."""
        entry = self.provenance.get(kind, {}).get(name)
        return Origin.of(name, entry) if entry else None

    def _title(self, table: str, key: str, name: str) -> str:
        frame = self.table(table, key, "title")
        if frame is None:
            return ""
        found = frame.loc[frame[key] == name, "title"].dropna()
        return "" if found.empty else str(found.iloc[0])


def in_order(frame: pd.DataFrame, **leading: tuple[str, ...]) -> pd.DataFrame:
    """Rows sorted by the columns named, in that order, those values first; pooled rows lead."""
    ranks = pd.DataFrame(index=frame.index)
    asked = {"dataset": ("all",), "model": ()} | {
        c: leading[c] for c in ("dataset", "model") if c in leading
    }
    for column, first in {**{c: v for c, v in leading.items() if c not in asked}, **asked}.items():
        if column in frame:
            place = {name: i for i, name in enumerate(first)}
            ranks[f"{column} rank"] = frame[column].map(place).fillna(len(first))
            ranks[column] = frame[column]
    return frame.loc[ranks.sort_values(list(ranks.columns), kind="stable").index]


def figure_constants(name: str) -> dict[str, Any]:
    """Constants of a figure's file; empty for a figure that has none (tests, removed files)."""
    return registry.constants("figures", name) if name in registry.names("figures") else {}
