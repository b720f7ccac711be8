"""What the comparison of graders grades: our cases, designed pairs and recorded responses.

An item is one reply: ``set``, ``id``, ``answer_type``, ``gold``, ``choices``, ``metadata``,
``reply`` (the whole), ``text`` (what other rules get: the reply after its thinking, or the whole
where nothing follows that), ``thinking`` (the delimiters of the model's entry) and ``expected``:
the verdicts that are right, or None where only another grader's verdict (``recorded``) is known.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

CASES = Path(__file__).resolve().parents[1] / "tests/unit/grading/cases"
TYPES = ("math", "number", "choice", "text")
DESIGNED = "unit-test expectation"


def _item(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    given = {"answer_type": "math", "choices": None, "metadata": {}, "thinking": None}
    given |= {"expected": None, "recorded": None, "finish_reason": "stop"}
    item = given | fields | {"set": kind, "id": name}
    closing = (item["thinking"] or ("", "</think>"))[1]
    visible = item["reply"].rpartition(closing)[2].strip()
    return item | {"text": visible or item["reply"]}


def cases() -> tuple[list[dict[str, Any]], Counter[str]]:
    """Items of the cases with a verdict, and how many of other answer types are left out."""
    found, left = [], Counter[str]()
    for path in sorted(CASES.glob("*.jsonl")):
        for case in map(json.loads, path.read_text("utf-8").splitlines()):
            if "reply" not in case:
                left["answer classes"] += 1
            elif case["answer_type"] not in TYPES:
                left[case["answer_type"]] += 1
            else:
                kept = ("answer_type", "gold", "choices", "metadata", "reply", "thinking")
                fields = {name: case.get(name) for name in kept}
                fields |= {"metadata": case.get("metadata") or {}}
                expected = case["expected"].split("|")
                found.append(
                    _item("cases", f"{path.stem}:{case['id']}", expected=expected, **fields)
                )
    return found, left


def _read(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def designed(folder: Path) -> list[dict[str, Any]]:
    """The designed pairs: gold answer, reply, and whether they are equal.

    Undecided is no mistake where they are not: the label says that the reply is not right.
    """
    rows = [row for row in _read(folder, "grading_pairs") if row["label_kind"] == DESIGNED]
    return [
        _item(
            "designed pairs",
            f"pair {place:03d}",
            gold=row["gold"],
            reply=row["pred"],
            expected=["right"] if row["equal"] else ["wrong", "undecided"],
        )
        for place, row in enumerate(rows)
    ]


def recorded(folder: Path, size: int, seed: int = 0) -> list[dict[str, Any]]:
    """A drawn sample of each recorded set: ``size`` rows that have a text and a grade."""
    found = []
    for name in ("art_of_tts_aime", "epoch_otis_mock_aime"):
        rows = [
            row
            for row in _read(folder, name)
            if row["response_text"] is not None and row["correct"] is not None
        ]
        for row in random.Random(seed).sample(rows, min(size, len(rows))):
            key = [row["model"], row["dataset"], row["problem_id"], row["sample_index"]]
            found.append(
                _item(
                    name,
                    "/".join(map(str, key)),
                    gold=str(row["gold"]),
                    reply=row["response_text"],
                    recorded=bool(row["correct"]),
                    thinking=("<think>", "</think>"),
                    finish_reason="length" if row["extra"].get("at_cap") else None,
                )
            )
    pairs = [row for row in _read(folder, "grading_pairs") if row["label_kind"] != DESIGNED]
    for place in random.Random(seed).sample(range(len(pairs)), min(size, len(pairs))):
        row = pairs[place]
        fields = {"gold": str(row["gold"]), "reply": str(row["pred"])}
        name = f"other pair {place:04d}"
        found.append(_item("other pairs", name, recorded=bool(row["equal"]), **fields))
    return found


def graded(items: list[dict[str, Any]], workers: int) -> pd.DataFrame:
    """Our verdicts, one row per item in order: verdict, cause, answer, answer_how.

    The replies pass through what an import does with them, so the thinking ends where we find it.
    """
    from itc.archive._rows import response_row
    from itc.grading._grade import grade

    problems, rows = [], []
    for place, item in enumerate(items):
        problems.append(
            {
                "problem_id": str(place),
                "question": "?",
                "gold": item["gold"],
                "answer_type": item["answer_type"],
                "metadata": json.dumps(
                    item["metadata"] | ({"choices": item["choices"]} if item["choices"] else {})
                ),
            }
        )
        row = {"dataset": "items", "model": "items", "problem_id": str(place), "sample_index": 0}
        entry = {"name": "items", "thinking": item["thinking"]}
        made = response_row(row | {"response_text": item["reply"]}, "items", entry)
        rows.append(made | {"finish_reason": item["finish_reason"]})
    known = pd.DataFrame(problems).astype(object)
    found = grade(pd.DataFrame(rows), known.where(known.notna(), None), workers=workers)
    return found[["verdict", "cause", "answer", "answer_how"]].reset_index(drop=True)
