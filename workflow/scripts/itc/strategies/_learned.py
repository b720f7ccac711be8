"""Vote weights learned from features of other questions, for strategies that use them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from itc.estimators import votes
from itc.regression.predict import cross_fit, train
from itc.strategies import _costs
from itc.strategies._base import Estimate, Pool, Unavailable

LENGTHS = ("f_log_tokens", "f_log_words")  # the first that is known
MIN_PROBLEMS = 10


def stack(pool: Pool, columns: Sequence[str]) -> np.ndarray:
    """Features [P, N, p] of those columns that any draw has; Unavailable if none has one."""
    found = [values for values in map(pool.values, columns) if not np.isnan(values).all()]
    if not found:
        raise Unavailable(f"no draw has any of {', '.join(columns)}")
    return np.stack(found, axis=2)


def length_columns(pool: Pool) -> tuple[str, ...]:
    """The best length that every draw has, or none."""
    return tuple(c for c in LENGTHS if not np.isnan(pool.values(c)).any())[:1]


def probabilities(pool: Pool, columns: Sequence[str]) -> np.ndarray:
    """Cross-fitted probability of being correct [P, N]; no draw is judged by its own question."""
    n_problems, n = pool.codes.shape
    if n_problems < MIN_PROBLEMS:
        raise Unavailable(
            f"{n_problems} problems with equally many draws, needed {MIN_PROBLEMS} to learn "
            "weights from other problems"
        )
    x = stack(pool, columns).reshape(n_problems * n, -1)
    predicted = cross_fit(
        x,
        pool.right.ravel().astype(float),
        np.repeat(pool.problem_ids.astype(str), n).tolist(),
        # an undecided draw teaches nothing; one without an answer casts no vote
        usable=(~pool.undecided & (pool.codes >= 0)).ravel(),
    )
    return predicted.reshape(n_problems, n)


def transferred(pool: Pool, columns: Sequence[str], others: pd.DataFrame) -> np.ndarray:
    """Probability of being correct [P, N] from a fit to ``others`` alone.

    ``others``: rows of table ``outcomes`` of the same model on other datasets, decided and
    answered. A feature that pool or ``others`` lack altogether is left out. Raises Unavailable
    where ``others`` hold fewer than MIN_PROBLEMS problems, or no feature is left.
    """
    n_problems = len(others.drop_duplicates(["dataset", "problem_id"]))
    if n_problems < MIN_PROBLEMS:
        raise Unavailable(f"{n_problems} problems on other datasets, needed {MIN_PROBLEMS}")
    columns = [c for c in columns if c in others and others[c].notna().any()]
    columns = [c for c in columns if not np.isnan(pool.values(c)).all()]
    x = stack(pool, columns)
    learned = train(
        others[columns].to_numpy(np.float64, na_value=np.nan),
        (others["verdict"] == "right").to_numpy(np.float64),
    )
    return learned.probability(x.reshape(pool.codes.size, -1)).reshape(pool.codes.shape)


def weighted(pool: Pool, budgets: list[int], weights: np.ndarray) -> Estimate:
    """Vote of every draw with its weight [P, N]; every draw runs to its end."""
    result = votes.weighted_vote(
        pool.codes, weights, pool.credit, pool.credit_upper, budgets, pool.seeds
    )
    return Estimate(budgets, result.mean, result.upper, _costs.parallel(pool, budgets), result.se)
