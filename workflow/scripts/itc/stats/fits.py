"""Curve fits over budgets, vectorised over bootstrap replicates; no starting values, no failures.

Each model is linear, or nearly so, in all but one or two parameters, which run over fixed grids:
the best grid value and its least squares are the fit. Curves have unit weight per budget.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

EXPONENTS = -np.geomspace(0.01, 3.0, 120)  # b of the power law
RATES = np.geomspace(1e-4, 0.9, 160)  # q of the saturating curve
SHAPES = np.geomspace(1e-3, 1e3, 61)  # of the beta distribution; refined around the best
FLOOR = 1e-9
STEPS = 6  # Newton steps for the factor of the power law


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
    """Least-squares fit of exp(a k^b), a <= 0, b < 0, to coverage [R, K] (arXiv 2407.21787).

    Budgets [K]. For each b of a grid, refined around the best, a is found from the least squares of
    the logarithms by Gauss-Newton steps; the pair of smallest squared error of coverage is kept.
    Parameters (a, b).
    """
    k = np.asarray(budgets, dtype=float)
    logs = np.log(np.clip(coverage, FLOOR, 1.0))
    best = np.full(len(coverage), np.inf)
    parameters = np.zeros((len(coverage), 2))

    def tries(exponents: np.ndarray) -> None:  # [R], one exponent per row
        x = k ** exponents[:, None]
        first = np.minimum((logs * x).sum(axis=1) / (x * x).sum(axis=1), 0.0)
        tried = np.column_stack([_factor(first, x, coverage), exponents])
        error = ((coverage - power_curve(tried, k)) ** 2).sum(axis=1)
        better = error < best
        best[better], parameters[better] = error[better], tried[better]

    for b in EXPONENTS:
        tries(np.full(len(coverage), b))
    width = np.log(EXPONENTS[1] / EXPONENTS[0])
    for offset in np.concatenate(
        [width * np.linspace(-1, 1, 9), width / 4 * np.linspace(-1, 1, 9)]
    ):
        tries(parameters[:, 1] * np.exp(offset))
    fitted = power_curve(parameters, k)
    return Fit(parameters, fitted, _r_squared(coverage, fitted))


def _factor(a: np.ndarray, x: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    """Improve a [R] by Gauss-Newton steps on the squared error; never worse than given.

    ``x`` [R, K] is k^b.
    """
    best, error = a, ((coverage - np.exp(a[:, None] * x)) ** 2).sum(axis=1)
    for _ in range(STEPS):
        curve = np.exp(a[:, None] * x)
        slope = curve * x
        step = ((coverage - curve) * slope).sum(axis=1) / np.maximum((slope**2).sum(axis=1), FLOOR)
        a = np.minimum(a + step, 0.0)
        now = ((coverage - np.exp(a[:, None] * x)) ** 2).sum(axis=1)
        better = now < error
        best, error = np.where(better, a, best), np.where(better, now, error)
    return best


def power_curve(parameters: np.ndarray, budgets: np.ndarray) -> np.ndarray:
    """Coverage [R, K] of the power law of ``parameters`` [R, 2] at ``budgets`` [K]."""
    a, b = parameters[:, :1], parameters[:, 1:]
    result: np.ndarray = np.exp(a * np.asarray(budgets, dtype=float) ** b)
    return result


def beta_binomial(budgets: np.ndarray, coverage: np.ndarray) -> Fit:
    """Coverage [R, K] where problems' chances of a right draw follow a beta distribution.

    coverage(k) = 1 - B(alpha, beta + k) / B(alpha, beta): the mean of 1 - (1 - p)^k (arXiv
    2502.17578 derives the power laws of coverage from such distributions). Least squares over a
    grid of both shapes, refined twice around the best. Parameters (alpha, beta).
    """
    grid = np.array(np.meshgrid(SHAPES, SHAPES)).reshape(2, -1).T
    curves = beta_curve(grid, budgets)
    errors = (coverage**2).sum(axis=1)[:, None] - 2 * coverage @ curves.T
    parameters = grid[(errors + (curves**2).sum(axis=1)).argmin(axis=1)]
    width = np.log(SHAPES[1] / SHAPES[0])
    offsets = np.array(np.meshgrid(*[np.linspace(-1, 1, 9)] * 2)).reshape(2, -1).T
    for _ in range(3):
        near = parameters[:, None] * np.exp(width * offsets)
        found = beta_curve(near.reshape(-1, 2), budgets).reshape(*near.shape[:2], -1)
        best = ((found - coverage[:, None]) ** 2).sum(axis=2).argmin(axis=1)
        parameters = near[np.arange(len(near)), best]
        width /= 4
    fitted = beta_curve(parameters, budgets)
    return Fit(parameters, fitted, _r_squared(coverage, fitted))


def beta_curve(parameters: np.ndarray, budgets: np.ndarray) -> np.ndarray:
    """Coverage [R, K] of the beta law of ``parameters`` [R, 2] at ``budgets`` [K]."""
    alpha, beta = parameters[:, :1], parameters[:, 1:]
    k = np.asarray(budgets, dtype=float)
    result: np.ndarray = -np.expm1(special.betaln(alpha, beta + k) - special.betaln(alpha, beta))
    return result


def saturating(budgets: np.ndarray, accuracy: np.ndarray) -> Fit:
    """limit - (limit - start) (1 - q)^(n - n_0) of accuracy [R, K] (form of arXiv 2505.20522).

    n_0 is the least budget, so start is the accuracy there. For each q of the grid limit and start
    are least squares within [0, 1], so the curve is an accuracy everywhere. Parameters (limit,
    start, q).
    """
    n = np.asarray(budgets, dtype=float)
    best = np.full(len(accuracy), np.inf)
    parameters, fitted = np.zeros((len(accuracy), 3)), np.zeros_like(accuracy, dtype=float)
    for q in RATES:
        decay = (1.0 - q) ** (n - n.min())
        design = np.column_stack([1.0 - decay, decay])
        solution = _boxed(design, accuracy)
        candidate = solution @ design.T
        error = ((accuracy - candidate) ** 2).sum(axis=1)
        better = error < best
        best[better] = error[better]
        parameters[better] = np.column_stack([solution, np.full(len(accuracy), q)])[better]
        fitted[better] = candidate[better]
    return Fit(parameters, fitted, _r_squared(accuracy, fitted))


def _boxed(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Least squares [R, 2] of ``values`` [R, K] on ``design`` [K, 2] within the unit square.

    A convex problem of two unknowns: where the free solution lies outside, the best of the four
    edges is the solution.
    """
    free = values @ np.linalg.pinv(design).T
    outside = ((free < 0) | (free > 1)).any(axis=1)
    if not outside.any():
        return free
    own, edges = values[outside], []
    for fixed in (0, 1):
        for value in (0.0, 1.0):
            column = design[:, 1 - fixed]
            rest = own - value * design[:, fixed]
            other = np.clip(rest @ column / max(column @ column, FLOOR), 0.0, 1.0)
            pair = (np.full_like(other, value), other)
            edges.append(np.column_stack(pair if fixed == 0 else pair[::-1]))
    errors = [((own - edge @ design.T) ** 2).sum(axis=1) for edge in edges]
    free[outside] = np.stack(edges)[np.argmin(errors, axis=0), np.arange(len(own))]
    return free


def saturating_curve(parameters: np.ndarray, budgets: np.ndarray) -> np.ndarray:
    """Accuracy [R, K] of ``parameters`` [R, 3] at ``budgets`` [K], the least of them being n_0."""
    n = np.asarray(budgets, dtype=float)
    limit, start, q = (column[:, None] for column in parameters.T)
    result: np.ndarray = limit - (limit - start) * (1.0 - q) ** (n - n.min())
    return result


def saturation_budget(
    budgets: np.ndarray, accuracy: np.ndarray, threshold: float
) -> tuple[np.ndarray, float]:
    """N* [R]: least n from which on no doubling adds ``threshold``; infinite if not reached.

    Read off the curve itself: the gains of doubling n inside the sampled range, made never to
    increase by isotonic regression, so that noise of single budgets does not decide. ``budgets``
    [K] in order, ``accuracy`` [R, K]. Between budgets the curve is linear in log n. Returns N* and
    the largest n that can be judged, half the largest budget; infinite N* lie beyond it.
    """
    logs = np.log2(np.asarray(budgets, dtype=float))
    starts = logs[logs + 1 <= logs[-1] + 1e-9]
    if not len(starts):
        return np.full(len(accuracy), np.inf), float("nan")
    stars = np.full(len(accuracy), np.inf)
    for r, curve in enumerate(np.asarray(accuracy, dtype=float)):
        gains = np.interp(starts + 1, logs, curve) - np.interp(starts, logs, curve)
        gains = optimize.isotonic_regression(gains, increasing=False).x
        below = np.flatnonzero(gains < threshold)
        if not len(below):
            continue
        i = int(below[0])
        at = starts[i]
        if i and gains[i - 1] > gains[i]:
            share = (gains[i - 1] - threshold) / (gains[i - 1] - gains[i])
            at = starts[i - 1] + share * (starts[i] - starts[i - 1])
        stars[r] = 2.0**at
    return stars, float(2.0 ** starts[-1])
