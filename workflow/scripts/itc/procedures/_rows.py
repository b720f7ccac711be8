"""What earlier responses show to later calls: rows of table ``responses``, or of this job.

In rows of a table what is missing is NaN or NA, in responses of this job None; both are read here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from itc.procedures._options import ProcedureError

LOGPROBS = (  # names of Response.logprobs that table responses has columns for
    "cumulative_logprob",
    "mean_entropy",
    "confidence_mean",
    "confidence_tail",
    "confidence_lowest",
    "confidence_bottom10",
)
PLATFORM = ("engine", "engine_version", "dtype", "gpu", "tensor_parallel")
NO_ANSWER = "(none)"  # shown where an earlier response gave no answer
NO_RESPONSE = "(no final response)"


def visible(row: Mapping[str, Any]) -> str:
    """What a response shows to others: its text behind the thinking, NO_RESPONSE if there is none.

    So a thinking that never closed is not shown, as an interface that hides thinking would do.
    """
    text, end = row.get("text") or "", whole(row.get("thinking_end"))
    shown = "" if unfinished(row) else text[end or 0 :].strip()
    return shown or NO_RESPONSE


def unfinished(row: Mapping[str, Any]) -> bool:
    """Whether a response was still thinking when it ended."""
    thought = whole(row.get("n_thinking_tokens"))
    return bool(thought) and whole(row.get("thinking_end")) is None


def tokens(row: Mapping[str, Any]) -> tuple[int, ...]:
    """Token ids of a row of table ``responses``; raises ProcedureError where none were recorded."""
    found = row.get("token_ids")
    if found is None or (len(found) == 0 and row.get("n_output_tokens")):
        raise ProcedureError(
            f"response {row.get('response_id')!r} has no token ids, so it cannot be cut or gone on "
            f"from; responses recorded elsewhere serve only procedures that read their text"
        )
    return tuple(int(token) for token in found)


def prompt_of(row: Mapping[str, Any]) -> str:
    """Digest of the prompt that a row answers; empty where none was recorded."""
    value = row.get("prompt_sha256")
    return value if isinstance(value, str) else ""


def shown_answer(answer: Any) -> str:
    """An extracted answer as prompts show it."""
    return NO_ANSWER if answer is None or answer != answer else str(answer)


def engine_settings(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Engine settings of a parent: a row of the table, or a response of this job."""
    text = row.get("engine_settings")
    return json.loads(text) if isinstance(text, str) else row.get("settings")


def whole(value: Any) -> int | None:
    """An integer of a pandas row, where a missing one is NaN, NA or None."""
    try:
        return None if value is None or value != value else int(value)
    except TypeError:  # pandas.NA
        return None
