"""Rows of a file of problems, of any kind that the loaders read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from itc.bounds import check_values
from itc.datasets._problems import DatasetError


def _parquet(path: Path) -> pd.DataFrame:
    check_values(path, path.stat().st_size)
    return pd.read_parquet(path)


READERS = {
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False),
    ".csv": lambda path: pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""]),
    ".parquet": _parquet,
}


def read(path: Path, where: str) -> pd.DataFrame:
    """All rows of ``path``; its suffix says how it is read.

    Raises DatasetError, starting with ``where``, for another suffix, a damaged file, one that
    unpacks to more than a file of its size may (``itc.bounds``), and one without a row.
    """
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise DatasetError(
            f"{where}: files of kind {suffix!r} are not read; allowed: {', '.join(READERS)}"
        )
    try:
        rows = READERS[suffix](path)
    except (ValueError, OSError, pa.ArrowException, RecursionError, MemoryError) as error:
        raise DatasetError(f"{where}: not readable as {suffix[1:]} ({error})") from error
    if rows.empty:
        raise DatasetError(f"{where}: holds no problem; give a file with at least one row")
    return rows
