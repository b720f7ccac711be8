"""Rows that procedures recorded, as table ``responses``."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from itc import schemas
from itc.procedures._base import Response, Work

_OF_ROW = (  # columns that a Response has under the same name
    "problem_id",
    "draw",
    "round",
    "parents",
    "prompt_sha256",
    "text",
    "thinking_end",
    "n_prompt_tokens",
    "n_output_tokens",
    "n_thinking_tokens",
    "finish_reason",
    "token_ids",
    "seed",
)
_NULLABLE = {
    "thinking_end": "Int32",
    "n_prompt_tokens": "Int32",
    "n_output_tokens": "Int32",
    "n_thinking_tokens": "Int32",
    "tensor_parallel": "Int32",
    "draw": "int32",
    "round": "int32",
    "seed": "int64",
}


def table(work: Work, rows: list[Response]) -> pd.DataFrame:
    """Rows of one job as a frame of table ``responses``."""
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _OF_ROW}
    columns["dataset"] = [work.dataset] * len(rows)
    columns["model"] = [work.model] * len(rows)
    columns["procedure"] = [work.procedure] * len(rows)
    columns["response_id"] = [work.response_id(r.problem_id, r.draw, r.round) for r in rows]
    for name in ("engine", "engine_version", "dtype", "gpu", "tensor_parallel"):
        columns[name] = [row.platform.get(name) for row in rows]
    settings = [row.platform.get("settings") for row in rows]
    columns["engine_settings"] = [json.dumps(s, sort_keys=True) if s else None for s in settings]
    for name in schemas.LOGPROBS:
        columns[name] = [row.logprobs.get(name) for row in rows]
    for name, kind in _NULLABLE.items():
        columns[name] = pd.array(columns[name], dtype=kind)
    for name in schemas.LOGPROBS:
        columns[name] = pd.array(columns[name], dtype="Float64")
    return pd.DataFrame(columns)
