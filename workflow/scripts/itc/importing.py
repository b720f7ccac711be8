"""Turn a recording of other people's responses into the study's own tables.

What the recording does not say stays null; nothing is invented. Rows stream from the files through
a Spool, which sorts them on disk, so memory does not grow with the recording. Order of every table:
its key (problem, draw), whatever the order in the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from itc import registry
from itc.archive._schema import NEEDED
from itc.spool import RepeatedKeyError, Spool

# Sources' words for why generation ended; words that are in neither list are kept as they are.
FINISH_REASONS = {
    **dict.fromkeys(("stop", "eos", "end_turn", "stop_sequence"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "model_length", "cutoff"), "length"),
    **dict.fromkeys(("", "none", "null", "unknown"), None),
}
THINKING = ("<think>", "</think>")  # around thinking that a source keeps apart

PLAIN = str | bool | int | float


class ImportRefusedError(ValueError):
    """A recording cannot be used; the message names the file, the row and the mend."""


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


def rows(path: Path, spec: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a recording that no ``exclude`` condition names, with their number from 1."""
    for number, row in enumerate(registry.load("archive", spec["format"]).read(path, spec), 1):
        missing = [column for column in NEEDED if row.get(column) is None]
        if missing:
            raise ImportRefusedError(
                f"{path}: row {number} has no column {missing}; it has {sorted(row)}; map the "
                "names under imports.*.columns (ours: theirs)"
            )
        if not excluded(row, spec.get("exclude", [])):
            yield number, row


def finish_reason(row: Mapping[str, Any]) -> str | None:
    """Our word for why generation ended; null where the source does not know."""
    extra = row.get("extra") or {}
    if extra.get("at_cap"):
        return "length"
    word = str(row.get("finish_reason") or extra.get("finish_reason") or "").lower()
    return FINISH_REASONS.get(word, word)


def _text(value: Any) -> str | None:
    """A string that UTF-8 can hold: lone surrogates become question marks."""
    return None if value is None else str(value).encode("utf-8", "replace").decode("utf-8")


def _integer(row: Mapping[str, Any], column: str) -> int | None:
    value = row.get(column)
    if value is None or value != value:
        return None
    try:
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or isinstance(value, bool) or (isinstance(value, float) and whole != value):
        raise ImportRefusedError(f"{column} is {value!r}, not a whole number; correct the mapping")
    return whole


def _boolean(row: Mapping[str, Any], column: str) -> bool | None:
    value = row.get(column)
    if value is None or value != value:
        return None
    if value not in (0, 1):
        raise ImportRefusedError(f"{column} is {value!r}, not true or false; correct the mapping")
    return bool(value)


def _settings(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of ``extra`` and, under dotted names, of the objects right inside it."""
    inner = {
        f"{outer}.{key}": value
        for outer, mapping in extra.items()
        if isinstance(mapping, Mapping)
        for key, value in mapping.items()
    }
    return {k: v for k, v in (*extra.items(), *inner.items()) if isinstance(v, PLAIN)}


def response_row(
    row: dict[str, Any], dataset: str, model: dict[str, Any], apart: Iterable[str] = ()
) -> dict[str, Any]:
    """One row of table ``responses`` from one recorded row.

    Thinking that the source keeps apart is put before the response between the model's delimiters.
    Where the source only counts it, the text is all answer (``thinking_end`` 0). ``apart`` names
    recorded models whose output tokens leave the thinking tokens out: they are added.
    """
    extra = row.get("extra") or {}
    text, thought = _text(row.get("response_text")), _text(row.get("thinking_text"))
    tokens, thinking = _integer(row, "n_output_tokens"), _integer(row, "n_thinking_tokens")
    if row["model"] in apart and tokens is not None and thinking is not None:
        tokens += thinking
    pair: tuple[str, str] | None = model.get("thinking")
    end = None
    if thought:
        opening, closing = pair or THINKING
        thought = f"{opening}{thought}{closing if text else ''}"
        end = len(thought)
        text = thought + (text or "")
    elif text is not None:
        found = text.rfind(pair[1]) if pair else -1
        if pair and found >= 0:
            end = found + len(pair[1])
        elif thinking and not (pair and pair[0] in text):
            end = 0
    identity = [row["dataset"], row["model"], row["problem_id"], row["sample_index"]]
    return {
        "dataset": dataset,
        "model": model["name"],
        "procedure": "sample",
        "problem_id": str(row["problem_id"]),
        "draw": _integer(row, "sample_index"),
        "round": 0,
        "response_id": hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16],
        "parents": [],
        "text": text,
        "thinking_end": end,
        "n_prompt_tokens": _integer(row, "n_prompt_tokens"),
        "n_output_tokens": tokens,
        "n_thinking_tokens": thinking,
        "finish_reason": finish_reason(row),
        "engine": "recording",
        "source_answer": _text(row.get("source_extracted_answer")),
        "source_correct": _boolean(row, "correct"),
        "condition": _text(json.dumps(_settings(extra), sort_keys=True, ensure_ascii=False)),
    }


class Imported:
    """Tables of one import: ``problems`` by dataset, and responses of each cell as frames.

    A context manager, since the responses lie in a temporary file until they are read.
    """

    def __init__(self, spec: Mapping[str, Any], folder: Path | str | None = None):
        self.problems: dict[str, pd.DataFrame] = {}
        self.cells: dict[tuple[str, str], int] = {}
        self._spool, self._spec = Spool(folder), spec

    def __enter__(self) -> Imported:
        return self

    def __exit__(self, *error: Any) -> None:
        self._spool.__exit__(*error)

    def add(self, cell: tuple[str, str], row: dict[str, Any]) -> None:
        """Keep one row of table ``responses``."""
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
            for group in self._spool.groups(self.cells[cell]):
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
                seen["datasets"].add(str(row["dataset"]))
                seen["models"].add(str(row["model"]))
                dataset, model = by_dataset.get(row["dataset"]), by_model.get(row["model"])
                if dataset is None:
                    continue
                if dataset["name"] in known:
                    _merge_problem(known[dataset["name"]], row, dataset, path)
                if model is None:
                    continue
                try:
                    made = response_row(
                        row, dataset["name"], model, spec.get("thinking_tokens_apart", ())
                    )
                except ImportRefusedError as error:
                    raise ImportRefusedError(f"{path}: row {number}: {error}") from None
                imported.add((dataset["name"], model["name"]), made)
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
    except BaseException:
        imported.__exit__(None, None, None)
        raise
    return imported


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
        value = _text(row.get(column))
        if value is None:
            continue
        if entry[column] is not None and entry[column] != value:
            raise ImportRefusedError(
                f"{path}: problem {name!r} of {dataset['name']!r} has two {column}s: "
                f"{entry[column]!r} and {value!r}; correct the file, exclude one of them, or map "
                f"`{column}` to a column that is the same in all rows"
            )
        entry[column] = value
