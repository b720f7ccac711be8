"""Turn a recording of other people's responses into the study's own tables.

Rows stream from the files through a Spool, which sorts them on disk, so memory does not grow with
the recording. Order of every table: its key (problem, draw), whatever the order in the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from itc import checksum, registry
from itc.archive._golds import golds_of, options, warn_unreadable
from itc.archive._lines import DamagedFileError
from itc.archive._rows import ImportRefusedError, response_row, text_or_null
from itc.archive._schema import NEEDED
from itc.archive._thinking import Delimiters
from itc.spool import RepeatedKeyError, Spool

SHOWN = 200  # characters of a stranger's value in a message
# What a value of an unexpected kind makes our code raise.
UNFIT = (TypeError, ValueError, AttributeError, KeyError, IndexError, OverflowError)


def verify(path: Path, sha256: str | Mapping[str, str] | None) -> None:
    """Compare the file's checksum with the one configured (several files: by name), if any."""
    if isinstance(sha256, Mapping):
        if path.name not in sha256:
            raise ImportRefusedError(
                f"{path}: imports.*.sha256 names no checksum of {path.name!r}; it names "
                f"{sorted(sha256)}: add it"
            )
        sha256 = sha256[path.name]
    if sha256 is None:
        return
    found = checksum.of_file(path)
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


def rows(path: Path, spec: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a recording that no ``exclude`` condition names, with their number from 1."""
    found = enumerate(_read(path, spec), 1)
    for number, row in found:
        missing = [column for column in NEEDED if row.get(column) is None]
        if missing:
            raise ImportRefusedError(
                f"{path}: row {number} has no column {missing}; it has {sorted(row)}; map the "
                "names under imports.*.columns (ours: theirs)"
            )
        with _named(path, number):
            left_out = excluded(row, spec.get("exclude", []))
        if not left_out:
            yield number, row


def _read(path: Path, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows as the format's reader gives them; what it raises names the file and the row."""
    reader, number = registry.load("archive", spec["format"]).read(path, spec), 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except (ImportRefusedError, DamagedFileError):
            raise
        except (*UNFIT, RecursionError, MemoryError, OSError) as error:
            if str(path) in str(error):
                raise
            raise ImportRefusedError(
                f"{path}: row {number}: not readable as {spec['format']} "
                f"({type(error).__name__}: {str(error)[:SHOWN]}); fetch the file again, or correct "
                "imports.*.format"
            ) from error
        yield row


class Imported:
    """Tables of one import: ``problems`` by dataset, and responses of each cell as frames.

    A context manager, since the responses lie in a temporary file until they are read.
    """

    def __init__(self, spec: Mapping[str, Any], folder: Path | str | None = None):
        self.problems: dict[str, pd.DataFrame] = {}
        self.cells: dict[tuple[str, str], int] = {}
        self._delimiters: dict[tuple[str, str], Delimiters] = {}
        self._spool, self._spec = Spool(folder), spec

    def __enter__(self) -> Imported:
        return self

    def __exit__(self, *error: Any) -> None:
        self._spool.__exit__(*error)

    def add(
        self, cell: tuple[str, str], row: dict[str, Any], pair: Sequence[str] | None = None
    ) -> None:
        """Keep one row of table ``responses``."""
        self._delimiters.setdefault(cell, Delimiters()).see(row, pair)
        self._spool.add(self.cells[cell], row["problem_id"], row["draw"], row)

    def count(self, cell: tuple[str, str]) -> int:
        """Number of responses of (dataset, model)."""
        return self._spool.count(self.cells[cell])

    def frames(self, cell: tuple[str, str]) -> Iterator[pd.DataFrame]:
        """Table ``responses`` of (dataset, model) in key order, in pieces of bounded size."""
        name = self._spec.get("tokenizer")
        count = None
        if name:
            from itc.archive._tokenizer import counter

            count = counter(name)
        try:
            seen = self._delimiters.get(cell, Delimiters())
            for group in self._spool.groups(self.cells[cell]):
                seen.settle(group)
                if count is not None:
                    _count_tokens(group, count, str(name))
                yield pd.DataFrame(group)
        except RepeatedKeyError as error:
            raise ImportRefusedError(
                f"{cell[1]!r} on {cell[0]!r}: {error}; exclude one of them, or map sample_index "
                "to a column that tells the draws apart"
            ) from error


def _count_tokens(group: list[dict[str, Any]], count: Any, name: str) -> None:
    """Fill output and thinking tokens where the source tells none, and say who counted."""
    unknown = [r for r in group if r["n_output_tokens"] is None and r["text"] is not None]
    for row, size in zip(unknown, count([r["text"] for r in unknown]), strict=True):
        row["n_output_tokens"] = size
        condition = {**json.loads(row["condition"]), "tokens_counted_with": name}
        row["condition"] = json.dumps(condition, sort_keys=True, ensure_ascii=False)
    parts = [r for r in unknown if r["thinking_end"] and r["n_thinking_tokens"] is None]
    for row, size in zip(
        parts, count([r["text"][: r["thinking_end"]] for r in parts]), strict=True
    ):
        row["n_thinking_tokens"] = size


def import_recording(
    paths: Path | Sequence[Path],
    spec: dict[str, Any],
    datasets: list[dict[str, Any]],
    models: list[dict[str, Any]],
    folder: Path | str | None = None,
) -> Imported:
    """Read the cells of a study from one recording, a file or several.

    ``datasets`` and ``models`` are config entries with their ``name``; ``recorded_as`` is the name
    in the file. Problems are taken from the recording where the dataset's loader is ``recording``.
    ``folder`` takes the temporary file. Raises ImportRefusedError for an empty cell, a repeated
    draw, or problems that disagree.
    """
    paths = [paths] if isinstance(paths, Path) else list(paths)
    for path in paths:
        verify(path, spec.get("sha256"))
    by_dataset = {d["recorded_as"] or d["name"]: d for d in datasets}
    by_model = {m["recorded_as"] or m["name"]: m for m in models}
    known: dict[str, dict[str, dict[str, Any]]] = {
        d["name"]: {} for d in datasets if d.get("loader", "recording") == "recording"
    }
    seen: dict[str, set[str]] = {"datasets": set(), "models": set()}
    imported = Imported(spec, folder)
    try:
        pairs = [(d["name"], m["name"]) for d in datasets for m in models]
        imported.cells = {pair: number for number, pair in enumerate(pairs)}
        for path in paths:
            for number, row in rows(path, spec):
                with _named(path, number):
                    seen["datasets"].add(str(row["dataset"])[:SHOWN])
                    seen["models"].add(str(row["model"])[:SHOWN])
                    dataset, model = by_dataset.get(row["dataset"]), by_model.get(row["model"])
                    if dataset is None:
                        continue
                    if dataset["name"] in known:
                        _merge_problem(known[dataset["name"]], row, dataset)
                    if model is None:
                        continue
                    made = response_row(
                        row, dataset["name"], model, spec.get("thinking_tokens_apart", ())
                    )
                    cell = dataset["name"], model["name"]
                    imported.add(cell, made, model.get("thinking"))
        where = ", ".join(str(path) for path in paths)
        for dataset_name, model_name in pairs:
            if not imported.count((dataset_name, model_name)):
                raise ImportRefusedError(
                    f"{where}: no response of model {model_name!r} to dataset {dataset_name!r}; it "
                    f"holds datasets {sorted(seen['datasets'])} and models "
                    f"{sorted(seen['models'])}; set `recorded_as` of the entry to one of these"
                )
        for name, found in known.items():
            blank = [problem for problem, entry in found.items() if entry["question"] is None]
            if blank:
                raise ImportRefusedError(
                    f"{where}: {len(blank)} problems of {name!r} have no question, the first is "
                    f"{blank[0]!r}; map `question` under imports.*.columns, or give the dataset a "
                    "loader of its own beside `import_from`"
                )
            imported.problems[name] = pd.DataFrame(list(found.values()))
            if found:
                warn_unreadable(name, imported.problems[name], where)
    except BaseException:
        imported.__exit__(None, None, None)
        raise
    return imported


@contextmanager
def _named(path: Path, number: int) -> Iterator[None]:
    """Errors about a row name the file and the row, whatever they are."""
    try:
        yield
    except ImportRefusedError as error:
        raise ImportRefusedError(f"{path}: row {number}: {error}") from None
    except (*UNFIT, RecursionError, MemoryError) as error:
        raise ImportRefusedError(
            f"{path}: row {number}: a value is of a kind that no recording has there "
            f"({type(error).__name__}: {str(error)[:SHOWN]}); correct the file or "
            "imports.*.columns"
        ) from error


def _merge_problem(
    known: dict[str, dict[str, Any]], row: dict[str, Any], dataset: dict[str, Any]
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
    golds: Any = row.get("gold")
    several = golds_of(golds)
    found = {
        "question": text_or_null(row.get("question")),
        "gold": several[0] if several else None,
        "golds": several if len(several) > 1 else None,
        "choices": options(row.get("choices")),
    }
    about = json.loads(entry["metadata"])
    for column, value in found.items():
        if value is None:
            continue
        place = entry if column in entry else about
        if place.get(column) is not None and place[column] != value:
            raise ImportRefusedError(
                f"problem {name!r} of {dataset['name']!r} has two {column.rstrip('s')}s: "
                f"{place[column]!r} and {value!r}; correct the file, exclude one of them, or map "
                f"`{column}` to a column that is the same in all rows"
            )
        place[column] = value
    entry["metadata"] = json.dumps(about, sort_keys=True, ensure_ascii=False)
