"""Problems in a local JSONL, CSV or parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from itc.datasets._problems import DatasetError, map_columns, option

TITLE = "local file"
OPTIONS = {
    "path": "JSONL, CSV or parquet file; relative paths start at the repository.",
    "columns": "Our column: theirs (problem_id, question, gold, subject, difficulty, choices).",
    "size": "Only the first so many problems.",
}

READERS = {
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False),
    ".csv": lambda path: pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""]),
    ".parquet": pd.read_parquet,
}


def load(spec: dict[str, Any], root: Path) -> pd.DataFrame:
    """Read ``spec['path']`` and map its columns; table ``datasets`` before the shared checks.

    Raises DatasetError where the file is missing, of an unknown kind, unreadable, or lacks a
    column; the message names the file and what it holds.
    """
    path = Path(option(spec, "path"))
    path = path if path.is_absolute() else root / path
    if not path.is_file():
        raise DatasetError(
            f"dataset {spec.get('title', '?')!r}: path {spec['path']!r} is no file (looked at "
            f"{path}); correct `path`"
        )
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise DatasetError(
            f"{path.name}: files of kind {suffix!r} are not read; allowed: {', '.join(READERS)}"
        )
    try:
        frame = READERS[suffix](path)
    except (ValueError, OSError) as error:
        raise DatasetError(f"{path.name}: not readable as {suffix[1:]} ({error})") from error
    if frame.empty:
        raise DatasetError(f"{path.name}: holds no problem; give a file with at least one row")
    found = map_columns(frame, spec, path.name)
    found["source"] = path.name
    return found.head(int(spec["size"])) if spec.get("size") else found
