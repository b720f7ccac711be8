"""What one recorded row becomes in table ``responses``.

What the recording does not say stays null; nothing is invented.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from itc.thinking import KNOWN, NEVER, end_in

# Sources' words for why generation ended; words that are in neither list are kept as they are.
_FINISH_REASONS = {
    **dict.fromkeys(("stop", "eos", "end_turn", "stop_sequence"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "model_length", "cutoff"), "length"),
    **dict.fromkeys(("", "none", "null", "unknown"), None),
}

_PLAIN = str | bool | int | float


class ImportRefusedError(ValueError):
    """A recording cannot be used; the message names the file, the row and the mend."""


def finish_reason(row: Mapping[str, Any]) -> str | None:
    """Our word for why generation ended; null where the source does not know."""
    extra = row.get("extra") or {}
    if extra.get("at_cap"):
        return "length"
    word = str(row.get("finish_reason") or extra.get("finish_reason") or "").lower()
    return _FINISH_REASONS.get(word, word)


def text_or_null(value: Any) -> str | None:
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


def _grade(row: Mapping[str, Any], column: str) -> tuple[bool | None, float | None]:
    """The source's grade as true or false (null for a share between) and as a share."""
    value = row.get(column)
    if value is None or value != value:
        return None, None
    if not isinstance(value, bool | int | float) or not 0 <= value <= 1:
        raise ImportRefusedError(
            f"{column} is {value!r}, not true or false, nor a share between 0 and 1; correct the "
            "mapping"
        )
    return bool(value) if value in (0, 1) else None, float(value)


def _settings(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of ``extra`` and, under dotted names, of the objects right inside it."""
    inner = {
        f"{outer}.{key}": value
        for outer, mapping in extra.items()
        if isinstance(mapping, Mapping)
        for key, value in mapping.items()
    }
    return {k: v for k, v in (*extra.items(), *inner.items()) if isinstance(v, _PLAIN)}


def response_row(
    row: dict[str, Any], dataset: str, model: dict[str, Any], apart: Iterable[str] = ()
) -> dict[str, Any]:
    """One row of table ``responses`` from one recorded row.

    Thinking that the source keeps apart is put before the response between the model's delimiters.
    Where the source only counts it, the text is all answer (``thinking_end`` 0); a thinking that
    never closes ends with the text; a text that shows none of its model's delimiters is
    ``thinking_unclear``, until the other rows of the model say more. ``apart`` names
    recorded models whose output tokens leave the thinking tokens out: they are added.
    """
    extra = row.get("extra") or {}
    text, thought = text_or_null(row.get("response_text")), text_or_null(row.get("thinking_text"))
    tokens, thinking = _integer(row, "n_output_tokens"), _integer(row, "n_thinking_tokens")
    if row["model"] in apart and tokens is not None and thinking is not None:
        tokens += thinking
    pair: tuple[str, str] | None = model.get("thinking")
    end, unclear = None, None
    if thought:
        opening, closing = pair or KNOWN[0]  # around thinking that a source keeps apart
        thought = f"{opening}{thought}{closing if text else ''}"
        end = len(thought)
        text = thought + (text or "")
    elif text is not None:
        found = end_in(text, pair) or end_in(text, None)
        if found is not None:
            end = len(text) if found == NEVER else int(found)
        elif thinking:
            end = 0
        elif pair and thinking is None:
            unclear = True
    correct, share = _grade(row, "correct")
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
        "thinking_unclear": unclear,
        "n_prompt_tokens": _integer(row, "n_prompt_tokens"),
        "n_output_tokens": tokens,
        "n_thinking_tokens": thinking,
        "finish_reason": finish_reason(row),
        "engine": "recording",
        "source_answer": text_or_null(row.get("source_extracted_answer")),
        "source_correct": correct,
        "source_score": share,
        "source_grader": text_or_null(row.get("grader") or extra.get("grader")),
        "condition": text_or_null(json.dumps(_settings(extra), sort_keys=True, ensure_ascii=False)),
    }
