"""Where every figure and table comes from, and the one command that makes each again."""

from __future__ import annotations

from dataclasses import dataclass

from itc.report.context import Context
from itc.report.page import Origin

TITLE = "Provenance"
ORDER = 990
TABLES = ()


@dataclass(frozen=True)
class Provenance:
    """Facts of the run, versions of its packages, and the origin of each artefact."""

    facts: tuple[tuple[str, str], ...]
    seeds: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, Origin], ...]
    tables: tuple[tuple[str, Origin], ...]
    dirty: bool


def build(context: Context) -> Provenance:
    """From the provenance record alone."""
    record = context.provenance
    named = {name: block.title for name, block in context.figures.items()}
    facts = (
        ("study", record.get("study")),
        ("commit", record.get("commit")),
        ("configuration", record.get("config_hash")),
        ("command", record.get("command")),
        ("created", record.get("created")),
    )

    def origins(kind: str) -> tuple[tuple[str, Origin], ...]:
        entries = record.get(kind, {})
        titles = named if kind == "figures" else {}
        return tuple((titles.get(n, n), Origin.of(n, entries[n])) for n in sorted(entries))

    return Provenance(
        facts=tuple((k, str(v)) for k, v in facts if v),
        seeds=tuple((k, str(v)) for k, v in sorted(record.get("seeds", {}).items())),
        versions=tuple((k, str(v)) for k, v in sorted(record.get("versions", {}).items())),
        figures=origins("figures"),
        tables=origins("tables"),
        dirty=bool(record.get("dirty")),
    )
