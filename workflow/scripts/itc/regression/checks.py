"""Reasons not to fit: outcome without variation, too few problems, separation."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from itc.regression.design import Design
from itc.regression.fit import FitError

MIN_PROBLEMS = 8  # clusters below which a clustered standard error means nothing
PROBLEMS_PER_TERM = 3
NEWTON_STEPS = 30
LARGEST_EXPONENT = 30.0  # beyond, weights are no longer told from zero


def require_variation(design: Design) -> None:
    """FitError unless there are features and both outcomes."""
    if not design.terms:
        raise FitError("no usable feature: all are absent, constant or collinear")
    if design.y.min(initial=1) == design.y.max(initial=0):
        which = "correct" if design.y.size and design.y[0] else "incorrect"
        raise FitError(f"no variation of the outcome: all {design.y.size} responses are {which}")


def require_problems(n_problems: int, n_terms: int, kind: str = "problems") -> None:
    """FitError unless there are enough problems for the number of terms."""
    needed = max(MIN_PROBLEMS, PROBLEMS_PER_TERM * n_terms)
    if n_problems < needed:
        raise FitError(f"too few {kind}: {n_problems}, needed {needed} for {n_terms} terms")


def separated(y: np.ndarray, x: np.ndarray, group: np.ndarray) -> bool:
    """Whether some combination of columns parts the outcomes, so that no finite estimate exists.

    ``y`` (n,) 0/1, ``x`` (n, p) columns of interest, ``group`` (n,) codes 0..G-1, each group with
    an intercept of its own and both outcomes, so that no intercept separates alone. A certificate
    of overlap is looked for first; where none is found a linear programme decides.
    """
    return not overlap_certified(y, x, group) and _separated_by_programme(y, x, group)


def overlap_certified(y: np.ndarray, x: np.ndarray, group: np.ndarray) -> bool:
    """True where the outcomes are proven to overlap; False says nothing.

    By Stiemke's lemma they overlap exactly if there are weights a_i > 0 with sum_i s_i a_i = 0 in
    every group and sum_i s_i a_i x_i = 0, s = +-1 for the outcomes. Weights a = exp(-s x b),
    scaled to sum to one per group and outcome, keep the first equation for every b; the second is
    the gradient of the convex sum of their log normalisers, brought near zero by Newton's method.
    The rest g is removed by the factor 1 + s (x - mean) H^-1 g on the weights, H their covariance
    within groups; while it is positive for every response, the weights are a proof.
    """
    n_groups = int(group.max(initial=-1)) + 1
    sign = 2.0 * y - 1.0
    side = 2 * group + y.astype(np.int64)
    beta = np.zeros(x.shape[1])
    for _ in range(NEWTON_STEPS):
        log_weight = -sign * (x @ beta)
        if not np.abs(log_weight).max(initial=0.0) < LARGEST_EXPONENT:
            return False
        weight = np.exp(log_weight)
        weight /= np.bincount(side, weight, 2 * n_groups)[side]
        both = np.stack([np.bincount(group, weight * c, n_groups) for c in x.T], 1) / 2.0
        centred = x - both[group]
        rest = (sign * weight) @ x
        covariance = (weight[:, None] * centred).T @ centred
        try:
            step = np.linalg.solve(covariance, rest)
        except np.linalg.LinAlgError:
            return False
        if np.abs(centred @ step).max() < 0.5:
            return True
        apart = x - np.stack([np.bincount(side, weight * c, 2 * n_groups) for c in x.T], 1)[side]
        curvature = (weight[:, None] * apart).T @ apart
        try:
            beta = beta + np.linalg.solve(curvature, rest)
        except np.linalg.LinAlgError:
            return False
    return False


def _separated_by_programme(y: np.ndarray, x: np.ndarray, group: np.ndarray) -> bool:
    """Konis (2007, thesis, Oxford): maximise the sum of the signed scores s_i (x_i b + c_group),
    over |b| <= 1 with every signed score >= 0; the optimum is positive exactly when the data are
    separated (completely or quasi-completely).
    """
    sign = 2.0 * y - 1.0
    dummies = sparse.csr_matrix((np.ones(len(y)), (np.arange(len(y)), group)))
    signed = sparse.diags(sign) @ sparse.hstack([sparse.csr_matrix(x), dummies]).tocsr()
    reach = 1.0 + float(np.abs(x).sum(1).max(initial=0.0))
    solution = linprog(
        -np.asarray(signed.sum(0)).ravel(),
        A_ub=-signed,
        b_ub=np.zeros(len(y)),
        bounds=[(-1, 1)] * x.shape[1] + [(-reach, reach)] * dummies.shape[1],
        method="highs",
    )
    if solution.status != 0:
        raise FitError(f"separation could not be checked: {solution.message}")
    return bool(-solution.fun > 1e-6)


def require_overlap(y: np.ndarray, x: np.ndarray, group: np.ndarray) -> None:
    """FitError where the outcomes are separated; see ``separated``."""
    if separated(y, x, group):
        raise FitError("separation: a combination of features parts correct from incorrect")
