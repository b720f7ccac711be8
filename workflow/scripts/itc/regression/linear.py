"""Linear probability models: a check of the logits, in points of accuracy."""

from __future__ import annotations

import numpy as np
import statsmodels.api as sm
from scipy import sparse

from itc.regression.checks import require_problems, require_variation
from itc.regression.design import COLLINEAR, Design, collinear
from itc.regression.fit import Fit


def _demean(values: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Columns of ``values`` (n, p) minus their means per code."""
    size = np.bincount(code)
    means = np.stack([np.bincount(code, column) for column in values.T], 1) / size[:, None]
    result: np.ndarray = values - means[code]
    return result


def without_draws(
    values: np.ndarray, problem: np.ndarray, draw: np.ndarray
) -> tuple[np.ndarray, int]:
    """Columns of ``values`` (n, p) less what intercepts per problem and per draw index explain.

    Exact for unequal numbers of draws: the intercepts of the D draws solve their D x D normal
    equations after those of the problems are swept out, so no matrix of n rows and D columns is
    made. Returns the number of free intercepts of draws as well.
    """
    within = _demean(values, problem)
    counts = sparse.csr_matrix((np.ones(len(draw)), (problem, draw))).toarray()
    share = counts / counts.sum(1, keepdims=True)
    normal = np.diag(counts.sum(0)) - counts.T @ share
    target = np.stack([np.bincount(draw, column, counts.shape[1]) for column in within.T], 1)
    effects, _, rank, _ = np.linalg.lstsq(normal, target, rcond=1e-10)
    return within - effects[draw] + (share @ effects)[problem], int(rank)


def fit_linear_within(design: Design, draws: bool = False) -> Fit:
    """Correctness on features, both less their problem means; clustered by problem.

    ``draws``: an intercept per draw index as well, for recordings whose draws are not exchangeable
    (forced opening phrases, settings that differ). The coefficient is a marginal effect.
    """
    require_variation(design)
    keep = design.informative()[design.problem]
    problem = np.unique(design.problem[keep], return_inverse=True)[1]
    n_groups = int(design.informative().sum())
    p = len(design.terms)
    require_problems(n_groups, p, "problems with both outcomes")
    both = np.column_stack([design.x[keep], design.y[keep]])
    within = _demean(both, problem)
    free = 0
    if draws:
        draw = np.unique(design.draw[keep], return_inverse=True)[1]
        least = COLLINEAR * np.linalg.norm(within, axis=0)
        within, free = without_draws(both, problem, draw)
        within[:, np.linalg.norm(within, axis=0) < least] = 0.0
    x, y = within[:, :p], within[:, p]
    reasons = collinear(x, design.terms)
    if reasons:
        return fit_linear_within(design.without(reasons), draws)
    result = sm.OLS(y, x).fit(
        cov_type="cluster", cov_kwds={"groups": problem, "use_correction": True}, use_t=True
    )
    # intercepts of draws are parameters too, though they were swept out before
    se = result.bse * np.sqrt((len(y) - p) / (len(y) - p - free))
    return Fit(
        rows=[(term, "within") for term in design.terms],
        coefficient=result.params,
        se=se,
        df=n_groups - 1,
        n_responses=len(y),
        n_problems=n_groups,
        logit=False,
        marginal=result.params,
        marginal_se=se,
        dropped=design.dropped,
        n_missing=design.n_missing,
    )


def fit_linear_within_draws(design: Design) -> Fit:
    """``fit_linear_within`` with an intercept per draw index."""
    return fit_linear_within(design, draws=True)
