"""Mixed logit: a random intercept per problem, features split within and between problems.

The intercept's distribution is normal and is integrated out by Gauss-Hermite quadrature, adapted
to each problem's own mode, so wide spreads of difficulty stay exact. With the problem means among
the regressors (Mundlak) the within coefficients stay free of difficulty even where features are
correlated with it. statsmodels fits such a model only by variational Bayes, whose intervals are too
narrow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from itc.regression.checks import require_overlap, require_problems, require_variation
from itc.regression.design import Design, intercepts
from itc.regression.fit import Fit, FitError
from itc.regression.pooled import informative_blocks, mundlak_design

NODES = 15
STOP = {"ftol": 1e-12, "gtol": 1e-5, "maxiter": 500}
MIN_SD = 0.05  # below, the spread counts as zero
MAX_SD = 20.0  # on the log-odds scale; beyond, the spread is not identified


def _modes(
    eta: np.ndarray, y: np.ndarray, problem: np.ndarray, sd: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mode and curvature scale of each problem's intercept given the rest, (P,) each."""
    n = problem.max() + 1
    mode = np.zeros(n)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(eta + mode[problem], -40, 40)))
        slope = np.bincount(problem, y - p, n) - mode / sd**2
        curvature = np.bincount(problem, p * (1 - p), n) + 1 / sd**2
        step = np.clip(slope / curvature, -3, 3)
        mode += step
        if np.abs(step).max() < 1e-8:
            break
    return mode, 1 / np.sqrt(curvature)


def log_likelihood(
    theta: np.ndarray, x: np.ndarray, y: np.ndarray, problem: np.ndarray
) -> tuple[float, np.ndarray]:
    """Log likelihood and its gradient at ``theta`` = (coefficients, log sd), and scores (P, k)."""
    beta, sd = theta[:-1], np.exp(theta[-1])
    eta = x @ beta
    mode, scale = _modes(eta, y, problem, sd)
    nodes, weights = np.polynomial.hermite.hermgauss(NODES)
    at = mode[:, None] + np.sqrt(2) * scale[:, None] * nodes  # (P, Q) intercepts
    value = eta[:, None] + at[problem]  # (n, Q)
    own = y[:, None] * value - np.logaddexp(0, value)
    n = len(mode)
    joint = np.stack([np.bincount(problem, column, n) for column in own.T], 1)
    joint += -0.5 * (at / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
    joint += np.log(weights) + nodes**2 + np.log(np.sqrt(2) * scale)[:, None]
    total = logsumexp(joint, axis=1)
    posterior = np.exp(joint - total[:, None])
    residual = y - (posterior[problem] / (1 + np.exp(-value))).sum(1)
    scores = np.stack([np.bincount(problem, residual * column, n) for column in x.T], 1)
    spread = (posterior * ((at / sd) ** 2 - 1)).sum(1)
    return total.sum(), np.column_stack([scores, spread])


def fit_mixed(design: Design) -> Fit:
    """Random-intercept logit on within and between parts; errors clustered by problem.

    A spread of intercepts of zero is an answer (the problem means say all about difficulty).
    FitError where the optimiser stops early, the spread runs to MAX_SD, or the information is
    singular.
    """
    require_variation(design)
    design, within, means = mundlak_design(informative_blocks(design))
    require_problems(design.n_problems, 2 * len(design.terms))
    nuisance = intercepts(design.block)
    columns = np.column_stack([within, means])
    require_overlap(design.y, columns, nuisance)
    x = np.column_stack([columns, nuisance])

    def negative(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, scores = log_likelihood(theta, x, design.y, design.problem)
        return -value, -scores.sum(0)

    start = np.zeros(x.shape[1] + 1)
    bounds = [(None, None)] * x.shape[1] + [(np.log(MIN_SD / 2), np.log(MAX_SD))]
    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options=STOP)
    sd = float(np.exp(found.x[-1]))
    if not found.success:
        raise FitError(f"did not converge: {found.message}")
    if sd > 0.99 * MAX_SD:
        raise FitError(f"did not converge: spread of problem intercepts ran to {sd:.3g}")
    free = len(found.x) - (sd < MIN_SD)  # at zero the likelihood is flat in the log spread
    information = _information(found.x, negative)[:free, :free]
    scores = log_likelihood(found.x, x, design.y, design.problem)[1][:, :free]
    try:
        bread = np.linalg.inv(information)
    except np.linalg.LinAlgError as error:
        raise FitError("did not converge: singular information matrix") from error
    gradient = negative(found.x)[1][:free]
    if gradient @ bread @ gradient > 1e-4:  # squared distance to the optimum in standard errors
        raise FitError("did not converge: the optimiser stopped before the optimum")
    n = design.n_problems
    variance = np.diag(bread @ (scores.T @ scores) @ bread) * n / (n - 1)
    k = columns.shape[1]
    if not (variance[:k] > 0).all():
        raise FitError("did not converge: no positive variance of an estimate")
    return Fit(
        rows=[(term, part) for part in ("within", "between") for term in design.terms],
        coefficient=found.x[:k],
        se=np.sqrt(variance[:k]),
        df=n - 1,
        n_responses=len(design.y),
        n_problems=n,
        dropped=design.dropped,
        n_missing=design.n_missing,
    )


def _information(
    theta: np.ndarray, negative: Callable[[np.ndarray], tuple[float, np.ndarray]]
) -> np.ndarray:
    """Hessian of the negative log likelihood by central differences of its exact gradient."""
    step = 1e-5
    rows = []
    for i in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[i] += step
        down[i] -= step
        rows.append((negative(up)[1] - negative(down)[1]) / (2 * step))
    hessian = np.array(rows)
    result: np.ndarray = (hessian + hessian.T) / 2
    return result
