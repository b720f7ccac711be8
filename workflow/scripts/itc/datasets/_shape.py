"""Turn rows of a benchmark into problems: selection, multiple choice, programs with tests."""

from __future__ import annotations

import base64
import binascii
import json
import pickletools
import random
import string
import zlib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from itc.datasets._problems import DatasetError, dump, map_columns, plain


def column(rows: pd.DataFrame, name: str, key: str, where: str) -> pd.Series:
    """A column by name; raises DatasetError naming those that exist."""
    if name not in rows.columns:
        raise DatasetError(
            f"{where}: {key} names column {name!r}, which is missing; the columns are: "
            f"{', '.join(map(str, rows.columns))}"
        )
    return rows[name]


def narrow(rows: pd.DataFrame, spec: Mapping[str, Any], where: str) -> pd.DataFrame:
    """Rows that pass ``where`` and ``dates``, the first ``size`` of them."""
    for name, wanted in (spec.get("where") or {}).items():
        allowed = wanted if isinstance(wanted, list) else [wanted]
        rows = rows[column(rows, name, "where", where).isin(allowed)]
    window = spec.get("dates")
    if window:
        stamps = pd.to_datetime(column(rows, window["column"], "dates.column", where))
        days = stamps.dt.strftime("%Y-%m-%d")
        rows = rows[(days >= str(window["from"])) & (days <= str(window["until"]))]
    if rows.empty:
        raise DatasetError(f"{where}: no row passes `where` and `dates`; widen them")
    return rows.head(int(spec["size"])) if spec.get("size") else rows


def multiple_choice(rows: pd.DataFrame, spec: Mapping[str, Any], where: str) -> pd.DataFrame:
    """Problems whose question lists lettered choices and whose gold is a letter.

    With ``shuffle_seed`` the order of each problem's choices is drawn from the seed and the
    problem's id, so it does not depend on which other problems are selected; it is recorded in
    ``metadata`` (``order``: source positions of the choices shown).
    """
    source = spec.get("choices_from")
    mapping = dict(spec.get("columns") or {})
    theirs = mapping.pop("choices", None)
    if source:
        names = [source["correct"], *source["incorrect"]]
        for name in names:
            column(rows, name, "choices_from", where)
        choices = [[str(value).strip() for value in row] for row in rows[names].to_numpy()]
        right = [0] * len(rows)
        mapping["gold"] = source["correct"]
    else:
        values = column(rows, str(theirs), "columns.choices", where)
        choices = [[str(value).strip() for value in plain(row)] for row in values]
        right = [
            _position(gold, options, where)
            for gold, options in zip(
                column(rows, mapping.get("gold", "gold"), "columns.gold", where),
                choices,
                strict=True,
            )
        ]
    found = map_columns(rows.reset_index(drop=True), {**spec, "columns": mapping}, where)
    seed = spec.get("shuffle_seed")
    questions, golds, metadata = [], [], []
    for problem, question, options, gold in zip(
        found["problem_id"].astype(str), found["question"], choices, right, strict=True
    ):
        order = list(range(len(options)))
        if seed is not None:
            random.Random(f"{seed}/{problem}").shuffle(order)
        shown = [options[i] for i in order]
        letters = string.ascii_uppercase[: len(shown)]
        lines = [f"{letter}) {text}" for letter, text in zip(letters, shown, strict=True)]
        questions.append("\n".join([str(question).strip(), "", *lines]))
        golds.append(string.ascii_uppercase[order.index(gold)])
        metadata.append(dump({"choices": shown, "order": order, "shuffle_seed": seed}))
    return found.assign(question=questions, gold=golds, metadata=metadata, source=where)


def _position(gold: Any, options: list[str], where: str) -> int:
    """Position of the right choice, given as number, letter or text."""
    if isinstance(gold, str) and len(gold.strip()) == 1 and gold.strip().isalpha():
        position = string.ascii_uppercase.find(gold.strip().upper())
    elif isinstance(gold, str) and gold.strip() in options:
        position = options.index(gold.strip())
    else:
        try:
            position = int(gold)
        except (TypeError, ValueError):
            position = -1
    if not 0 <= position < len(options):
        raise DatasetError(
            f"{where}: gold {gold!r} names none of {len(options)} choices; it must be a letter, a "
            "number from 0, or a choice's text"
        )
    return position


def programs(rows: pd.DataFrame, spec: Mapping[str, Any], where: str) -> pd.DataFrame:
    """Programming problems with their tests, in the format of LiveCodeBench."""
    if spec["tests"] != "livecodebench":
        raise DatasetError(f"{where}: tests {spec['tests']!r} is unknown; allowed: livecodebench")
    found = map_columns(
        rows.reset_index(drop=True).assign(**{"": None}),
        {**spec, "columns": {**(spec.get("columns") or {}), "gold": ""}},
        where,
    )
    records = rows.to_dict(orient="records")
    questions, metadata = [], []
    for question, record in zip(found["question"], records, strict=True):
        starter = str(record.get("starter_code") or "").strip()
        function = json.loads(record.get("metadata") or "{}").get("func_name")
        tests = [*_public(record), *private_tests(record.get("private_test_cases") or "", where)]
        ask = (
            f"Complete this Python code:\n```python\n{starter}\n```"
            if starter
            else "Write a Python program that reads standard input and prints the answer."
        )
        questions.append(f"{str(question).strip()}\n\n{ask}")
        details = {
            "tests": [_test(test, function) for test in tests],
            "function": function,
            "room": "livecodebench",
            "cpu_seconds": spec.get("cpu_seconds", 6),
            "date": str(record.get("contest_date", ""))[:10],
        }
        metadata.append(dump(details))
    return found.assign(question=questions, gold=None, metadata=metadata, source=where)


def _public(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = json.loads(record.get("public_test_cases") or "[]")
    return result


def _test(test: Mapping[str, Any], function: str | None) -> dict[str, Any]:
    if function is None:
        return {"input": test["input"], "output": test["output"]}
    arguments = [json.loads(line) for line in str(test["input"]).splitlines() if line.strip()]
    return {"args": arguments, "output": json.loads(test["output"])}


# Opcodes of a pickle that holds one text and nothing else.
_TEXT = {"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
_AROUND = {"PROTO", "FRAME", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "STOP"}
UNPACKED = 1 << 30  # bytes of one problem's hidden tests; the published ones stay below 100 MB


def _pickled_text(data: bytes) -> str:
    """The text in a pickle of one text, which is read as a list of opcodes and never loaded."""
    opcodes = [(code.name, value) for code, value, _ in pickletools.genops(data)]
    other = sorted({name for name, _ in opcodes} - _TEXT - _AROUND)
    texts = [value for name, value in opcodes if name in _TEXT]
    if other or len(texts) != 1:
        raise ValueError(f"a pickle of more than one text: {', '.join(other) or len(texts)}")
    return str(texts[0])


def _unpacked(data: bytes) -> bytes:
    """zlib data of at most UNPACKED bytes, decompressed."""
    stream = zlib.decompressobj()
    found = stream.decompress(data, UNPACKED)
    if stream.unconsumed_tail:
        raise ValueError(f"unpacks to more than {UNPACKED} bytes")
    if not stream.eof:
        raise ValueError("breaks off")
    return found


def private_tests(packed: str, where: str) -> list[dict[str, Any]]:
    """Hidden tests of LiveCodeBench: JSON, or base64 of zlib of a pickled JSON text."""
    if not packed:
        return []
    try:
        if packed.lstrip().startswith("["):
            text = packed
        else:
            text = _pickled_text(_unpacked(base64.b64decode(packed)))
        tests: list[dict[str, Any]] = json.loads(text)
    except (ValueError, TypeError, zlib.error, binascii.Error, RecursionError) as e:
        raise DatasetError(
            f"{where}: private_test_cases is neither JSON nor LiveCodeBench's packed form ({e})"
        ) from e
    return tests
