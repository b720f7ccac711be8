"""Schemas of every table that crosses a stage border, checked at each write and each read.

A table is a parquet file: zstd, rows sorted by key, no timestamps, schema name and version in its
metadata, written to a temporary neighbour and renamed, so equal content is equal bytes and nothing
half-written stays behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from itc.atomic import replacing

STRING, TEXT, BOOL = pa.string(), pa.large_string(), pa.bool_()
INT, LONG, FLOAT = pa.int32(), pa.int64(), pa.float64()

ROW_GROUP = 2048  # rows; small enough that a stage can stream long texts group by group

CELL = {"dataset": STRING, "model": STRING}
RESPONSE_KEY = {
    **CELL,
    "procedure": STRING,  # name of the procedure entry in the config
    "problem_id": STRING,
    "draw": INT,  # index of the independent chain below this response
    "round": INT,  # the procedure's own axis: revision round, judge vote, token budget, waits
}
TOKENS = {
    "n_prompt_tokens": INT,
    "n_output_tokens": INT,
    "n_thinking_tokens": INT,
    "finish_reason": STRING,  # stop | length | ... ; null when unknown
}
LOGPROBS = {
    "cumulative_logprob": FLOAT,
    "mean_entropy": FLOAT,  # nats, over the recorded top-k
    "confidence_mean": FLOAT,  # DeepConf: minus mean log-prob of the top-k, averaged over tokens
    "confidence_tail": FLOAT,
    "confidence_lowest": FLOAT,
    "confidence_bottom10": FLOAT,
}


class TableError(ValueError):
    """A table does not keep its schema; the message names the file and the mend."""


@dataclass(frozen=True)
class Schema:
    """Columns (name -> arrow type) of one table, its sort key, and prefixes of open columns."""

    name: str
    version: int
    columns: dict[str, pa.DataType]
    key: tuple[str, ...]
    required: tuple[str, ...] = ()  # may never be null, beside the key
    open_prefixes: tuple[str, ...] = ()  # further float columns allowed under these prefixes

    def kind(self, column: str) -> pa.DataType | None:
        """Type of a column; None where the table may not hold it."""
        if column in self.columns:
            return self.columns[column]
        return FLOAT if column.startswith(self.open_prefixes or ("\0",)) else None


SCHEMAS = {
    s.name: s
    for s in (
        Schema(
            "datasets",
            1,
            {
                "problem_id": STRING,
                "question": TEXT,  # null only where an archive withholds it
                "gold": TEXT,
                "answer_type": STRING,
                "subject": STRING,
                "difficulty": FLOAT,
                "source": STRING,
                "licence": STRING,
                "metadata": TEXT,  # JSON object, whatever the grader of this type needs
            },
            ("problem_id",),
            ("answer_type",),
        ),
        Schema(
            "responses",
            1,
            {
                **RESPONSE_KEY,
                "response_id": STRING,
                "parents": pa.list_(STRING),
                "prompt_sha256": STRING,
                "text": TEXT,
                "thinking_end": INT,  # offset in text just behind the closing delimiter
                **TOKENS,
                "token_ids": pa.list_(INT),
                **LOGPROBS,
                "seed": LONG,
                "engine": STRING,
                "engine_version": STRING,
                "dtype": STRING,
                "gpu": STRING,
                "tensor_parallel": INT,
                "engine_settings": STRING,  # JSON of batch sizes and the like
                "source_answer": TEXT,  # imports only: the source's own extraction and grade
                "source_correct": BOOL,
                "condition": STRING,  # imports only: JSON of settings that differ between draws
            },
            ("dataset", "model", "procedure", "problem_id", "draw", "round"),
            ("response_id",),
        ),
        Schema(
            "annotations",
            1,
            {
                **RESPONSE_KEY,
                "response_id": STRING,
                "answer": TEXT,  # as extracted
                "answer_how": STRING,  # boxed | phrase | fallback | source | none
                "normal_form": TEXT,
                "verdict": STRING,  # right | wrong | undecided
                "cause": STRING,  # why undecided
                "score": FLOAT,  # judge score, or the task's own partial credit
            },
            ("dataset", "model", "procedure", "problem_id", "draw", "round"),
            ("response_id", "answer_how", "verdict"),
            ("f_",),
        ),
        Schema(
            "outcomes",
            1,
            {
                **RESPONSE_KEY,
                "response_id": STRING,
                "parents": pa.list_(STRING),
                "answer": TEXT,
                "answer_how": STRING,
                "answer_class": INT,  # within problem; -1 = no answer
                "class_conflict": BOOL,  # in a pair where the relation was no equivalence
                "asymmetric_pairs": INT,  # pairs of the problem's answers, the model's whole pool
                "intransitive_pairs": INT,
                "verdict": STRING,
                "cause": STRING,
                "score": FLOAT,
                **TOKENS,
                **LOGPROBS,
                "truncated": BOOL,  # cut at the token cap; null when unknown
                "platform": STRING,  # engine, version, type, device, tensor-parallel size
                "source_answer": TEXT,
                "source_correct": BOOL,
                "condition": STRING,
                "subject": STRING,
                "difficulty": FLOAT,
            },
            ("dataset", "model", "procedure", "problem_id", "draw", "round"),
            ("answer_class", "verdict"),
            ("f_",),
        ),
        Schema(
            "evaluations",
            1,
            {
                **CELL,
                "strategy": STRING,
                "problem_id": STRING,
                "budget": INT,  # number of draws (or the strategy's own axis)
                "correct": FLOAT,  # expected share right, undecided counted as wrong
                "undecided": FLOAT,  # share of the responses behind it that are undecided
                "correct_if_undecided_wrong": FLOAT,  # ends of the interval that undecided answers
                "correct_if_undecided_right": FLOAT,  # imply, their votes moved as well
                "monte_carlo_se": FLOAT,  # 0 for exact estimators
                "n_draws": INT,
            },
            ("dataset", "model", "strategy", "problem_id", "budget"),
            ("correct",),
            ("cost_", "metric_"),
        ),
    )
}


def register(schema: Schema) -> Schema:
    """Add the schema of an analysis table; its module calls this once at import."""
    SCHEMAS[schema.name] = schema
    return schema


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
    duplicated = frame.duplicated(list(schema.key))
    if duplicated.any():
        first = frame.loc[duplicated, list(schema.key)].iloc[0].to_dict()
        raise TableError(f"{where}: {int(duplicated.sum())} rows repeat a key, first {first}")
    frame = frame.sort_values(list(schema.key), kind="stable")
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
        arrays.append(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)
    metadata = {"itc.table": name, "itc.version": str(schema.version)}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))


def write(frame: pd.DataFrame, name: str, path: str | Path) -> None:
    """Write ``frame`` as table ``name`` to ``path``, atomically; see to_arrow for the checks."""
    path = Path(path)
    table = to_arrow(frame, name, str(path))
    with replacing(path) as partial:
        pq.write_table(
            table, partial, compression="zstd", compression_level=3, row_group_size=ROW_GROUP
        )


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
                writer = stack.enter_context(
                    pq.ParquetWriter(partial, table.schema, compression="zstd", compression_level=3)
                )
            writer.write_table(table, row_group_size=table.num_rows)
        if writer is None:
            raise TableError(f"{path}: no rows of table {name!r} to write")
    return rows


def read(path: str | Path, name: str, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read table ``name`` from ``path`` (all columns, or those named), after checking its label.

    Raises TableError for a damaged file, another table, or another schema version.
    """
    with _opened(path, name) as file:
        return file.read(columns=_present(file, columns)).to_pandas()


def stream(
    path: str | Path, name: str, columns: Iterable[str] | None = None
) -> Iterator[pd.DataFrame]:
    """Yield table ``name`` in pieces of at most ROW_GROUP rows, checked as by read."""
    with _opened(path, name) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=_present(file, columns)).to_pandas()


def _present(file: pq.ParquetFile, columns: Iterable[str] | None) -> list[str] | None:
    if columns is None:
        return None
    return [c for c in columns if c in file.schema_arrow.names]


@contextmanager
def _opened(path: str | Path, name: str) -> Iterator[pq.ParquetFile]:
    try:
        file = pq.ParquetFile(path)
        metadata = file.schema_arrow.metadata or {}
        found = metadata.get(b"itc.table", b"?").decode(), metadata.get(b"itc.version", b"?")
        expected = SCHEMAS[name]
        if found != (name, str(expected.version).encode()):
            raise TableError(
                f"{path}: holds table {found[0]!r} version {found[1].decode()}, expected "
                f"{name!r} version {expected.version}; delete the file and let its rule remake it"
            )
        yield file
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise TableError(
            f"{path}: not a readable parquet file ({error}); delete it and let its rule remake it"
        ) from error


def read_many(
    paths: Iterable[str | Path], name: str, columns: Iterable[str] | None = None
) -> pd.DataFrame:
    """Concatenate several files of table ``name``, in the order given."""
    wanted = None if columns is None else list(columns)
    frames = [read(path, name, wanted) for path in paths]
    if not frames:
        raise TableError(f"no file of table {name!r} given")
    return pd.concat(frames, ignore_index=True)


def read_datasets(paths: Iterable[str | Path], name: str = "datasets") -> pd.DataFrame:
    """Concatenate tables of problems with a column ``dataset``, from files ``{dataset}-{key}``."""
    frames = {Path(path).stem.rpartition("-")[0]: read(path, name) for path in paths}
    return pd.concat(
        [frame.assign(dataset=dataset) for dataset, frame in frames.items()], ignore_index=True
    )
