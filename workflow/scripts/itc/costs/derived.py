"""Cost axes computed from token expectations and what is known of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

FLOPS_PER_BYTE = 562.5  # Kinetics: peak FLOPs over memory bandwidth of a B200
BILLION = 1e9


def parameter_flops(parameters: float, tokens: np.ndarray) -> np.ndarray:
    """2 x active parameters x ``tokens`` (any shape), in FLOPs; ``parameters`` in billions.

    Forward passes only (Kaplan et al. 2020, arXiv 2001.08361, section 2.1).
    """
    return 2.0 * parameters * BILLION * np.asarray(tokens, dtype=float)


def kinetics_eflops(
    parameters: float,
    output: np.ndarray,
    squared: np.ndarray,
    attention: np.ndarray,
    traffic: np.ndarray,
    shape: Mapping[str, int],
) -> np.ndarray:
    """Kinetics cost of N parallel trials (arXiv 2506.05333), in FLOPs; arguments per problem.

    ``parameters`` in billions; ``output`` sum of trial lengths L; ``squared`` sum of L squared;
    ``attention`` sum over trials of C L, C being the trial's prompt tokens; ``traffic`` sum over
    prompts of C times the steps of the longest trial that shares it; ``shape`` layers, heads,
    kv_heads, head_dim, and full_layers where only some layers read the whole context: the others,
    with a window or a state of fixed size, cost a bounded amount per token and are left out. With
    d = head_dim x layers and equal lengths this is the published code:
    compute (2 P L + 2 (2 C + L) L heads d) N FLOPs and memory 2 (2 C + L N) L kv_heads d bytes.
    The bytes are keys and values (2) in bfloat16 (2 bytes) of the C + t tokens that step t reads,
    summed over the L steps; the trials share one read of the prompt's cache per step. One byte
    counts as FLOPS_PER_BYTE. Prefill is not counted, as there.
    """
    depth = shape["head_dim"] * (shape.get("full_layers") or shape["layers"])
    compute = parameter_flops(parameters, output)
    compute = compute + 2.0 * (2.0 * attention + squared) * shape["heads"] * depth
    memory = 2.0 * (2.0 * traffic + squared) * shape["kv_heads"] * depth  # bytes
    result: np.ndarray = compute + FLOPS_PER_BYTE * memory
    return result


def money(prompt: np.ndarray, output: np.ndarray, price: Mapping[str, Any]) -> np.ndarray:
    """US dollars by a dated list price (``input`` and ``output`` per million tokens).

    ``prompt``, ``output``: tokens, arrays of one shape, which the result has.
    """
    result: np.ndarray = (prompt * price["input"] + output * price["output"]) / 1e6
    return result


def derive(costs: Mapping[str, np.ndarray], model: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Derived axes that the evaluated ``costs`` and the ``model`` settings allow.

    ``costs``: columns of itc.costs.columns.EVALUATED, arrays of one shape. Reads ``parameters``
    (billions), ``shape``, ``price`` and ``gpu_seconds_per_token`` of the model's settings; an axis
    without its settings is left out, never guessed.
    """
    output, total = costs["cost_output_tokens"], costs["cost_total_tokens"]
    prompt = total - output
    derived: dict[str, np.ndarray] = {}
    parameters = model.get("parameters")
    if parameters is not None:
        derived["cost_flops"] = parameter_flops(parameters, total)
        if model.get("shape"):
            derived["cost_eflops"] = kinetics_eflops(
                parameters,
                output,
                costs["cost_squared_tokens"],
                _or(costs.get("cost_prompt_attention"), prompt * output),
                _or(costs.get("cost_prompt_traffic"), prompt * costs["cost_sequential_tokens"]),
                model["shape"],
            )
    if model.get("price"):
        derived["cost_money"] = money(prompt, output, model["price"])
    if model.get("gpu_seconds_per_token"):
        derived["cost_gpu_seconds"] = output * model["gpu_seconds_per_token"]
    return derived


def _or(recorded: np.ndarray | None, one_prompt: np.ndarray) -> np.ndarray:
    """``recorded``, and where it is null the product that holds if all calls share one prompt."""
    if recorded is None:
        return one_prompt
    return np.where(np.isnan(recorded), one_prompt, recorded)


def tokens_per_correct(tokens: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Tokens spent per problem solved: mean tokens over mean accuracy; infinite at accuracy 0.

    ``tokens``, ``accuracy`` (share of 0 to 1): arrays of one shape, which the result has.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(accuracy > 0, np.asarray(tokens) / accuracy, np.inf)
