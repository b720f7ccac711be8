"""Read what an analysis needs and build its table, unit by unit where it allows that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from itc import registry, tables


def run(
    name: str, inputs: Mapping[str, Sequence[str]], settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Table ``name``; ``inputs`` maps the labels of its INPUTS to files.

    Labels without files are left out: files that are there only if somebody asked for them. A
    module with the literal ``UNIT`` reads only ``outcomes`` and is built for one unit after the
    other, so memory is one unit's outcomes whatever the study holds: ``"cell"`` is a dataset of a
    model (one file), ``"model"`` all datasets of a model. Its ``finish(table)``, if there is one,
    then sees the table of all units. Its ``outcome_columns(settings, available)``, if there is
    one, names the columns of ``outcomes`` that it reads; by default it gets all. The tables are
    the module's own: it may take one out of ``inputs`` to let go of it early. ``evaluations`` come
    as one frame per dataset (``tables.Parts``), for ``_points.dataset_points`` to take in.
    ``parts`` are files of this very table, built for a model each by a job of its own
    (``JOB_PER``); they are joined and finished.
    """
    module = registry.load("analyses", name)
    found = {label: list(paths) for label, paths in inputs.items() if paths}
    if "parts" in found:
        return _joined(module, [tables.read(path, name) for path in found["parts"]])
    columns = None
    if hasattr(module, "outcome_columns") and "outcomes" in found:
        available = tables.columns_of(found["outcomes"], "outcomes")
        columns = module.outcome_columns(settings, available)
    if not hasattr(module, "UNIT") or "outcomes" not in found:
        return module.build(
            {label: _read(label, paths, columns) for label, paths in found.items()}, settings
        )
    units: dict[str, list[str]] = {}
    for path in found["outcomes"]:
        units.setdefault(Path(path).stem if module.UNIT == "model" else path, []).append(path)
    parts = [
        module.build({"outcomes": _read("outcomes", paths, columns)}, settings)
        for paths in units.values()
    ]
    return _joined(module, parts)


def _joined(module: ModuleType, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Table of all units, finished where the module has something to say of all of them."""
    filled = [part for part in parts if len(part)] or parts[:1]
    table = pd.concat(filled, ignore_index=True)
    return module.finish(table) if hasattr(module, "finish") else table


def _read(
    label: str, paths: Sequence[str], columns: Sequence[str] | None
) -> pd.DataFrame | tables.Parts:
    if label in registry.names("analyses"):
        registry.load("analyses", label)  # registers the schema of that table
    if label == "datasets":
        return tables.read_datasets(paths)
    if label == "evaluations":
        datasets: dict[str, list[str]] = {}
        for path in paths:
            datasets.setdefault(Path(path).parent.name, []).append(path)
        return tables.Parts(label, tuple(map(tuple, datasets.values())))
    return tables.read_many(paths, label, columns if label == "outcomes" else None)
