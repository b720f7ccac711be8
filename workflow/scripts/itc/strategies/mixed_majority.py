"""Majority vote over draws of several models."""

from __future__ import annotations

import numpy as np

from itc.estimators import majority, order
from itc.estimators._checks import binomials
from itc.strategies import _costs, _mixture
from itc.strategies._base import Estimate, Pool, usable_budgets

TITLE = "Mixed-model vote"
DESCRIPTION = "Majority of n responses drawn from all models of the study alike."
CITATION = "Wang et al. 2022, arXiv 2203.11171, over the pooled draws of several models"
PROCEDURE = "sample"
NEEDS = ()
EXACT = True
UPPER_BOUND = False
SCOPE = "dataset"


def evaluate(pools: list[Pool], budgets: list[int]) -> list[tuple[str, Pool, Estimate]]:
    """Exact: n draws without replacement from the pooled draws, equally many of each model."""
    mixture = _mixture.mix(pools)
    usable, _ = usable_budgets(budgets, [mixture.codes.shape[1]])
    correct, upper = majority.both_majorities(mixture.codes, *mixture.credit, usable)
    return [
        (_mixture.LABEL, mixture.head, Estimate(usable, correct, upper, costs(mixture, usable)))
    ]


def costs(mixture: _mixture.Mixture, budgets: list[int]) -> dict[str, np.ndarray]:
    """Expected costs [P, B] of n draws of the mixture; a prompt is charged per model used."""
    ks = np.asarray(budgets, dtype=float)
    tokens = mixture.values("n_output_tokens")
    output = _costs.complete_rows(tokens, lambda v: v.mean(axis=1, keepdims=True)) * ks
    total, own = mixture.codes.shape[1], mixture.draws
    from_model = 1.0 - binomials(total)[total - own, budgets] / (binomials(total)[total, budgets])
    prompts = sum(
        _costs.prompt_tokens(pool)[rows]
        for pool, rows in zip(mixture.pools, mixture.rows, strict=True)
    )
    size = _costs.complete_rows(mixture.values("f_bytes"), lambda v: v.mean(1, keepdims=True)) * ks
    return {
        "cost_output_tokens": output,
        "cost_total_tokens": output + prompts * from_model,
        "cost_sequential_tokens": _costs.complete_rows(
            tokens, lambda v: order.expected_maximum(v, budgets)
        ),
        "cost_calls": np.broadcast_to(ks, output.shape),
        "cost_bytes": np.broadcast_to(size, output.shape),
    }
