"""Read what an analysis needs and build its table, model by model where it allows that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from itc import registry, tables


def run(
    name: str, inputs: Mapping[str, Sequence[str]], settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Table ``name``; ``inputs`` maps the labels of its INPUTS to files.

    Labels without files are left out: files that are there only if somebody asked for them. A
    module whose literal ``PER_MODEL`` is True reads only ``outcomes`` and is built once per model
    (the stem of an outcome file), so memory is one model's outcomes whatever the study holds;
    its ``finish(table)``, if there is one, then sees the table of all models.
    """
    module = registry.load("analyses", name)
    found = {label: list(paths) for label, paths in inputs.items() if paths}
    if not getattr(module, "PER_MODEL", False) or "outcomes" not in found:
        return module.build({label: _read(label, found[label]) for label in found}, settings)
    models: dict[str, list[str]] = {}
    for path in found["outcomes"]:
        models.setdefault(Path(path).stem, []).append(path)
    parts = [
        module.build({"outcomes": _read("outcomes", paths)}, settings) for paths in models.values()
    ]
    filled = [part for part in parts if len(part)] or parts[:1]
    table = pd.concat(filled, ignore_index=True)
    return module.finish(table) if hasattr(module, "finish") else table


def _read(label: str, paths: Sequence[str]) -> pd.DataFrame:
    if label in registry.names("analyses"):
        registry.load("analyses", label)  # registers the schema of that table
    if label == "datasets":
        return tables.read_datasets(paths)
    return tables.read_many(paths, label)
