"""A strategy's value by two halves of the draws that share none.

Given the problem the halves are independent: their product estimates the square of the chance of
being right, and half their squared difference the variance by draws, which the draws of one pool
cannot do beyond half of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from itc.strategies._pool import Pool


def apply_to(about: Mapping[str, Any]) -> bool:
    """Whether a strategy has halves: exact, and resting on this problem's own draws alone."""
    return bool(
        about["EXACT"]
        and about["SCOPE"] == "model"
        and not (about["LEARNS"] or about["RELATED"])
        and about["POOL"] == about["PROCEDURE"] == "sample"
    )


def values(
    evaluate: Callable[..., Any],
    pool: Pool,
    budgets: Sequence[int],
    params: Mapping[str, Any],
    about: Mapping[str, Any],
) -> tuple[np.ndarray, np.ndarray] | None:
    """``correct`` [P, B] by either half; NaN at budgets above half of the draws, None without."""
    if not apply_to(about):
        return None
    found = np.full((2, len(pool.problem_ids), len(budgets)), np.nan)
    within = [b for b in budgets if b <= pool.n_draws // 2]
    if within:
        for result, half in zip(found, pool.halves(), strict=True):
            estimate = evaluate(half, within, **params)
            result[:, [list(budgets).index(b) for b in estimate.budgets]] = estimate.correct
    return found[0], found[1]
