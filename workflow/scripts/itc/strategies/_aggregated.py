"""Shared body of strategies that let the model merge several responses into one."""

from __future__ import annotations

import numpy as np

from itc.strategies import _chains
from itc.strategies._base import Estimate, Pool, Unavailable


def merged(pool: Pool, procedure: str) -> Estimate:
    """Mean over the recorded merges; the budget is the number of responses each goes back to.

    Costs include the merged responses and every call between them and the final answer.
    """
    final = _chains.finals(pool, procedure)
    widths = np.unique(final.samples)
    if len(widths) != 1:
        raise Unavailable(f"{procedure!r} merges {widths.tolist()} responses, expected one number")
    n_problems = len(pool.problem_ids)

    def column(values: np.ndarray) -> np.ndarray:
        return _chains.per_problem(final.p, values, n_problems)[:, None]

    return Estimate(
        [int(widths[0])],
        column(final.right),
        column(final.right | final.undecided),
        {name: column(values) for name, values in final.costs.items()},
    )
