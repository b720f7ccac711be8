"""Conditional (fixed-effects) logit: correctness among responses to the same question.

Own vectorised likelihood (equal to ``statsmodels.ConditionalLogit`` in the tests): statsmodels
recurses response by response in Python, which takes 20 s for 500 questions with 64 draws.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from itc.regression.checks import require_overlap, require_problems, require_variation
from itc.regression.design import Design, collinear
from itc.regression.fit import Fit, FitError

MAX_ITERATIONS = 60
TOLERANCE = 1e-9


def _pad(design: Design, keep: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Kept problems as padded arrays: x (G, m, p), present (G, m), sum of x over the events (G, p),
    number of events (G,). An event is the rarer outcome of the problem; signs are turned for it.
    """
    rows = np.flatnonzero(keep[design.problem])
    order = rows[np.argsort(design.problem[rows], kind="stable")]
    _, group = np.unique(design.problem[order], return_inverse=True)
    size = np.bincount(group)
    place = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
    x, y = design.x[order], design.y[order]
    rare = np.where(np.bincount(group, y) * 2 <= size, 1.0, -1.0)  # -1: count the wrong ones
    event = np.where(rare[group] > 0, y, 1 - y)
    x = x * rare[group][:, None]
    centre = np.stack([np.bincount(group, c) for c in x.T], 1) / size[:, None]
    x = x - centre[group]  # keeps the exponentials near one; the likelihood does not change
    padded = np.zeros((len(size), size.max(), x.shape[1]))
    padded[group, place] = x
    present = np.zeros(padded.shape[:2])
    present[group, place] = 1.0
    events = np.stack([np.bincount(group, c * event) for c in x.T], 1)
    return padded, present, events, np.bincount(group, event).astype(int)


def likelihood(
    beta: np.ndarray, x: np.ndarray, present: np.ndarray, events: np.ndarray, k: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Log likelihood, scores per problem (G, p), and information (p, p) at ``beta``.

    The denominator of problem g is the elementary symmetric polynomial of degree k_g in
    exp(x b); it and its two derivatives follow from the recursion over responses
    f_k <- f_k + w f_{k-1} (Gail, Lubin and Rubinstein 1981, Biometrika 68:703).
    """
    n_groups, m, p = x.shape
    top = int(k.max())
    f = np.zeros((n_groups, top + 1))
    f[:, 0] = 1.0
    d = np.zeros((n_groups, top + 1, p))
    h = np.zeros((n_groups, top + 1, p, p))
    log_scale = np.zeros(n_groups)
    weight = np.exp(x @ beta) * present
    for i in range(m):
        w, xi = weight[:, i, None], x[:, i, None, :]
        fs, ds = w * f[:, :-1], w[..., None] * d[:, :-1]
        cross = xi[..., :, None] * ds[..., None, :]
        h[:, 1:] += (
            w[..., None, None] * h[:, :-1]
            + cross
            + cross.swapaxes(-1, -2)
            + fs[..., None, None] * (xi[..., :, None] * xi[..., None, :])
        )
        d[:, 1:] += ds + fs[..., None] * xi
        f[:, 1:] += fs
        largest = f.max(1)
        if largest.max() > 1e100:  # only ratios matter: scale all three alike
            log_scale += np.log(largest)
            f /= largest[:, None]
            d /= largest[:, None, None]
            h /= largest[:, None, None, None]
    at = np.arange(n_groups)
    f, d, h = f[at, k], d[at, k], h[at, k]
    if not (f > 0).all():
        raise FitError("did not converge: the likelihood left the range of floating point")
    mean = d / f[:, None]
    information = (h / f[:, None, None] - mean[:, :, None] * mean[:, None, :]).sum(0)
    return float((events @ beta - np.log(f) - log_scale).sum()), events - mean, information


def maximise(
    x: np.ndarray, present: np.ndarray, events: np.ndarray, k: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton with step halving; returns coefficients, scores (G, p), information (p, p)."""
    beta = np.zeros(x.shape[2])
    value, scores, information = likelihood(beta, x, present, events, k)
    for _ in range(MAX_ITERATIONS):
        try:
            step = np.linalg.solve(information, scores.sum(0))
        except np.linalg.LinAlgError as error:
            raise FitError("did not converge: singular information matrix") from error
        if float(step @ scores.sum(0)) < TOLERANCE:
            return beta, scores, information
        for _ in range(30):
            trial = likelihood(beta + step, x, present, events, k)
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
    dummies = sparse.csr_matrix((np.ones(len(group)), (np.arange(len(group)), group)))
    require_overlap(design.y[rows], within, dummies)
    beta, scores, information = maximise(*_pad(design, keep))
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
