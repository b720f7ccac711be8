"""Costs shared by strategies: expectations over k of N draws, null where tokens are missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from itc.estimators import order
from itc.strategies._pool import Pool


def complete_rows(values: np.ndarray, compute: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """``compute`` on the problems [P, N] without missing draws; NaN rows for the others."""
    whole = ~np.isnan(values).any(axis=1)
    if whole.all():
        return compute(values)
    sample = compute(values[whole]) if whole.any() else np.empty((0, 1))
    result = np.full((len(values), sample.shape[1]), np.nan)
    result[whole] = sample
    return result


def prompt_tokens(pool: Pool) -> np.ndarray:
    """Prompt tokens per problem, float [P, 1]: charged once, as draws share the cached prefix."""
    return complete_rows(pool.values("n_prompt_tokens"), lambda v: v.mean(axis=1, keepdims=True))


def parallel(pool: Pool, budgets: Sequence[int]) -> dict[str, np.ndarray]:
    """Costs of k full parallel draws: each runs to its end; the longest is the critical path.

    Column of ``costs.columns`` -> [P, B], expected over draws without replacement; tokens.
    """
    ks = np.asarray(budgets, dtype=float)
    tokens = pool.values("n_output_tokens")
    output = complete_rows(tokens, lambda v: v.mean(axis=1, keepdims=True)) * ks
    costs = {
        "cost_output_tokens": output,
        "cost_total_tokens": output + prompt_tokens(pool),
        "cost_sequential_tokens": complete_rows(
            tokens, lambda v: order.expected_maximum(v, budgets)
        ),
        "cost_calls": np.broadcast_to(ks, output.shape[:1] + ks.shape),
        "cost_squared_tokens": complete_rows(tokens, lambda v: (v**2).mean(1, keepdims=True)) * ks,
    }
    size = pool.values("f_bytes")
    if not np.isnan(size).all():
        costs["cost_bytes"] = complete_rows(size, lambda v: v.mean(axis=1, keepdims=True)) * ks
    shape = (len(pool.problem_ids), len(ks))
    return {name: np.broadcast_to(values, shape) for name, values in costs.items()}


def halted(pool: Pool, budgets: Sequence[int], m: int) -> dict[str, np.ndarray]:
    """Costs of k parallel chains that all stop when m of them have finished with an answer.

    As ``parallel``: column -> [P, B].
    """
    costs = parallel(pool, budgets)
    spent, path = order.expected_halt_tokens(
        pool.values("n_output_tokens"), pool.codes >= 0, budgets, m
    )
    costs["cost_output_tokens"], costs["cost_sequential_tokens"] = spent, path
    costs["cost_total_tokens"] = spent + prompt_tokens(pool)
    # squares keep the order of lengths: the smaller of two squares is the square of the smaller
    costs["cost_squared_tokens"] = order.expected_halt_tokens(
        pool.values("n_output_tokens") ** 2, pool.codes >= 0, budgets, m
    )[0]
    costs.pop("cost_bytes", None)  # where in its text a chain was halted is not recorded
    return costs
