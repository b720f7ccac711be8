"""Output of OpenAI-style batch jobs: one line per request, named by its ``custom_id``.

What a ``custom_id`` means is its author's secret, so a regular expression with named groups reads
it. The questions lie in the file of requests, which may be given beside. Chat completions, plain
completions and responses are understood; servers that split off the thinking call it
``reasoning_content`` or ``reasoning``.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from itc.archive._lines import DamagedFileError, json_lines, mapped, reach

TITLE = "OpenAI batch output"
OPTIONS = {
    "custom_id": "Regular expression that reads `custom_id`: named groups `problem_id` and, where "
    "they occur, `dataset`, `sample_index`, `model`.",
    "dataset": "Name of the recorded dataset where `custom_id` does not tell it.",
    "model": "Name of the recorded model where neither `custom_id` nor the answer tells it.",
    "requests": "File of the batch's requests below `recordings`, for the questions.",
}
FILES = ("requests",)
GROUPS = {"problem_id", "dataset", "sample_index", "model"}
GIVEN_UP = {"max_output_tokens": "length", "content_filter": "content_filter"}

log = logging.getLogger(__name__)


def read(path: Path, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row per choice of every answered request; failed requests are counted in the log.

    ``sample_index`` is the named group, else the order of answers to a problem in the file; with
    several choices per request they are numbered within it. Tokens of a request with several
    choices are known only together, so they stay null. Streams: memory is one line and the
    distinct questions.
    """
    pattern = _pattern(spec)
    questions = _questions(spec, pattern)
    seen: Counter[tuple[str, str, str]] = Counter()
    failed: Counter[str] = Counter()
    for number, line in json_lines(path):
        where = f"{path}: line {number}"
        about = _about(line, pattern, where)
        response = line.get("response") or {}
        body = response.get("body") or {}
        if line.get("error") or response.get("status_code", 200) != 200 or not body:
            error = line.get("error") or {}
            failed[str(error.get("code") or response.get("status_code"))] += 1
            continue
        about = {"dataset": spec.get("dataset"), **about}
        about["model"] = about.get("model") or spec.get("model") or body.get("model")
        if about["dataset"] is None:
            raise DamagedFileError(
                f"{where}: `custom_id` {line['custom_id']!r} names no dataset; add the group "
                "(?P<dataset>...) to the import's `custom_id`, or set its `dataset`"
            )
        choices = list(_choices(body, where))
        key = (str(about["dataset"]), str(about["problem_id"]), str(about["model"]))
        base = int(about.pop("sample_index", seen[key])) * len(choices)
        seen[key] += 1
        tokens = _usage(body.get("usage") or {}) if len(choices) == 1 else {}
        for index, choice in enumerate(choices):
            yield {
                "source": "batch",
                "question": questions.get(key[:2]),
                **about,
                "sample_index": base + index,
                **choice,
                **tokens,
                "extra": {"service_tier": body["service_tier"]} if "service_tier" in body else {},
                **mapped(line, spec.get("columns", {})),
            }
    if failed:
        log.warning("%s: requests without an answer, by code: %s", path, dict(failed))


def _pattern(spec: dict[str, Any]) -> re.Pattern[str]:
    text = spec.get("custom_id")
    try:
        pattern = re.compile(text or "")
    except re.error as error:
        raise DamagedFileError(f"imports.*.custom_id: {text!r} is no expression: {error}") from None
    unknown = sorted(set(pattern.groupindex) - GROUPS)
    if "problem_id" not in pattern.groupindex or unknown:
        raise DamagedFileError(
            f"imports.*.custom_id: {text!r} needs the named group problem_id and may have "
            f"{', '.join(sorted(GROUPS))}; for instance (?P<problem_id>.+)-(?P<sample_index>\\d+)"
        )
    return pattern


def _about(line: dict[str, Any], pattern: re.Pattern[str], where: str) -> dict[str, Any]:
    name = line.get("custom_id")
    found = pattern.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        raise DamagedFileError(
            f"{where}: `custom_id` {name!r} does not match the import's `custom_id` "
            f"{pattern.pattern!r}; correct the expression"
        )
    return {group: value for group, value in found.groupdict().items() if value is not None}


def _questions(spec: dict[str, Any], pattern: re.Pattern[str]) -> dict[tuple[str, str], str]:
    """Question by (dataset, problem): the last user turn, or the prompt, of its first request."""
    if not spec.get("requests"):
        return {}
    path = Path(spec["requests"])
    found: dict[tuple[str, str], str] = {}
    for number, line in json_lines(path):
        about = _about(line, pattern, f"{path}: line {number}")
        key = str(about.get("dataset") or spec.get("dataset")), about["problem_id"]
        if key not in found:
            body = line.get("body") or {}
            turns = body.get("messages") or body.get("input") or body.get("prompt")
            text = _question(turns)
            if text is not None:
                found[key] = text
    return found


def _question(turns: Any) -> str | None:
    if isinstance(turns, str):
        return turns
    asked = [t for t in turns or [] if isinstance(t, dict) and t.get("role") == "user"]
    return _text(asked[-1].get("content")) if asked else None


def _text(content: Any) -> str | None:
    """Text of a message's content: a string, or parts that have a ``text``."""
    if content is None or isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))


def _choices(body: dict[str, Any], where: str) -> Iterator[dict[str, Any]]:
    if "choices" in body:
        for choice in sorted(body["choices"], key=lambda c: c.get("index") or 0):
            message = choice.get("message") or {}
            yield {
                "response_text": _text(message.get("content", choice.get("text"))),
                "thinking_text": message.get("reasoning_content") or message.get("reasoning"),
                "finish_reason": choice.get("finish_reason"),
            }
    elif "output" in body:
        parts = body["output"]
        said = [_text(p.get("content")) for p in parts if p.get("type") == "message"]
        thought = [
            _text(p.get("content") or p.get("summary"))
            for p in parts
            if p.get("type") == "reasoning"
        ]
        reason = reach(body, "incomplete_details.reason")
        yield {
            "response_text": "".join(t for t in said if t) if said else None,
            "thinking_text": "\n".join(t for t in thought if t) or None,
            "finish_reason": GIVEN_UP.get(str(reason), "stop"),
        }
    else:
        raise DamagedFileError(
            f"{where}: the answer has neither `choices` nor `output`, it has {sorted(body)}; only "
            "chat completions, completions and responses can be imported"
        )


def _usage(usage: dict[str, Any]) -> dict[str, Any]:
    def first(*names: str) -> Any:
        found = (reach(usage, name) for name in names)
        return next((value for value in found if isinstance(value, int)), None)

    return {
        "n_prompt_tokens": first("prompt_tokens", "input_tokens"),
        "n_output_tokens": first("completion_tokens", "output_tokens"),
        "n_thinking_tokens": first(
            "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"
        ),
    }
