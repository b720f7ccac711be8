"""Conditional (fixed-effects) logit: correctness among responses to the same question.

Own compiled likelihood (equal to ``statsmodels.ConditionalLogit`` in the tests): statsmodels
recurses response by response in Python, which takes 20 s for 500 questions with 64 draws. Ours is
as exact, and its cost grows linearly with the draws (``_kernels``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from itc.regression import _kernels
from itc.regression.checks import require_overlap, require_problems, require_variation
from itc.regression.design import Design, collinear
from itc.regression.fit import Fit, FitError

MAX_ITERATIONS = 60
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Groups:
    """Problems with both outcomes, row by row: ``x`` (n, p) less its problem means, problem g in
    rows ``first[g]`` to ``first[g + 1] - 1``; ``sums`` (G, p) of x over the events, ``events`` (G,)
    their number. An event is the rarer outcome of the problem; signs of x are turned for it.
    """

    x: np.ndarray
    first: np.ndarray
    sums: np.ndarray
    events: np.ndarray


def grouped(design: Design, keep: np.ndarray) -> Groups:
    """Rows of the problems that ``keep`` (P,) names."""
    rows = np.flatnonzero(keep[design.problem])
    order = rows[np.argsort(design.problem[rows], kind="stable")]
    _, group = np.unique(design.problem[order], return_inverse=True)
    size = np.bincount(group)
    x, y = design.x[order], design.y[order]
    rare = np.where(np.bincount(group, y) * 2 <= size, 1.0, -1.0)  # -1: count the wrong ones
    event = np.where(rare[group] > 0, y, 1 - y)
    x = x * rare[group][:, None]
    centre = np.stack([np.bincount(group, c) for c in x.T], 1) / size[:, None]
    x = np.ascontiguousarray(x - centre[group])  # exponentials near one, the likelihood the same
    sums = np.stack([np.bincount(group, c * event) for c in x.T], 1)
    first = np.concatenate([[0], np.cumsum(size)])
    return Groups(x, first, sums, np.bincount(group, event).astype(np.int64))


def likelihood(beta: np.ndarray, groups: Groups) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood, scores per problem (G, p), and information (p, p) at ``beta``.

    FitError where a weight or denominator leaves the range of floating point.
    """
    log_f, mean = np.empty(len(groups.events)), np.empty_like(groups.sums)
    information = np.zeros((len(beta), len(beta)))
    weight = np.exp(groups.x @ beta)
    held = (groups.x, groups.events, groups.first)
    if not _kernels.conditional(weight, *held, log_f, mean, information):
        raise FitError("did not converge: the likelihood left the range of floating point")
    value = float((groups.sums @ beta - log_f).sum())
    return value, groups.sums - mean, information


def maximise(groups: Groups) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton with step halving; returns coefficients, scores (G, p), information (p, p)."""
    beta = np.zeros(groups.x.shape[1])
    value, scores, information = likelihood(beta, groups)
    for _ in range(MAX_ITERATIONS):
        try:
            step = np.linalg.solve(information, scores.sum(0))
        except np.linalg.LinAlgError as error:
            raise FitError("did not converge: singular information matrix") from error
        if float(step @ scores.sum(0)) < TOLERANCE:
            return beta, scores, information
        for _ in range(30):
            trial = likelihood(beta + step, groups)
            if trial[0] >= value - 1e-12:
                break
            step = step / 2
        beta, (value, scores, information) = beta + step, trial
    raise FitError(f"did not converge in {MAX_ITERATIONS} Newton steps")


def fit_within(design: Design) -> Fit:
    """Conditional logit; only problems with both outcomes carry information.

    Standard errors are clustered by problem (factor G / (G - p), Student's t with G - p degrees of
    freedom), so that effects may differ between questions. No marginal effects: they would need
    the question intercepts that the likelihood has removed; see ``linear``.
    """
    require_variation(design)
    keep = design.informative()
    rows = keep[design.problem]
    within = (design.x - design.problem_means())[rows]
    reasons = {
        t: "constant within every question"
        for t, column in zip(design.terms, within.T, strict=True)
        if np.linalg.norm(column) < 1e-9
    }
    reasons = reasons or collinear(within, design.terms)
    if reasons and keep.any():
        return fit_within(design.without(reasons))
    n_groups, p = int(keep.sum()), len(design.terms)
    require_problems(n_groups, p, "problems with both outcomes")
    _, group = np.unique(design.problem[rows], return_inverse=True)
    require_overlap(design.y[rows], within, group)
    beta, scores, information = maximise(grouped(design, keep))
    bread = np.linalg.inv(information)
    covariance = bread @ (scores.T @ scores) @ bread * n_groups / (n_groups - p)
    return Fit(
        rows=[(term, "within") for term in design.terms],
        coefficient=beta,
        se=np.sqrt(np.diag(covariance)),
        df=n_groups - p,
        n_responses=int(rows.sum()),
        n_problems=n_groups,
        dropped=design.dropped,
        n_missing=design.n_missing,
    )
