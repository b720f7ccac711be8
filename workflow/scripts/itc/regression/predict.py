"""Probability that a response is correct, predicted by a model that never saw its question.

Ridge logit on standardised features. The penalty is fixed, not tuned: it only keeps the fit finite
where features separate the outcomes. Cross-fitting splits questions, never responses, so nothing a
question teaches is used on itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PENALTY = 1.0  # half the squared length of the coefficients, beside the log likelihood
FOLDS = 5
MIN_OUTCOMES = 5  # responses of the rarer outcome below which nothing is learned


@dataclass(frozen=True)
class Predictor:
    """Coefficients per standard deviation (p,), intercept, and the units of the features."""

    coefficient: np.ndarray
    intercept: float
    mean: np.ndarray
    spread: np.ndarray

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """(n,) of features (n, p); a missing feature counts as average."""
        result: np.ndarray = self.intercept + self.standardised(x) @ self.coefficient
        return result

    def standardised(self, x: np.ndarray) -> np.ndarray:
        """(n, p) features in standard deviations of the training responses, missing ones 0."""
        z = (x - self.mean) / self.spread
        result: np.ndarray = np.where(np.isfinite(z), z, 0.0)
        return result

    def probability(self, x: np.ndarray) -> np.ndarray:
        """(n,) predicted probability of being correct."""
        result: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(self.log_odds(x), -30, 30)))
        return result


def train(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> Predictor:
    """Fit on features (n, p; NaN = missing, taken as average) and outcomes (n,) 0/1.

    ``weight`` (n,) of the responses, by default 1. With too few of one outcome, or no feature that
    varies, the prediction is the (smoothed) share of correct responses for everyone.
    """
    x = np.asarray(x, np.float64)
    weight = np.ones(len(y)) if weight is None else weight
    known = np.isfinite(x)
    n_known = np.maximum(known.sum(0), 1)
    mean = np.where(known, x, 0.0).sum(0) / n_known
    z = np.where(known, x - mean, 0.0)
    spread = np.sqrt((z**2).sum(0) / n_known)
    flat = spread <= 1e-12 * np.maximum(np.abs(mean), 1.0)
    spread = np.where(flat, 1.0, spread)
    z = np.where(flat, 0.0, z / spread)
    share = ((weight * y).sum() + 0.5) / (weight.sum() + 1.0)
    beta = np.zeros(x.shape[1] + 1)
    beta[0] = np.log(share / (1 - share))
    if min(y.sum(), (1 - y).sum()) >= MIN_OUTCOMES:
        beta = _newton(np.column_stack([np.ones(len(y)), z]), y, weight, beta)
    return Predictor(beta[1:], float(beta[0]), mean, spread)


def _newton(z: np.ndarray, y: np.ndarray, weight: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Minimise the penalised deviance; the penalty makes it strictly convex in the features."""
    ridge = np.full(z.shape[1], PENALTY)
    ridge[0] = 1e-8  # the intercept is free

    def loss(b: np.ndarray) -> float:
        eta = z @ b
        return float((weight * (np.logaddexp(0, eta) - y * eta)).sum() + 0.5 * (ridge * b**2).sum())

    value = loss(beta)
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-np.clip(z @ beta, -30, 30)))
        gradient = z.T @ (weight * (y - p)) - ridge * beta
        hessian = (z * (weight * p * (1 - p))[:, None]).T @ z + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        if gradient @ step < 1e-10:
            break
        while loss(beta + step) > value and np.abs(step).max() > 1e-12:
            step = step / 2
        beta = beta + step
        value = loss(beta)
    return beta


def folds(labels: Sequence[str], n_folds: int = FOLDS) -> np.ndarray:
    """Fold (n,) 0..n_folds-1 of every label.

    Equal labels share a fold; sizes differ by one at most. Labels are ranked by a hash of their
    text, so folds depend on neither order nor seed.
    """
    unique, code = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    digest = [hashlib.sha256(label.encode()).hexdigest() for label in unique]
    rank = np.empty(len(unique), np.int64)
    rank[np.argsort(digest, kind="stable")] = np.arange(len(unique))
    return (rank % min(n_folds, max(len(unique), 1)))[code]


def cross_fit(
    x: np.ndarray, y: np.ndarray, problem: Sequence[str], usable: np.ndarray | None = None
) -> np.ndarray:
    """(n,) probability for each response from a fit without its question.

    ``usable`` (n,) bool: responses to learn from (decided ones); all get a prediction. Needs two
    questions; with one, NaN.
    """
    usable = np.ones(len(y), bool) if usable is None else usable
    fold = folds(problem)
    predicted = np.full(len(y), np.nan)
    for k in np.unique(fold):
        inside = fold == k
        learn = ~inside & usable
        if learn.any():
            predicted[inside] = train(x[learn], y[learn]).probability(x[inside])
    return predicted
