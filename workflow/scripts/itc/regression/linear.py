"""Linear probability models: a check of the logits, in points of accuracy."""

from __future__ import annotations

import numpy as np
import statsmodels.api as sm

from itc.regression.checks import require_problems, require_variation
from itc.regression.design import Design, collinear, intercepts
from itc.regression.fit import Fit


def _demean(values: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Columns of ``values`` (n, p) minus their means per code."""
    size = np.bincount(code)
    means = np.stack([np.bincount(code, column) for column in values.T], 1) / size[:, None]
    result: np.ndarray = values - means[code]
    return result


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
    x = _demean(design.x[keep], problem)
    y = _demean(design.y[keep][:, None], problem)[:, 0]
    extra = np.empty((len(y), 0))
    if draws:
        extra = _demean(intercepts(design.draw[keep])[:, 1:], problem)
        independent = collinear(extra, [str(i) for i in range(extra.shape[1])])
        extra = extra[:, [str(i) not in independent for i in range(extra.shape[1])]]
    reasons = collinear(x, design.terms, extra if extra.shape[1] else None)
    if reasons:
        return fit_linear_within(design.without(reasons), draws)
    result = sm.OLS(y, np.column_stack([x, extra])).fit(
        cov_type="cluster", cov_kwds={"groups": problem, "use_correction": True}, use_t=True
    )
    return Fit(
        rows=[(term, "within") for term in design.terms],
        coefficient=result.params[:p],
        se=result.bse[:p],
        df=n_groups - 1,
        n_responses=len(y),
        n_problems=n_groups,
        logit=False,
        marginal=result.params[:p],
        marginal_se=result.bse[:p],
        dropped=design.dropped,
        n_missing=design.n_missing,
    )


def fit_linear_within_draws(design: Design) -> Fit:
    """``fit_linear_within`` with an intercept per draw index."""
    return fit_linear_within(design, draws=True)
