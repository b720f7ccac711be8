"""Reasons not to fit: outcome without variation, too few problems, separation."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from itc.regression.design import Design
from itc.regression.fit import FitError

MIN_PROBLEMS = 8  # clusters below which a clustered standard error means nothing
PROBLEMS_PER_TERM = 3


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


def separated(y: np.ndarray, x: np.ndarray, nuisance: np.ndarray | sparse.spmatrix) -> bool:
    """Whether some combination of columns parts the outcomes, so that no finite estimate exists.

    ``y`` (n,) 0/1, ``x`` (n, p) columns of interest, ``nuisance`` (n, m) intercepts (dense or
    sparse), each of a group with both outcomes, so that no intercept separates alone.

    Linear programme of Konis (2007, thesis, Oxford): maximise the sum of the signed scores
    s_i (x_i b + z_i c), s = +-1, over |b| <= 1 with every signed score >= 0; the optimum is
    positive exactly when the data are separated (completely or quasi-completely).
    """
    sign = 2.0 * y - 1.0
    signed = sparse.hstack([sparse.csr_matrix(x), sparse.csr_matrix(nuisance)]).tocsr()
    signed = sparse.diags(sign) @ signed
    free = nuisance.shape[1]
    reach = 1.0 + float(np.abs(x).sum(1).max(initial=0.0))
    solution = linprog(
        -np.asarray(signed.sum(0)).ravel(),
        A_ub=-signed,
        b_ub=np.zeros(len(y)),
        bounds=[(-1, 1)] * x.shape[1] + [(-reach, reach)] * free,
        method="highs",
    )
    if solution.status != 0:
        raise FitError(f"separation could not be checked: {solution.message}")
    return bool(-solution.fun > 1e-6)


def require_overlap(y: np.ndarray, x: np.ndarray, nuisance: np.ndarray | sparse.spmatrix) -> None:
    """FitError where the outcomes are separated; see ``separated``."""
    if separated(y, x, nuisance):
        raise FitError("separation: a combination of features parts correct from incorrect")
