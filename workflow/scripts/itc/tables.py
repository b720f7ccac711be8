"""Write and read tables: each checked against its schema, each file whole or not there.

A table is a parquet file: zstd, rows sorted by key, no timestamps, schema name and version in its
metadata, a checksum in each page, written beside and renamed: equal content is equal bytes, nothing
half-written stays, and a flipped bit is found when it is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from itc.atomic import replacing
from itc.schemas import FLOAT, SCHEMAS, Schema

FORMAT = {"compression": "zstd", "compression_level": 3, "write_page_checksum": True}
# Rows of a group. Responses are streamed group by group, so that long texts need little memory.
ROW_GROUPS = {"responses": 2048}
ROW_GROUP = 131_072  # of any other table: 60 times as many groups take 5 times as long to read


class TableError(ValueError):
    """A table does not keep its schema; the message names the file and the mend."""


def to_arrow(frame: pd.DataFrame, name: str, where: str = "table") -> pa.Table:
    """Check ``frame`` against schema ``name`` and return it sorted and typed.

    Raises TableError naming the column, the row count or the duplicate key at fault.
    """
    schema = SCHEMAS[name]
    unknown = [c for c in frame.columns if schema.kind(c) is None]
    if unknown:
        raise TableError(f"{where}: columns {unknown} are not in schema {name!r} v{schema.version}")
    missing = [c for c in (*schema.key, *schema.required) if c not in frame.columns]
    if missing:
        raise TableError(f"{where}: schema {name!r} needs columns {missing}")
    fields, arrays = [], []
    for column in [*schema.columns, *sorted(c for c in frame.columns if c not in schema.columns)]:
        kind = schema.columns.get(column, FLOAT)
        if column in frame.columns:
            try:
                array = pa.Array.from_pandas(frame[column], type=kind)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise TableError(f"{where}: column {column!r} is not {kind}: {error}") from error
        else:
            array = pa.nulls(len(frame), kind)
        if column in (*schema.key, *schema.required) and array.null_count:
            raise TableError(f"{where}: column {column!r} has {array.null_count} missing values")
        fields.append(pa.field(column, kind))
        if isinstance(array, pa.ChunkedArray):
            chunks = [chunk.cast(kind) for chunk in array.chunks]  # joined frames mix two strings
            array = pa.concat_arrays(chunks or [pa.nulls(0, kind)])
        arrays.append(array)
    metadata = {
        "itc.table": name,
        "itc.version": str(schema.version),
        "itc.columns": names_digest([field.name for field in fields]),
    }
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))
    return _sorted(table, list(schema.key), where)


def names_digest(names: Sequence[str]) -> str:
    """Checksum of the names of a table's columns.

    Page checksums cover the values, not the footer that names them.
    """
    return hashlib.sha256(json.dumps(list(names)).encode()).hexdigest()[:32]


def check_names(found: pa.Schema, where: str, mend: str) -> None:
    """Raise TableError where columns have other names than when the file was written.

    Tables of earlier releases hold no checksum of them and are taken as they are.
    """
    written = (found.metadata or {}).get(b"itc.columns")
    if written is not None and written != names_digest(found.names).encode():
        raise TableError(
            f"{where}: the names of its columns ({', '.join(found.names)}) are not those that were "
            f"written: the file is damaged; {mend}"
        )


def _sorted(table: pa.Table, key: list[str], where: str) -> pa.Table:
    """``table`` in the order of ``key``; as it is where it has that order, as most tables do.

    Raises TableError where two rows have the same key.
    """
    tied = _ties(table, key)
    if tied is None:
        table = table.take(pc.sort_indices(table, [(name, "ascending") for name in key]))
        tied = _ties(table, key)
    assert tied is not None  # sorted by now
    if tied.any():
        first = table.select(key).slice(int(tied.argmax()), 1).to_pylist()[0]
        raise TableError(f"{where}: {int(tied.sum())} rows repeat a key, first {first}")
    return table


def _ties(table: pa.Table, key: list[str]) -> np.ndarray | None:
    """Bool (n - 1,): a row has the key of the one before it. None where rows are not in order."""
    tied = np.ones(max(table.num_rows - 1, 0), dtype=bool)
    for name in key:
        before, after = table[name].slice(0, len(tied)), table[name].slice(1)
        if (tied & pc.greater(before, after).to_numpy()).any():
            return None
        tied &= pc.equal(before, after).to_numpy()
    return tied


def write(frame: pd.DataFrame, name: str, path: str | Path) -> None:
    """Write ``frame`` as table ``name`` to ``path``, atomically; see to_arrow for the checks."""
    path = Path(path)
    table = to_arrow(frame, name, str(path))
    with replacing(path) as partial:
        groups = ROW_GROUPS.get(name, ROW_GROUP)
        pq.write_table(table, partial, row_group_size=groups, **FORMAT)


def write_groups(frames: Iterable[pd.DataFrame], name: str, path: str | Path) -> int:
    """Write table ``name`` from frames that come in key order, one row group each; returns rows.

    As write, but memory is one frame: for tables whose texts do not fit. Raises TableError where a
    frame does not follow the one before, or where there is none.
    """
    path = Path(path)
    key = list(SCHEMAS[name].key)
    last: tuple[Any, ...] | None = None
    rows = 0
    with replacing(path) as partial, ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for frame in frames:
            table = to_arrow(frame, name, str(path))
            ends = table.select(key).take([0, table.num_rows - 1]).to_pylist()
            first = tuple(ends[0].values())
            if last is not None and first <= last:
                raise TableError(f"{path}: rows out of order, {first} follows {last}")
            last, rows = tuple(ends[1].values()), rows + table.num_rows
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(partial, table.schema, **FORMAT))
            writer.write_table(table, row_group_size=table.num_rows)
        if writer is None:
            raise TableError(f"{path}: no rows of table {name!r} to write")
    return rows


def read(path: str | Path, name: str, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read table ``name`` from ``path`` (all columns, or those named), after checking its label.

    Raises TableError for a damaged file, another table, another schema version or a lack of
    columns; of a recorded table, columns that an earlier version did not have are missing values.
    """
    with _opened(path, name) as file:
        return _completed(file.read(columns=_present(file, columns)), name, columns).to_pandas()


def stream(
    path: str | Path, name: str, columns: Iterable[str] | None = None
) -> Iterator[pd.DataFrame]:
    """Yield table ``name`` row group by row group, checked as by read."""
    with _opened(path, name) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=_present(file, columns))
            yield _completed(group, name, columns).to_pandas()


def columns_of(paths: Iterable[str | Path], name: str) -> list[str]:
    """Columns that any of some files of table ``name`` has, in order, without reading them."""
    found: dict[str, None] = {}
    for path in paths:
        with _opened(path, name) as file:
            found.update(dict.fromkeys(file.schema_arrow.names))
    return list(found)


def _present(file: pq.ParquetFile, columns: Iterable[str] | None) -> list[str] | None:
    if columns is None:
        return None
    return [c for c in columns if c in file.schema_arrow.names]


def _completed(table: pa.Table, name: str, columns: Iterable[str] | None) -> pa.Table:
    """``table`` with those columns of its schema as nulls that its file did not have yet."""
    schema = SCHEMAS[name]
    wanted = list(schema.columns if columns is None else columns)
    for column in wanted:
        if column in schema.columns and column not in table.column_names:
            field = pa.field(column, schema.columns[column])
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table


@contextmanager
def _opened(path: str | Path, name: str) -> Iterator[pq.ParquetFile]:
    schema = SCHEMAS[name]
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        check_label(file.schema_arrow, schema, str(path))
        yield file
    except (TableError, FileNotFoundError):
        raise
    # A flipped bit may surface as any of these: in a name, in a size, in a type.
    except (
        *(pa.ArrowException, OSError, ValueError, KeyError, TypeError),
        *(MemoryError, RecursionError, OverflowError),
    ) as error:
        raise TableError(f"{path}: not a readable parquet file ({error}); {schema.mend}") from error


def check_label(found: pa.Schema, schema: Schema, where: str) -> None:
    """Raise TableError unless ``found``, the schema of a file, is one that ``schema`` reads."""
    metadata = found.metadata or {}
    label, version = (
        metadata.get(key, b"?").decode("utf-8", "replace") for key in (b"itc.table", b"itc.version")
    )
    held = f"{where}: holds table {label!r} version {version}"
    if label != schema.name:
        raise TableError(f"{held}, expected {schema.name!r}; {schema.mend}")
    older = version.isdecimal() and int(version) < schema.version
    if version != str(schema.version) and not (older and schema.recorded):
        raise TableError(
            f"{held}, expected {schema.name!r} version {schema.version}; "
            + (schema.mend if older else f"update the checkout, or {schema.mend}")
        )
    if lacking := schema.lacks(found.names):
        raise TableError(
            f"{held} without the columns {lacking}: another release wrote it; {schema.mend}"
        )
    other = [c for c in found.names if schema.kind(c) not in (None, found.field(c).type)]
    if other:
        raise TableError(
            f"{held} whose column {other[0]!r} is {found.field(other[0]).type}, not "
            f"{schema.kind(other[0])}: another release wrote it; {schema.mend}"
        )
    check_names(found, where, schema.mend)


def read_many(
    paths: Iterable[str | Path], name: str, columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Concatenate several files of table ``name``, in the order given; all columns, or some.

    They are joined before they become a frame, and each column's source is let go when it has
    been converted: at its peak a study's largest tables are in memory once, not twice.
    """
    wanted = None if columns is None else list(columns)
    parts = []
    for path in paths:
        with _opened(path, name) as file:
            part = _completed(file.read(columns=_present(file, wanted)), name, wanted)
            parts.append(part.replace_schema_metadata())
    if not parts:
        raise TableError(f"no file of table {name!r} given")
    whole = pa.concat_tables(parts, promote_options="default")
    parts.clear()
    return whole.to_pandas(split_blocks=True, self_destruct=True)


@dataclass(frozen=True)
class Parts:
    """A table in several frames, each read when its turn comes, so that one is in memory.

    ``groups``: the files of each frame.
    """

    name: str
    groups: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        """Rows of all frames, known without reading them."""
        rows = 0
        for path in (path for group in self.groups for path in group):
            with _opened(path, self.name) as file:
                rows += file.metadata.num_rows
        return rows

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """The frames, in the order of the groups."""
        for group in self.groups:
            yield read_many(group, self.name)


def read_datasets(paths: Iterable[str | Path], name: str = "datasets") -> pd.DataFrame:
    """Concatenate tables of problems with a column ``dataset``, from files ``{dataset}-{key}``."""
    frames = {Path(path).stem.rpartition("-")[0]: read(path, name) for path in paths}
    return pd.concat(
        [frame.assign(dataset=dataset) for dataset, frame in frames.items()], ignore_index=True
    )
