"""Checks and helpers that every dataset loader shares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from itc.grading._metadata import MetadataError, arrange, read

COLUMNS = (
    "problem_id",
    "question",
    "gold",
    "answer_type",
    "subject",
    "difficulty",
    "source",
    "licence",
    "metadata",
)
# What a mapping in `columns:` may name on its left side.
MAPPABLE = ("problem_id", "question", "gold", "subject", "difficulty")
_LAYOUT = re.compile(r"[\s$~]+|\\[,;:! ]|[.?!,;:](?=\s|$)")


class DatasetError(ValueError):
    """A dataset cannot be loaded; the message names the key or file, the value and the mend."""


def option(spec: Mapping[str, Any], key: str, default: Any = ...) -> Any:
    """Value of ``key`` in a dataset entry; raises DatasetError where a needed key is missing."""
    value = spec.get(key)
    if value is not None:
        return value
    if default is ...:
        raise DatasetError(
            f"dataset {spec.get('title', '?')!r} (loader {spec.get('loader', '?')!r}): key {key!r} "
            "is required and missing; add it to its entry in config/datasets.yaml"
        )
    return default


def map_columns(frame: pd.DataFrame, spec: Mapping[str, Any], where: str) -> pd.DataFrame:
    """Rename the columns of ``frame`` as ``spec['columns']`` (ours: theirs) says.

    Without a mapping our own names are expected. ``choices`` (a column that holds a list) and
    ``metadata`` (a list of columns) go into the JSON object of column ``metadata``. Raises
    DatasetError naming the column that is missing and those that exist.
    """
    columns: dict[str, Any] = dict(spec.get("columns") or {})
    keep = columns.pop("metadata", None) or ([] if "metadata" not in frame.columns else "metadata")
    choices = columns.pop("choices", None)
    unknown = sorted(set(columns) - set(MAPPABLE))
    if unknown:
        raise DatasetError(
            f"{where}: columns.{unknown[0]} is no column of ours; allowed: "
            f"{', '.join((*MAPPABLE, 'choices', 'metadata'))}"
        )
    wanted = {"question": "question", "gold": "gold", **columns}
    for ours in ("problem_id", "subject", "difficulty"):
        if ours not in wanted and ours in frame.columns:
            wanted[ours] = ours
    extra = [keep] if isinstance(keep, str) else list(keep)
    for ours, theirs in [*wanted.items(), ("choices", choices), *(("metadata", c) for c in extra)]:
        if theirs is not None and theirs not in frame.columns:
            raise DatasetError(
                f"{where}: column {theirs!r} (for {ours!r}) is missing; the columns are: "
                f"{', '.join(map(str, frame.columns))}. Correct `columns:` of this dataset"
            )
    found = pd.DataFrame({ours: frame[theirs] for ours, theirs in wanted.items()})
    if "problem_id" not in found:
        width = max(4, len(str(len(found))))
        found["problem_id"] = [f"{i:0{width}d}" for i in range(len(found))]
    found["metadata"] = [_metadata(row, extra, choices) for row in frame.to_dict(orient="records")]
    return found


def _metadata(row: Mapping[str, Any], extra: list[str], choices: str | None) -> str:
    found = {name: plain(row[name]) for name in extra}
    if extra == ["metadata"]:  # the column of our own table: an object, or its JSON text
        given = found.pop("metadata")
        found = given if isinstance(given, dict) else read(given, "column 'metadata'")
    if choices is not None:
        found["choices"] = plain(row[choices])
    return dump(found)


def plain(value: Any) -> Any:
    """``value`` with arrays and NumPy scalars turned into lists and Python numbers."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return None if isinstance(value, float) and value != value else value


def dump(metadata: Mapping[str, Any]) -> str:
    """One JSON object, keys sorted, so that equal content is equal bytes."""
    return json.dumps(metadata, sort_keys=True, ensure_ascii=False, default=str)


def finish(frame: pd.DataFrame, spec: Mapping[str, Any], where: str) -> pd.DataFrame:
    """Check ``frame`` and return it with all columns of table ``datasets``.

    Raises DatasetError for an empty dataset, a missing question, a missing gold answer where the
    answer type needs one, or a repeated problem id; each message names the first row at fault.
    """
    if frame.empty:
        raise DatasetError(f"{where}: holds no problem; check its path, split and filters")
    frame = frame.reset_index(drop=True).copy()
    empty = frame["question"].isna() | (frame["question"].astype(str).str.strip() == "")
    if empty.any():
        raise DatasetError(
            f"{where}: {int(empty.sum())} problems have no question, the first at row "
            f"{int(empty.idxmax())} (counted from 0); remove them or map another column"
        )
    answer_type = option(spec, "answer_type")
    if answer_type not in ("code", "reasoning_gym") and frame["gold"].isna().any():
        raise DatasetError(
            f"{where}: {int(frame['gold'].isna().sum())} problems have no gold answer, the first "
            f"at row {int(frame['gold'].isna().idxmax())}; answer type {answer_type!r} needs one"
        )
    frame["problem_id"] = frame["problem_id"].astype(str)
    repeated = frame["problem_id"].duplicated()
    if repeated.any():
        raise DatasetError(
            f"{where}: {int(repeated.sum())} problem ids occur twice, the first is "
            f"{frame.loc[repeated, 'problem_id'].iloc[0]!r}; map a column whose values differ"
        )
    for name in ("question", "gold", "subject"):
        if name in frame:
            frame[name] = [None if pd.isna(v) else as_text(v) for v in frame[name]]
    if "difficulty" in frame:
        frame["difficulty"] = pd.to_numeric(frame["difficulty"], errors="coerce")
    if "metadata" in frame:
        frame["metadata"] = [
            _arranged(text, answer_type, f"{where}: problem {name!r}")
            for name, text in zip(frame["problem_id"], frame["metadata"], strict=True)
        ]
    frame["answer_type"] = answer_type
    frame["licence"] = option(spec, "licence", "unknown")
    if "source" not in frame:
        frame["source"] = where
    for name in COLUMNS:
        if name not in frame:
            frame[name] = None
    return frame[list(COLUMNS)].sort_values("problem_id", ignore_index=True)


def _arranged(text: Any, answer_type: str, where: str) -> str | None:
    """Metadata as the table holds them: what the grader reads, and the rest as inert data."""
    if not isinstance(text, str):
        return None
    try:
        return dump(arrange(read(text, where), answer_type, where))
    except MetadataError as error:
        raise DatasetError(str(error)) from None


def as_text(value: Any) -> str:
    """Text of a cell; whole floats lose their ``.0`` (a gold of 42 read from CSV is "42")."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def normalise_question(question: str) -> str:
    """Question without case, layout, dollar signs and punctuation at the end of words."""
    return _LAYOUT.sub("", question.casefold())


def duplicates(
    datasets: Mapping[str, pd.DataFrame] | Iterable[tuple[str, pd.DataFrame]],
) -> pd.DataFrame:
    """Groups of problems with the same normalised question, within and between datasets.

    Takes tables ``datasets`` by name; returns one row per problem that has a duplicate, with
    columns ``group`` (from 0), ``dataset``, ``problem_id``, ``gold``.
    """
    pairs = datasets.items() if isinstance(datasets, Mapping) else datasets
    rows = [
        (normalise_question(question), name, problem, gold)
        for name, frame in pairs
        for question, problem, gold in zip(
            frame["question"], frame["problem_id"], frame["gold"], strict=True
        )
        if isinstance(question, str)  # an archive may withhold it
    ]
    found = pd.DataFrame(rows, columns=["key", "dataset", "problem_id", "gold"])
    found = found[found.duplicated("key", keep=False)].sort_values(["key", "dataset", "problem_id"])
    found.insert(0, "group", pd.factorize(found["key"])[0])
    return found.drop(columns="key").reset_index(drop=True)
