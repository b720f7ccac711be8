"""Keyword arguments of vLLM for adapters and bounds on thinking."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from itc.config.model import Model
from itc.config.sampling import Sampling
from itc.engines._base import EngineError, thinking


def bounded(model: Model, asked: Iterable[Sampling]) -> Model:
    """The entry, with what vLLM must be started with where a procedure bounds the thinking.

    Raises EngineError for a model without delimiters of its thinking: vLLM writes the closing one
    when the budget is spent.
    """
    if model.engine != "vllm" or all(entry.thinking_budget is None for entry in asked):
        return model
    pair = thinking(model)
    if pair is None:
        raise EngineError(
            "thinking_budget: the model's entry has no `thinking`, the delimiters that a budget "
            "needs; give them, or leave the budget out"
        )
    start = {"reasoning_start_str": pair[0], "reasoning_end_str": pair[1]}
    options = {"reasoning_config": start, **model.serving_options}
    return model.model_copy(update={"serving_options": options})


def check_options(model: Model, known: Iterable[str]) -> None:
    """Raise EngineError for an option that vLLM does not know, before any weights are loaded."""
    allowed = sorted(known)
    for key in model.options:
        if key not in allowed:
            close = difflib.get_close_matches(key, allowed, n=1)
            tip = f"; did you mean {close[0]!r}?" if close else ""
            raise EngineError(
                f"key 'engine_options': vLLM knows no argument {key!r}{tip} (its documentation "
                f"lists the engine arguments)"
            )


def adapter(model: Model) -> dict[str, Any]:
    """Arguments that a LoRA adapter needs, none without one; raises EngineError for no adapter."""
    if model.lora is None:
        return {}
    file = Path(model.lora) / "adapter_config.json"
    if not file.is_file():
        raise EngineError(
            f"key 'lora': {model.lora!r} holds no adapter_config.json; give the folder of a LoRA "
            f"adapter as PEFT saves it"
        )
    rank = int(json.loads(file.read_text(encoding="utf-8")).get("r", 16))
    # vLLM knows a few sizes; the next one that is large enough.
    known = (1, 8, 16, 32, 64, 128, 256, 320, 512)
    fitting = next((size for size in known if size >= rank), rank)
    return {"enable_lora": True, "max_loras": 1, "max_lora_rank": fitting}


def lora_request(model: Model) -> Any:
    """``vllm.lora.request.LoRARequest`` of the entry's adapter, None without one."""
    if model.lora is None:
        return None
    from vllm.lora.request import LoRARequest

    return LoRARequest("adapter", 1, str(Path(model.lora).resolve()))
