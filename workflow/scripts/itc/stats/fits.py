"""Curve fits over budgets, vectorised over bootstrap replicates; no starting values, no failures.

Each model is linear in all but one parameter, which runs over a fixed grid: the best grid value and
its linear least squares are the fit. Curves have unit weight per budget.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EXPONENTS = -np.geomspace(0.01, 3.0, 120)  # b of the power law
RATES = np.geomspace(1e-4, 0.9, 160)  # q of the saturating curve
FLOOR = 1e-9


@dataclass(frozen=True)
class Fit:
    """``parameters`` [R, 3] or [R, 2], ``fitted`` [R, K] and ``r_squared`` [R] of each row."""

    parameters: np.ndarray
    fitted: np.ndarray
    r_squared: np.ndarray


def _r_squared(values: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    total = ((values - values.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    rest = ((values - fitted) ** 2).sum(axis=1)
    return np.where(total > FLOOR, 1.0 - rest / np.maximum(total, FLOOR), np.nan)


def power_law(budgets: np.ndarray, coverage: np.ndarray) -> Fit:
    """Exponentiated power law exp(a k^b), a < 0, b < 0, of coverage [R, K] (arXiv 2407.21787).

    For each b of the grid a is the least-squares slope of log coverage on k^b; the b of smallest
    squared error of coverage is kept. Parameters (a, b).
    """
    k = np.asarray(budgets, dtype=float)
    logs = np.log(np.clip(coverage, FLOOR, 1.0))
    best = np.full(len(coverage), np.inf)
    parameters, fitted = np.zeros((len(coverage), 2)), np.zeros_like(coverage, dtype=float)
    for b in EXPONENTS:
        x = k**b
        a = np.minimum(logs @ x / (x @ x), 0.0)
        candidate = np.exp(a[:, None] * x)
        error = ((coverage - candidate) ** 2).sum(axis=1)
        better = error < best
        best[better] = error[better]
        parameters[better] = np.column_stack([a, np.full_like(a, b)])[better]
        fitted[better] = candidate[better]
    return Fit(parameters, fitted, _r_squared(coverage, fitted))


def saturating(budgets: np.ndarray, accuracy: np.ndarray) -> Fit:
    """limit - (limit - start) (1 - q)^(n - 1) of accuracy [R, K] (form of arXiv 2505.20522).

    For each q of the grid limit and start are linear least squares; parameters (limit, start, q).
    """
    n = np.asarray(budgets, dtype=float)
    best = np.full(len(accuracy), np.inf)
    parameters, fitted = np.zeros((len(accuracy), 3)), np.zeros_like(accuracy, dtype=float)
    for q in RATES:
        decay = (1.0 - q) ** (n - 1.0)
        design = np.column_stack([1.0 - decay, decay])
        solution = accuracy @ np.linalg.pinv(design).T
        candidate = solution @ design.T
        error = ((accuracy - candidate) ** 2).sum(axis=1)
        better = error < best
        best[better] = error[better]
        parameters[better] = np.column_stack([solution, np.full(len(accuracy), q)])[better]
        fitted[better] = candidate[better]
    return Fit(parameters, fitted, _r_squared(accuracy, fitted))


def saturation_budget(parameters: np.ndarray, threshold: float, largest: int) -> np.ndarray:
    """N* [R]: least n whose doubling adds less than ``threshold``; ``largest`` + 1 where none is.

    Read off the saturating curve of ``parameters`` [R, 3] at whole n up to ``largest``.
    """
    n = np.arange(1, largest + 1)
    limit, start, q = (column[:, None] for column in parameters.T)
    gain = (limit - start) * ((1.0 - q) ** (n - 1.0) - (1.0 - q) ** (2.0 * n - 1.0))
    below = gain < threshold
    return np.where(below.any(axis=1), n[below.argmax(axis=1)], largest + 1)
