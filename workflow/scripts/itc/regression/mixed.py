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

from itc.regression import _kernels
from itc.regression.checks import require_overlap, require_problems, require_variation
from itc.regression.design import Design, intercepts
from itc.regression.fit import Fit, FitError
from itc.regression.pooled import informative_blocks, mundlak_design

NODES = 15
STOP = {"ftol": 1e-12, "gtol": 1e-5, "maxiter": 500}
MIN_SD = 0.05  # below, the spread counts as zero
MAX_SD = 20.0  # on the log-odds scale; beyond, the spread is not identified


def log_likelihood(
    theta: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    first: np.ndarray,
    modes: np.ndarray,
) -> tuple[float, np.ndarray]:
    """Log likelihood at ``theta`` = (k - 1 coefficients, log sd), and scores (P, k).

    ``x`` (n, k - 1) and ``y`` (n,) in the order of problems, which begin at ``first`` (P + 1,).
    ``modes`` (P,): where the search for each problem's mode begins, and its result.
    """
    nodes, weights = np.polynomial.hermite.hermgauss(NODES)
    total, spread = np.empty(len(first) - 1), np.empty(len(first) - 1)
    residual = np.empty(len(y))
    eta, sd = x @ theta[:-1], float(np.exp(theta[-1]))
    log_weights = np.log(weights) + nodes**2
    _kernels.mixed(eta, y, first, sd, nodes, log_weights, modes, total, residual, spread)
    scores = np.add.reduceat(residual[:, None] * x, first[:-1], axis=0)
    return float(total.sum()), np.column_stack([scores, spread])


def fit_mixed(design: Design) -> Fit:
    """Random-intercept logit on within and between parts; errors clustered by problem.

    A spread of intercepts of zero is an answer (the problem means say all about difficulty).
    FitError where the optimiser stops early, the spread runs to MAX_SD, or the information is
    singular.
    """
    require_variation(design)
    design, within, means = mundlak_design(informative_blocks(design))
    require_problems(design.n_problems, 2 * len(design.terms))
    columns = np.column_stack([within, means])
    require_overlap(design.y, columns, design.block)
    order = np.argsort(design.problem, kind="stable")
    x, y = np.column_stack([columns, intercepts(design.block)])[order], design.y[order]
    first = np.concatenate([[0], np.cumsum(np.bincount(design.problem))])

    modes = np.zeros(design.n_problems)

    def negative(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, scores = log_likelihood(theta, x, y, first, modes)
        return -value, -scores.sum(0)

    # Steps in units of standard errors, as the scores at the start know them: the parts of a
    # feature within and between problems differ by orders, and so would the number of steps.
    unit = _units(log_likelihood(np.zeros(x.shape[1] + 1), x, y, first, modes)[1])

    def scaled(phi: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = negative(unit @ phi)
        return value, unit.T @ gradient

    edge = np.log([MIN_SD / 2, MAX_SD]) / unit[-1, -1]
    bounds = [(None, None)] * x.shape[1] + [(edge[0], edge[1])]
    start = np.zeros(x.shape[1] + 1)
    found = minimize(scaled, start, jac=True, method="L-BFGS-B", bounds=bounds, options=STOP)
    theta = unit @ found.x
    sd = float(np.exp(theta[-1]))
    if not found.success:
        raise FitError(f"did not converge: {found.message}")
    if sd > 0.99 * MAX_SD:
        raise FitError(f"did not converge: spread of problem intercepts ran to {sd:.3g}")
    free = len(theta) - (sd < MIN_SD)  # at zero the likelihood is flat in the log spread
    information = _information(theta, negative)[:free, :free]
    scores = log_likelihood(theta, x, y, first, modes)[1][:, :free]
    try:
        bread = np.linalg.inv(information)
    except np.linalg.LinAlgError as error:
        raise FitError("did not converge: singular information matrix") from error
    gradient = negative(theta)[1][:free]
    if gradient @ bread @ gradient > 1e-4:  # squared distance to the optimum in standard errors
        raise FitError("did not converge: the optimiser stopped before the optimum")
    n = design.n_problems
    variance = np.diag(bread @ (scores.T @ scores) @ bread) * n / (n - 1)
    k = columns.shape[1]
    if not (variance[:k] > 0).all():
        raise FitError("did not converge: no positive variance of an estimate")
    return Fit(
        rows=[(term, part) for part in ("within", "between") for term in design.terms],
        coefficient=theta[:k],
        se=np.sqrt(variance[:k]),
        df=n - 1,
        n_responses=len(design.y),
        n_problems=n,
        dropped=design.dropped,
        n_missing=design.n_missing,
    )


def _units(scores: np.ndarray) -> np.ndarray:
    """Matrix (k, k) from steps of one standard error each to steps of the parameters.

    From ``scores`` (P, k), whose products sum to the information (Berndt, Hall, Hall and Hausman
    1974, Ann. Econ. Soc. Meas. 3:653). The last parameter, which has bounds, keeps to itself.
    """
    result = np.eye(scores.shape[1])
    information = scores.T @ scores
    try:
        lower = np.linalg.cholesky(information[:-1, :-1])
        result[:-1, :-1] = np.linalg.inv(lower).T
    except np.linalg.LinAlgError:  # any units do, in more steps
        return result
    if information[-1, -1] > 0.0:
        result[-1, -1] = 1.0 / np.sqrt(information[-1, -1])
    return result


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
