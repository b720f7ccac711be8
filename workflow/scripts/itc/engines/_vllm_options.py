"""Keyword arguments that vLLM is started with: the entry's, an adapter's, a thinking budget's."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from itc.config.model import Model
from itc.config.sampling import Sampling
from itc.engines._base import EngineError, thinking
from itc.engines._vllm_setup import on_cpu

_OF_LLM = ("use_tqdm_on_load", "swap_space", "compilation_config")  # of vllm.LLM itself

_ARGUMENTS = (  # keys of a model entry that vllm.LLM knows by the same name
    "model",
    "revision",
    "dtype",
    "quantization",
    "max_model_len",
    "max_num_seqs",
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "gpu_memory_utilization",
    "trust_remote_code",
)


def arguments(model: Model) -> dict[str, Any]:
    """Keyword arguments of ``vllm.LLM`` for a model entry; the options of the engine come last."""
    given = {name: getattr(model, name) for name in _ARGUMENTS}
    given = {name: value for name, value in given.items() if value is not None}
    # All log-probs may be asked for: a judge's word can lie outside the most likely twenty.
    given |= {"seed": 0, "enable_prefix_caching": True, "max_logprobs": -1, **adapter(model)}
    if on_cpu():
        given.pop("gpu_memory_utilization", None)
        window = model.max_model_len or 4096
        # A seeded request whose prompt is prefilled in chunks dies on the CPU ("CPU Generator does
        # not use offset"), so prompts are prefilled whole.
        given |= {
            "enforce_eager": True,
            "enable_chunked_prefill": False,
            "max_num_batched_tokens": max(4096, window),
        }
    given |= model.options
    if isinstance(given.get("reasoning_config"), dict):
        from vllm.config import ReasoningConfig

        given["reasoning_config"] = ReasoningConfig(**given["reasoning_config"])
    return given


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
    allowed = sorted({*known, *_OF_LLM})
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
