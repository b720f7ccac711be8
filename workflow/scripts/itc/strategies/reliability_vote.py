"""Votes weighted by each model's reliability, estimated from agreement alone."""

from __future__ import annotations

import numpy as np

from itc.estimators import votes
from itc.strategies import _mixture
from itc.strategies._base import Estimate, Pool, usable_budgets
from itc.strategies.mixed_majority import costs

TITLE = "Reliability-weighted vote"
DESCRIPTION = "Mixed-model vote, weighted by how far a model agrees with the inferred answers."
CITATION = "Dawid and Skene 1979, Appl. Statist. 28:20 (one coin per model, no labels)"
PROCEDURE = "sample"
NEEDS = ()
EXACT = False
UPPER_BOUND = False
SCOPE = "dataset"


def evaluate(
    pools: list[Pool], budgets: list[int], iterations: int = 50
) -> list[tuple[str, Pool, Estimate]]:
    """Weights come from all recorded draws of the dataset, never from a gold answer."""
    mixture = _mixture.mix(pools)
    usable, _ = usable_budgets(budgets, [mixture.codes.shape[1]])
    weights = log_odds(mixture.codes, mixture.model, iterations)
    credit, upper = mixture.credit
    result = votes.weighted_vote(mixture.codes, weights, credit, upper, usable, mixture.head.seeds)
    estimate = Estimate(usable, result.mean, result.upper, costs(mixture, usable), result.se)
    return [(_mixture.LABEL, mixture.head, estimate)]


def reliabilities(
    codes: np.ndarray, model: np.ndarray, iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """One-coin Dawid-Skene by EM: (reliability [M], number of answers in use [P]).

    A draw of model m gives the true class with probability a_m, else one of the other classes of
    its problem alike. Starts at the agreement with the plain majority; a_m is kept within 0.01 and
    0.99, as draws of one model are not independent given the truth.
    """
    n_models, n_classes = int(model.max()) + 1, int(codes.max(initial=0)) + 1
    counts = np.stack(
        [(codes[:, model == m, None] == np.arange(n_classes)).sum(axis=1) for m in range(n_models)],
        axis=2,
    ).astype(float)  # [P, C, M]
    present = counts.sum(axis=2) > 0
    rivals = np.maximum(present.sum(axis=1) - 1, 1)
    answered = counts.sum(axis=(0, 1))
    posterior = counts.sum(axis=2)
    posterior = posterior / np.maximum(posterior.sum(axis=1, keepdims=True), 1)
    reliability = np.full(n_models, 0.5)
    for _ in range(iterations):
        agree = np.einsum("pcm,pc->m", counts, posterior)
        reliability = np.clip(agree / np.maximum(answered, 1), 0.01, 0.99)
        gain = np.log(reliability) - np.log1p(-reliability) + np.log(rivals)[:, None]
        logits = np.where(present, np.einsum("pcm,pm->pc", counts, gain), -np.inf)
        logits -= np.max(logits, axis=1, initial=-1e300, keepdims=True)
        posterior = np.where(present, np.exp(logits), 0.0)
        posterior /= np.maximum(posterior.sum(axis=1, keepdims=True), 1e-300)
    return reliability, rivals


def log_odds(codes: np.ndarray, model: np.ndarray, iterations: int) -> np.ndarray:
    """Weight of every draw, float like ``codes``: log(a_m (C - 1) / (1 - a_m)), at least 0."""
    reliability, rivals = reliabilities(codes, model, iterations)
    gain = np.log(reliability) - np.log1p(-reliability)
    result: np.ndarray = np.maximum(gain[model][None, :] + np.log(rivals)[:, None], 0.0)
    return result
