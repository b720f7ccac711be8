"""Logs of Inspect (``.eval`` and ``.json``), read with ``inspect_ai``, sample by sample."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itc.archive._lines import DamagedFileError, mapped
from itc.bounds import check_zip

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample

TITLE = "Inspect logs"
OPTIONS = {
    "scorer": "Scorer whose score is the source's grade; by default the only one.",
}
# Parts of a sample that are large and not needed here.
LEFT_OUT = {"events", "events_data", "timelines", "store", "sandbox", "files"}
# Inspect's letters for correct, incorrect and no answer; partial credit is no verdict.
LETTERS = {"C": True, "I": False, "N": False}


def read(path: Path, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row per choice of every sample: epochs are draws, reasoning content is thinking.

    ``dataset`` is the task and ``model`` the model of the log. Samples that ended without an answer
    are left out. Streams: memory is one sample. Raises DamagedFileError naming file and sample.
    """
    from inspect_ai.log import read_eval_log

    number = 0
    try:
        if path.suffix != ".json":
            check_zip(str(path), path.stat().st_size)
        header = read_eval_log(path, header_only=True)
        for sample in _samples(path):
            number += 1
            yield from _rows(sample, header, spec)
    except DamagedFileError:
        raise
    except Exception as error:  # the reader raises what zip, JSON and pydantic raise
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise DamagedFileError(
            f"{path}: sample {number + 1}: {first}; the log is damaged or no log of Inspect: fetch "
            "it again or set its `format`"
        ) from error


def _samples(path: Path) -> Iterator[EvalSample]:
    """Samples in the order of the log; those not run yet, or whose run failed early, are absent.

    Every sample is validated by Inspect's own model. Its readers of single samples open the log
    anew for each one, and read the whole of a JSON log: time or memory would grow with the square.
    """
    from inspect_ai.log import EvalSample, resolve_sample_attachments

    for item in _json_items(path) if path.suffix == ".json" else _zip_items(path):
        for name in LEFT_OUT:
            item.pop(name, None)
        yield resolve_sample_attachments(EvalSample.model_validate(item), "core")


def _json_items(path: Path) -> Iterator[dict[str, Any]]:
    import ijson  # a requirement of inspect_ai, which reads headers with it

    with path.open("rb") as file:
        yield from ijson.items(file, "samples.item", use_float=True)


def _zip_items(path: Path) -> Iterator[dict[str, Any]]:
    # inspect_ai, imported before this, teaches zipfile the compression of its logs.
    with zipfile.ZipFile(path) as log:
        for name in dict.fromkeys(log.namelist()):  # of a repeated name the last entry counts
            if name.startswith("samples/") and name.endswith(".json"):
                yield json.loads(log.read(name))


def _rows(sample: EvalSample, header: EvalLog, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    choices = sample.output.choices
    targets = [sample.target] if isinstance(sample.target, str) else list(sample.target)
    config = header.eval.model_generate_config.model_dump(exclude_none=True)
    config |= header.plan.config.model_dump(exclude_none=True)
    settings = {k: v for k, v in config.items() if isinstance(v, str | bool | int | float)}
    about = {
        "source": "Inspect",
        "dataset": header.eval.task,
        "model": header.eval.model,
        "problem_id": sample.id,
        "question": _question(sample.input),
        "gold": targets[0] if len(targets) == 1 else targets,  # any of several is right
        "choices": list(sample.choices) if sample.choices else None,
        **_score(sample, spec.get("scorer")),
        "extra": settings | ({"limit": sample.limit.type} if sample.limit else {}),
    }
    usage = sample.output.usage
    if usage is not None and len(choices) == 1:  # one count for all choices tells none of them
        about |= {
            "n_prompt_tokens": usage.input_tokens,
            "n_output_tokens": usage.output_tokens,
            "n_thinking_tokens": usage.reasoning_tokens,
        }
    about |= mapped({"metadata": sample.metadata}, spec.get("columns", {}))
    for index, choice in enumerate(choices):
        thought, text = _parts(choice.message.content)
        yield about | {
            "sample_index": (sample.epoch - 1) * len(choices) + index,
            "response_text": text,
            "thinking_text": thought,
            "finish_reason": choice.stop_reason,
        }


def _question(asked: Any) -> str | None:
    if isinstance(asked, str):
        return asked
    turns = [message.text for message in asked if message.role == "user"]
    return turns[-1] if turns else None


def _parts(content: Any) -> tuple[str | None, str | None]:
    """Thinking and text of a message; thinking that a provider encrypts is unknown."""
    if isinstance(content, str):
        return None, content
    thought = [part.reasoning for part in content if part.type == "reasoning" and not part.redacted]
    said = [part.text for part in content if part.type == "text"]
    return "\n".join(thought) or None, "".join(said)


def _score(sample: EvalSample, scorer: str | None) -> dict[str, Any]:
    scores = sample.scores or {}
    if scorer is not None and scores and scorer not in scores:
        raise DamagedFileError(
            f"imports.*.scorer: sample {sample.id!r} has no score of {scorer!r}; it has "
            f"{', '.join(scores)}"
        )
    names = [scorer] if scorer else list(scores)
    score = scores.get(names[0]) if len(names) == 1 else None
    if score is None:
        return {}
    value = score.value
    grade: bool | None = None
    share: float | None = None
    if isinstance(value, str):
        grade = LETTERS.get(value)
    elif isinstance(value, int | float) and value in (0, 1):
        grade = bool(value)
    elif isinstance(value, int | float) and 0 < value < 1:
        share = float(value)
    correct = grade if share is None else share
    return {"correct": correct, "source_extracted_answer": score.answer, "grader": names[0]}
