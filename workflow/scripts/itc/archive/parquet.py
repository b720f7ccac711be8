"""Parquet files: one row per response, columns mapped to the common recording schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from itc import bounds
from itc.archive._lines import DamagedFileError, mapped
from itc.archive._schema import FIELDS
from itc.bounds import Expansion, OversizeError, check_parquet, expanded, texts

TITLE = "Parquet"
OPTIONS = {
    "settings": "Further columns that hold settings of a draw, kept beside it (parquet).",
}
BATCH = 64  # rows; what is decoded at once


def read(path: Path, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one dict per row of ``path``; only columns that are mapped or bear our names are read.

    ``extra`` may be a struct, a map, or an object as JSON text. Streams in batches of BATCH rows.
    Raises DamagedFileError naming the file and the row.
    """
    columns, settings = spec.get("columns", {}), list(spec.get("settings", []))
    number = 0
    try:
        size = path.stat().st_size
        metadata = pq.read_metadata(path)
        check_parquet(metadata, size)
        counted = Expansion(size)
        with pq.ParquetFile(
            # As dictionaries, so that a batch is counted before its values are written out.
            path,
            pre_buffer=False,
            buffer_size=1 << 20,
            read_dictionary=texts(metadata),
        ) as file:
            present = file.schema_arrow.names
            asked = {*FIELDS, *settings, *columns.values()}
            asked |= {name for rule in spec.get("exclude", []) for name in rule}
            wanted = [n for n in present if n in asked | {a.partition(".")[0] for a in asked}]
            absent = [n for n in settings if n not in present]
            if absent:
                raise DamagedFileError(
                    f"{path}: no column {absent}, it has {present}; correct `settings`"
                )
            for batch in bounds.batches(file, BATCH, wanted):
                counted.add(batch)
                for row in _rows(batch):
                    number += 1
                    row |= mapped(row, columns)
                    row["extra"] = _extra(row.get("extra"), f"{path}: row {number}") | {
                        name: row[name] for name in settings
                    }
                    yield row
    except DamagedFileError:
        raise
    except (pa.ArrowException, OSError, ValueError, RecursionError, MemoryError) as error:
        raise DamagedFileError(
            f"{path}: row {number + 1}: {error}; the file is damaged or in another format: fetch "
            "it again or set its `format`"
        ) from error


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Rows of a batch, one by one where all of them at once would be too much."""
    if sum(expanded(column) for column in batch.columns) <= bounds.LINE:
        yield from batch.to_pylist(maps_as_pydicts="lossy")
        return
    for place in range(batch.num_rows):
        row = batch.slice(place, 1)
        found = sum(expanded(column) for column in row.columns)
        if found > bounds.LINE:
            raise OversizeError("a row", bounds.LINE, found, "line")
        yield from row.to_pylist(maps_as_pydicts="lossy")


def _extra(value: Any, where: str) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise DamagedFileError(f"{where}: `extra` is no JSON: {error}") from error
    if value is not None and not isinstance(value, Mapping):
        raise DamagedFileError(f"{where}: `extra` is {type(value).__name__}, not an object")
    return dict(value or {})
