"""Where every figure and table comes from, and the one command that makes each again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itc.report.context import Context
from itc.report.page import Origin
from itc.sent import short

TITLE = "Provenance"
ORDER = 990
TABLES = ()
SHOWN = 4000  # characters of a prompt or request that the page holds


@dataclass(frozen=True)
class Sent:
    """What one model was sent by one procedure: prompt as rendered, request body as JSON."""

    model: str
    procedure: str
    engine: str
    endpoint: str
    prompt: str | None
    body: str
    file: str


@dataclass(frozen=True)
class Provenance:
    """Facts of the run, versions of its packages, and the origin of each artefact."""

    facts: tuple[tuple[str, str], ...]
    seeds: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, Origin], ...]
    tables: tuple[tuple[str, Origin], ...]
    dirty: bool
    sent: tuple[Sent, ...]


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
        sent=tuple(_sent(context, entry) for entry in record.get("sent") or ()),
    )


def _sent(context: Context, entry: Mapping[str, Any]) -> Sent:
    versions = [str(v) for v in (entry.get("engine"), entry.get("engine_version")) if v]
    prompt = entry.get("prompt")
    return Sent(
        model=context.model(str(entry["model"])).text,
        procedure=str(entry["procedure"]),
        engine=" ".join(versions),
        endpoint=str(entry.get("endpoint", "")),
        prompt=None if prompt is None else _cut(str(prompt)),
        body=_cut(json.dumps(short(entry.get("body")), indent=1, ensure_ascii=False)),
        file=str(entry["file"]),
    )


def _cut(text: str) -> str:
    """The beginning and the end of a long text; all of it is in the file that is named."""
    half = SHOWN // 2
    if len(text) <= SHOWN:
        return text
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"
