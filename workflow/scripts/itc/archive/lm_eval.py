"""Samples of lm-evaluation-harness: the files that ``--log_samples`` writes.

One file per task, ``{model}/samples_{task}_{date}.jsonl``; one line per document and filter, whose
``resps`` hold all responses (``repeats`` of the task). Its lines tell neither the model nor the
task, so both come from its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from itc.archive._lines import DamagedFileError, json_lines, mapped

TITLE = "lm-evaluation-harness samples"
OPTIONS = {
    "model": "Name of the recorded model; by default the folder of the file.",
    "task": "Name of the recorded dataset; by default the task in the file's name.",
    "filter": "Filter whose lines are read; by default the first in the file.",
    "metric": "Metric that is the source's grade (1 right, 0 wrong); by default the only one.",
}
NAME = re.compile(r"^samples_(?P<task>.+)_\d{4}-\d\d-\d\dT[^_]*\.jsonl(\.gz|\.zst)?$")
LIKELIHOODS = "log-likelihoods of given answers, no written responses: use a generate_until task"


def read(path: Path, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row per response: ``problem_id`` is doc_id, ``sample_index`` the repeat.

    The question is the prompt as sent and the gold answer the target, unless ``columns`` maps them
    to keys of the line (``doc.problem``). Metrics and filtered answers describe a document, so with
    several responses per document the source's grade is null. Streams: memory is one line.
    """
    named = NAME.match(path.name)
    task = spec.get("task") or (named["task"] if named else path.name.partition(".")[0])
    model = spec.get("model") or path.resolve().parent.name
    chosen = spec.get("filter")
    for number, line in json_lines(path):
        if "resps" not in line or "doc_id" not in line:
            raise DamagedFileError(
                f"{path}: line {number}: no `doc_id` and `resps`, it has {sorted(line)}; this is "
                "no sample of lm-evaluation-harness: set the `format` of this import"
            )
        chosen = chosen or line.get("filter")
        if line.get("filter") != chosen:
            continue
        texts = _responses(line["resps"], f"{path}: line {number}")
        answers = _answers(line.get("filtered_resps"), texts)
        about = {
            "source": "lm-evaluation-harness",
            "dataset": task,
            "model": model,
            "problem_id": line["doc_id"],
            "question": _prompt(line.get("arguments")),
            "gold": line.get("target"),
            "choices": _choices(line.get("doc")),
            **mapped(line, spec.get("columns", {})),
        }
        grade = _grade(line, spec.get("metric")) if len(texts) == 1 else None
        settings = {"filter": chosen} if chosen else {}
        for index, (text, answer) in enumerate(zip(texts, answers, strict=True)):
            yield about | {
                "sample_index": index,
                "response_text": text,
                "correct": grade,
                "grader": spec.get("metric") if grade is not None else None,
                "source_extracted_answer": answer,
                "extra": settings,
            }


def _choices(doc: Any) -> Any:
    """The choices of a document, where it has them under a usual name."""
    if not isinstance(doc, dict):
        return None
    found = next((doc[name] for name in ("choices", "options", "endings") if doc.get(name)), None)
    return found if isinstance(found, list | dict) else None


def _responses(resps: list[Any], where: str) -> list[str]:
    """Texts of one document: one request, repeated."""
    nested = [repeats if isinstance(repeats, list) else [repeats] for repeats in resps]
    texts = [text for repeats in nested for text in repeats]
    if not all(isinstance(text, str) for text in texts):
        raise DamagedFileError(f"{where}: `resps` holds {LIKELIHOODS}")
    return texts


def _answers(filtered: Any, texts: list[str]) -> list[str | None]:
    """Answer per response where the filter kept one each and changed it; null elsewhere."""
    if isinstance(filtered, list) and len(filtered) == 1 and isinstance(filtered[0], list):
        filtered = filtered[0]
    if not isinstance(filtered, list) or len(filtered) != len(texts):
        return [None] * len(texts)
    return [
        answer if isinstance(answer, str) and answer != text else None
        for answer, text in zip(filtered, texts, strict=True)
    ]


def _prompt(arguments: Any) -> str | None:
    """First argument of the first request: a prompt, or the last user turn of a chat as JSON."""
    if isinstance(arguments, dict):
        arguments = [list(inner.values()) for inner in arguments.values()]
    try:
        prompt = arguments[0][0]
    except (IndexError, KeyError, TypeError):
        return None
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    try:
        turns = json.loads(prompt)
        return str([turn["content"] for turn in turns if turn["role"] == "user"][-1])
    except (ValueError, TypeError, KeyError, IndexError):
        return prompt if isinstance(prompt, str) else None


def _grade(line: dict[str, Any], metric: str | None) -> bool | None:
    names = [metric] if metric else list(line.get("metrics") or [])
    value = line.get(names[0]) if len(names) == 1 else None
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None
