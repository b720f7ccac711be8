"""Turn an archive back into the tables of a study, after all of it was verified."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from itc import registry, schemas, tables
from itc.atomic import replacing
from itc.bounds import check_values
from itc.deposit import seal
from itc.deposit.manifest import ArchiveError, Manifest
from itc.deposit.store import Store, opened, read_manifest, verify
from itc.grading._metadata import MetadataError, check

# Tables that only archives hold, and the study's table made of them.
GIVEN: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "withheld_problems": ("datasets", seal.given_problems),
    "sealed_responses": ("responses", seal.given_responses),
}

# Columns that jobs read as JSON; a value that none can read would end each of them.
JSON_TEXT = ("condition", "engine_settings")
JSON_DEPTH = 60


def check_versions(manifest: Manifest, where: str) -> None:
    """Refuse an archive that holds tables of schema versions this checkout cannot read.

    Recorded tables are read in every earlier version too.
    """
    commit = f" (commit {manifest.code.commit})" if manifest.code.commit else ""
    held = {
        "outcomes": bool(manifest.outcomes),
        "sealed_responses": any(entry.sealed for entry in manifest.responses),
        "withheld_problems": any(entry.withheld for entry in manifest.datasets.values()),
    }
    for name, version in manifest.tables.items():
        if not held.get(name, True):
            continue
        known = schemas.SCHEMAS.get(name)
        if known is None or version > known.version:
            raise ArchiveError(
                f"{where}: table {name!r} has schema version {version}, this checkout reads "
                f"{known.version if known else 'no such table'}; update the checkout to the "
                f"release that wrote the archive{commit} or a later one"
            )
        if version < known.version and not known.recorded:
            raise ArchiveError(
                f"{where}: table {name!r} has schema version {version}, this checkout writes "
                f"{known.version}; replay with the release that wrote the archive{commit}"
            )


def check_json(parquet: pq.ParquetFile, columns: list[str], where: str) -> None:
    """Refuse columns of JSON text that hold something else, or objects deeper than JSON_DEPTH."""
    for column in columns:
        for text in parquet.read(columns=[column]).column(0).unique().to_pylist():
            if text is None:
                continue
            try:
                fits = isinstance(found := json.loads(text), dict) and _depth(found) <= JSON_DEPTH
            except (ValueError, RecursionError):
                fits = False
            if not fits:
                raise ArchiveError(
                    f"{where}: column {column!r} holds {text[:40]!r}..., no JSON object at most "
                    f"{JSON_DEPTH} deep; fetch the archive again from a source you trust"
                )


def _depth(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, parts), default=0)


def _checked(source: IO[bytes]) -> pq.ParquetFile:
    """The parquet file, after what its values become was found within the bounds."""
    check_values(source, source.seek(0, os.SEEK_END))
    return pq.ParquetFile(source, page_checksum_verification=True)


def _read(
    store: Store, where: str, file: str, table: str, names: dict[str, str], whole: bool
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rows of a file, only the columns ``names`` unless ``whole``; and the names to be changed."""
    schema = schemas.SCHEMAS[table]
    try:
        with (
            store.open(file) as source,
            _checked(source) as parquet,
        ):
            found = parquet.schema_arrow
            tables.check_names(found, f"{where}: {file}", "fetch the archive again")
            label = (found.metadata or {}).get(b"itc.table", b"?").decode("utf-8", "replace")
            wrong = [n for n in found.names if found.field(n).type != schema.kind(n)]
            wrong += schema.lacks(found.names)
            if label != table or wrong:
                raise ArchiveError(
                    f"{where}: {file} is not table {table!r} of this checkout"
                    + (
                        f" (column {wrong[0]!r} is missing, of another type or unknown)"
                        * bool(wrong)
                    )
                    + "; replay with the release that wrote the archive"
                )
            if table == "datasets":
                check_metadata(parquet, f"{where}: {file}")
            check_json(parquet, [n for n in JSON_TEXT if n in found.names], f"{where}: {file}")
            frame = parquet.read(columns=list(names)).to_pandas()
            renamed = {k: v for k, v in names.items() if (frame[k] != v).any()}
            if any(frame[k].nunique() != 1 for k in names):
                raise ArchiveError(f"{where}: {file} mixes datasets or models")
            return (parquet.read().to_pandas() if whole or renamed else frame), renamed
    except (ArchiveError, tables.TableError):
        raise
    except (pa.ArrowException, OSError, ValueError, RecursionError, MemoryError) as error:
        raise ArchiveError(f"{where}: {file} is not a readable parquet file: {error}") from error


def check_metadata(parquet: pq.ParquetFile, where: str) -> None:
    """Refuse problems whose metadata hold more than their graders read, or of no known type."""
    known = registry.names("grading")
    columns = [
        c for c in ("problem_id", "answer_type", "metadata") if c in parquet.schema_arrow.names
    ]
    for batch in parquet.iter_batches(columns=columns):
        for row in batch.to_pylist():
            if row["answer_type"] not in known:
                raise ArchiveError(
                    f"{where}: answer type {row['answer_type']!r} of problem "
                    f"{row['problem_id']!r} is none of {', '.join(known)}"
                )
            try:
                check(
                    row.get("metadata"),
                    row["answer_type"],
                    f"{where}: problem {row['problem_id']!r}",
                )
            except MetadataError as error:
                raise ArchiveError(
                    f"{error}. An archive may hold no other key, since it comes from others; one "
                    "that you wrote with an earlier release has to be written again from its study"
                ) from None


def _copy(store: Store, file: str, target: Path) -> None:
    """Copy a file as it is, so that it has the bytes it had where it was written."""
    with replacing(target) as partial, store.open(file) as source, partial.open("wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)


def replay(path: Path, wanted: dict[str, dict[str, Any]]) -> None:
    """Verify the archive at ``path`` and write the tables ``wanted``.

    ``wanted`` maps each path to be written to ``table`` and ``file`` (in the archive) and, where
    the study may call them otherwise, the ``dataset`` and ``model`` of its rows. Raises
    ArchiveError naming the file at fault; nothing is written unless the whole archive is sound.
    """
    where = str(path)
    manifest, _ = read_manifest(path)
    check_versions(manifest, where)
    with opened(path) as store:
        verify(store, manifest, where)
        for target, entry in wanted.items():
            names = {k: str(v) for k, v in entry.items() if k in ("dataset", "model")}
            table, give = GIVEN.get(entry["table"], (entry["table"], None))
            frame, renamed = _read(
                store, where, entry["file"], entry["table"], names, whole=give is not None
            )
            if give is None and not renamed:
                _copy(store, entry["file"], Path(target))
            else:
                frame = frame if give is None else give(frame)
                tables.write(frame.assign(**renamed), table, target)
    print(f"{where}: {len(manifest.files)} files verified, {len(wanted)} tables taken", flush=True)
    if manifest.outcomes:
        print(
            f"no text of {len(manifest.outcomes)} datasets x models: their grades, answer classes "
            f"and features ({', '.join(manifest.features)}) are those of the archive",
            flush=True,
        )
