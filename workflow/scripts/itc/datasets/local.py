"""Problems in a local JSONL, CSV or parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from itc.datasets._files import read
from itc.datasets._problems import DatasetError, map_columns, option

TITLE = "local file"
OPTIONS = {
    "path": "JSONL, CSV or parquet file; relative paths start at the repository.",
    "columns": "Our column: theirs (problem_id, question, gold, subject, difficulty, choices).",
    "size": "Only the first so many problems.",
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
    frame = read(path, path.name)
    found = map_columns(frame, spec, path.name)
    found["source"] = path.name
    return found.head(int(spec["size"])) if spec.get("size") else found
