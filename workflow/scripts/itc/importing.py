"""Turn a recording of other people's responses into the study's own tables.

What the recording does not say stays null; nothing is invented. Rows stream from the file and are
buffered per cell, so memory is bounded by the cells the study selects.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from itc import registry

# Fields every recording format must yield; all but the first four may be null.
FIELDS = (
    "dataset",
    "problem_id",
    "model",
    "sample_index",
    "question",
    "gold",
    "response_text",
    "n_output_tokens",
    "correct",
    "source_extracted_answer",
    "extra",
)

FINISH_REASONS = {"stop": "stop", "length": "length", "cutoff": "length"}


class ImportRefusedError(ValueError):
    """A recording cannot be used; the message names the file, the row and the mend."""


def verify(path: Path, sha256: str | None) -> None:
    """Compare the file's checksum with the one configured, if any."""
    if sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ImportRefusedError(
            f"{path}: sha256 is {found}, the config expects {sha256}; fetch the file again or "
            "correct imports.*.sha256"
        )


def excluded(row: dict[str, Any], conditions: Iterable[dict[str, Any]]) -> bool:
    """Whether any condition holds: every column named equals the value, or one of the values.

    ``extra.x`` names a key of the ``extra`` object.
    """

    def value(column: str) -> Any:
        if column.startswith("extra."):
            return (row.get("extra") or {}).get(column.removeprefix("extra."))
        return row.get(column)

    return any(
        all(value(c) in (v if isinstance(v, list) else [v]) for c, v in condition.items())
        for condition in conditions
    )


def rows(path: Path, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of a recording that no ``exclude`` condition names; raises on a missing column."""
    for number, row in enumerate(registry.load("archive", spec["format"]).read(path, spec), 1):
        missing = [c for c in ("dataset", "problem_id", "model", "sample_index") if c not in row]
        if missing:
            raise ImportRefusedError(
                f"{path}: row {number} has no column {missing}; it has {sorted(row)}; map the "
                "names under imports.*.columns (ours: theirs)"
            )
        if not excluded(row, spec.get("exclude", [])):
            yield row


def finish_reason(extra: dict[str, Any]) -> str | None:
    """Our word for why generation ended; null where the source does not know."""
    if extra.get("at_cap"):
        return "length"
    return FINISH_REASONS.get(str(extra.get("finish_reason")).lower())


def response_row(row: dict[str, Any], dataset: str, model: dict[str, Any]) -> dict[str, Any]:
    """One row of table ``responses`` from one recorded row."""
    extra = row.get("extra") or {}
    text = row.get("response_text")
    close = (model.get("thinking") or (None, None))[1]
    end = text.rfind(close) if text is not None and close else -1
    identity = [row["dataset"], row["model"], row["problem_id"], row["sample_index"]]
    settings = {k: v for k, v in sorted(extra.items()) if isinstance(v, str | bool | int | float)}
    return {
        "dataset": dataset,
        "model": model["name"],
        "procedure": "sample",
        "problem_id": str(row["problem_id"]),
        "draw": int(row["sample_index"]),
        "round": 0,
        "response_id": hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16],
        "parents": [],
        "text": text,
        "thinking_end": end + len(close) if end >= 0 and close else None,
        "n_output_tokens": row.get("n_output_tokens"),
        "finish_reason": finish_reason(extra),
        "engine": "recording",
        "source_answer": row.get("source_extracted_answer"),
        "source_correct": row.get("correct"),
        "condition": json.dumps(settings, sort_keys=True),
    }


def import_recording(
    path: Path,
    spec: dict[str, Any],
    datasets: list[dict[str, Any]],
    models: list[dict[str, Any]],
) -> tuple[dict[str, pd.DataFrame], dict[tuple[str, str], pd.DataFrame]]:
    """Read the cells of a study from one recording.

    ``datasets`` and ``models`` are config entries with their ``name``; ``recorded_as`` is the name
    in the file. Returns tables ``datasets`` by dataset and ``responses`` by (dataset, model).
    Raises ImportRefusedError for an empty cell, a repeated draw, or problems that disagree.
    """
    verify(path, spec.get("sha256"))
    by_dataset = {d["recorded_as"] or d["name"]: d for d in datasets}
    by_model = {m["recorded_as"] or m["name"]: m for m in models}
    problems: dict[str, dict[str, dict[str, Any]]] = {d["name"]: {} for d in datasets}
    responses: dict[tuple[str, str], list[dict[str, Any]]] = {
        (d["name"], m["name"]): [] for d in datasets for m in models
    }
    seen_datasets, seen_models = set(), set()
    for row in rows(path, spec):
        seen_datasets.add(row["dataset"])
        seen_models.add(row["model"])
        dataset, model = by_dataset.get(row["dataset"]), by_model.get(row["model"])
        if dataset is None:
            continue
        _merge_problem(problems[dataset["name"]], row, dataset, path)
        if model is not None:
            cell = dataset["name"], model["name"]
            responses[cell].append(response_row(row, dataset["name"], model))
    for (dataset_name, model_name), found in responses.items():
        if not found:
            raise ImportRefusedError(
                f"{path}: no response of model {model_name!r} to dataset {dataset_name!r}; it "
                f"holds datasets {sorted(seen_datasets)} and models {sorted(seen_models)}; set "
                "`recorded_as` of the entry to one of these"
            )
    tables = {name: pd.DataFrame(list(found.values())) for name, found in problems.items()}
    return tables, {cell: pd.DataFrame(found) for cell, found in responses.items()}


def _merge_problem(
    known: dict[str, dict[str, Any]], row: dict[str, Any], dataset: dict[str, Any], path: Path
) -> None:
    """Add a row's problem, or fill what earlier rows of the same problem left null."""
    name = str(row["problem_id"])
    entry = known.setdefault(
        name,
        {
            "problem_id": name,
            "question": None,
            "gold": None,
            "answer_type": dataset["answer_type"],
            "subject": None,
            "source": row.get("source"),
            "licence": dataset["licence"],
            "metadata": "{}",
        },
    )
    for column in ("question", "gold"):
        value = row.get(column)
        if value is None:
            continue
        if entry[column] is not None and entry[column] != value:
            raise ImportRefusedError(
                f"{path}: problem {name!r} of {dataset['name']!r} has two {column}s: "
                f"{entry[column]!r} and {value!r}; correct the file or exclude one of them"
            )
        entry[column] = value
