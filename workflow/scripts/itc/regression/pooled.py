"""Logit of correctness over all responses, with standard errors clustered by problem."""

from __future__ import annotations

import warnings

import numpy as np
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

from itc.regression.checks import require_overlap, require_problems, require_variation
from itc.regression.design import Design, collinear, intercepts
from itc.regression.fit import Fit, FitError


def clustered_logit(
    y: np.ndarray, x: np.ndarray, block: np.ndarray, problem: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """statsmodels Logit of ``y`` on ``x`` (n, p) and one intercept per block.

    Returns coefficients, their standard errors, average marginal effects, theirs (p,), and the
    number of clusters. Raises FitError on separation or non-convergence.
    """
    require_overlap(y, x, block)
    nuisance = intercepts(block)
    n_clusters = len(np.unique(problem))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", HessianInversionWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            result = sm.Logit(y, np.column_stack([x, nuisance])).fit(
                disp=0,
                maxiter=100,
                cov_type="cluster",
                cov_kwds={"groups": problem, "use_correction": True},
                use_t=True,
            )
        except (ConvergenceWarning, HessianInversionWarning, np.linalg.LinAlgError) as error:
            raise FitError(f"did not converge: {error}") from error
        if not result.mle_retvals["converged"] or not np.isfinite(result.bse).all():
            raise FitError("did not converge: the optimiser stopped without an optimum")
    p = x.shape[1]
    effect, effect_se = marginal_effects(result.model.exog, result.params, result.cov_params())
    return result.params[:p], result.bse[:p], effect[:p], effect_se[:p], n_clusters


def marginal_effects(
    x: np.ndarray, b: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Average change of P(correct) per unit of each column, and its delta-method error, (k,) each.

    ``x`` (n, k), ``b`` (k,), ``covariance`` (k, k). Those of statsmodels' ``get_margeff``, whose
    derivative is an array of n k k complex numbers: more memory than the data.
    """
    probability = 1 / (1 + np.exp(-x @ b))
    slope = probability * (1 - probability)
    curvature = (slope * (1 - 2 * probability)) @ x / len(x)
    jacobian = slope.mean() * np.eye(len(b)) + np.outer(b, curvature)
    return b * slope.mean(), np.sqrt(np.diag(jacobian @ covariance @ jacobian.T))


def informative_blocks(design: Design) -> Design:
    """Without datasets whose responses are all correct or all incorrect: their intercept is
    infinite and they tell nothing about the features.
    """
    share = np.bincount(design.block, design.y) / np.bincount(design.block)
    keep = ((share > 0) & (share < 1))[design.block]
    return design if keep.all() else design.rows(keep)


def fit_pooled(design: Design) -> Fit:
    """Logit on the features and an intercept per dataset. Difficulty of questions confounds it."""
    require_variation(design)
    design = informative_blocks(design)
    design = design.without(collinear(design.x, design.terms, intercepts(design.block)))
    require_variation(design)
    require_problems(design.n_problems, len(design.terms))
    return _clustered(design, design.x, [(term, "total") for term in design.terms])


def _clustered(design: Design, x: np.ndarray, rows: list[tuple[str, str]]) -> Fit:
    """Logit of the design's outcomes on the columns ``x`` (n, p), named by ``rows``."""
    b, se, marginal, marginal_se, clusters = clustered_logit(
        design.y, x, design.block, design.problem
    )
    return Fit(
        rows=rows,
        coefficient=b,
        se=se,
        df=clusters - 1,
        n_responses=len(design.y),
        n_problems=clusters,
        marginal=marginal,
        marginal_se=marginal_se,
        dropped=design.dropped,
        n_missing=design.n_missing,
    )


def mundlak_design(design: Design) -> tuple[Design, np.ndarray, np.ndarray]:
    """The design with terms that have a within and a between part, and these parts (n, p) each."""
    while True:
        require_variation(design)
        means = design.problem_means()
        within = design.x - means
        reasons = {
            t: "constant within every question"
            for t, column in zip(design.terms, within.T, strict=True)
            if np.linalg.norm(column) < 1e-9
        }
        blocks = intercepts(design.block)
        reasons = reasons or collinear(means, design.terms, blocks)
        reasons = reasons or collinear(within, design.terms, np.column_stack([blocks, means]))
        if not reasons:
            return design, within, means
        design = design.without(reasons)


def fit_mundlak(design: Design) -> Fit:
    """Logit on each feature's deviation from its problem mean (within) and the mean (between).

    Mundlak (1978), Econometrica 46:69. The within coefficient is free of whatever is constant over
    the responses to a question; the between one says how questions differ.
    """
    require_variation(design)
    design, within, means = mundlak_design(informative_blocks(design))
    require_problems(design.n_problems, 2 * len(design.terms))
    rows = [(term, component) for component in ("within", "between") for term in design.terms]
    return _clustered(design, np.column_stack([within, means]), rows)
