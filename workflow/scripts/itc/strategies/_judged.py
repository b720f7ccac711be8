"""Shared bodies of strategies that let the model judge its own responses, judge calls charged."""

from __future__ import annotations

import warnings

import numpy as np

from itc.estimators import order, votes
from itc.strategies import _chains, _costs
from itc.strategies._base import Estimate, Pool, Unavailable


def scores(pool: Pool, judged: _chains.Rounds) -> np.ndarray:
    """Mean score of each draw over the judge's votes, float [P, N]; NaN where it gave none."""
    if np.isnan(judged.score).all():
        raise Unavailable("the judge gave no score at all")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all votes of a draw without a score
        result: np.ndarray = np.nanmean(judged.score, axis=2)
        return result


def costs(pool: Pool, judged: _chains.Rounds, budgets: list[int]) -> dict[str, np.ndarray]:
    """Costs [P, B] of k draws, each judged by all votes in parallel as soon as it has ended."""
    result = dict(_costs.parallel(pool, budgets))
    ks = np.asarray(budgets, dtype=float)
    verdicts = judged.output.sum(axis=2)
    # the votes on one response share its prompt
    prompts = judged.prompt.max(axis=2)
    first = _costs.prompt_tokens(pool)
    result["cost_prompt_attention"] = (
        first * result["cost_output_tokens"] + ks * (prompts * verdicts).mean(1)[:, None]
    )
    result["cost_prompt_traffic"] = (
        first * result["cost_sequential_tokens"]
        + ks * (prompts * judged.output.max(axis=2)).mean(1)[:, None]
    )
    result["cost_output_tokens"] = result["cost_output_tokens"] + ks * verdicts.mean(1)[:, None]
    result["cost_total_tokens"] = (
        result["cost_total_tokens"] + ks * (verdicts + prompts).mean(1)[:, None]
    )
    whole = pool.values("n_output_tokens") + judged.output.max(axis=2)
    result["cost_sequential_tokens"] = _costs.complete_rows(
        whole, lambda v: order.expected_maximum(v, budgets)
    )
    result["cost_calls"] = result["cost_calls"] * (1 + len(judged.numbers))
    squares = (judged.output**2).sum(axis=2).mean(axis=1)[:, None]
    result["cost_squared_tokens"] = result["cost_squared_tokens"] + ks * squares
    if "cost_bytes" in result:
        result["cost_bytes"] = (
            result["cost_bytes"] + ks * judged.size.sum(axis=2).mean(axis=1)[:, None]
        )
    return result


def best(pool: Pool, judge: str, budgets: list[int]) -> Estimate:
    """Exact best of n by score, ties shared evenly; unscored draws rank below all scored ones."""
    judged = _chains.rounds(pool, judge)
    score = scores(pool, judged)
    score = np.where(np.isnan(score), np.nanmin(score) - 1.0, score)
    correct, upper = (
        order.expected_pick(score, verdict, budgets, valid=pool.codes >= 0)
        for verdict in (pool.right, pool.right_upper)
    )
    return Estimate(budgets, correct, upper, costs(pool, judged, budgets))


def weighted(pool: Pool, judge: str, budgets: list[int]) -> Estimate:
    """Vote weighted by the score; an unscored draw has weight 0."""
    judged = _chains.rounds(pool, judge)
    weight = np.nan_to_num(scores(pool, judged), nan=0.0)
    result = votes.weighted_vote(
        pool.codes, weight, pool.credit, pool.credit_upper, budgets, pool.seeds
    )
    spent = costs(pool, judged, budgets)
    return Estimate(budgets, result.mean, result.upper, spent, result.se)
