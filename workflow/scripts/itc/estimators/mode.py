"""Whether a model's commonest answer is right: what a vote of ever more draws would return."""

from __future__ import annotations

import numpy as np
from scipy import special

NODES = 48  # Gauss-Legendre nodes; error below 1e-5 at counts up to 4,096
SETTLED = 0.975  # chance from which a problem counts as settled


def right_mode(counts: np.ndarray, credit: np.ndarray) -> np.ndarray:
    """Chance that the most probable answer is right, given the draws, float [P].

    ``counts`` int [P, C] draws per answer class, ``credit`` float [P, C] share of a class that is
    right (0 or 1 where the grader is consistent). The answer probabilities have a Dirichlet
    posterior with one draw added to each class seen, as in Adaptive-Consistency (arXiv 2305.11860):
    a share is a normalised Gamma, so the chance that class c is the most probable one is the mean
    over its Gamma of the product of the others' distribution functions. One answer not yet drawn
    takes part, with no draw: a right one where no right answer was seen, else a wrong one, so that
    a few equal draws settle nothing. A problem without any answer gives 0: a vote has nothing to
    return.
    """
    counts, credit = np.asarray(counts), np.asarray(credit, dtype=float)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    quantiles, weights = (nodes + 1) / 2, weights / 2
    result = np.zeros(len(counts))
    for p, (row, right) in enumerate(zip(counts, credit, strict=True)):
        seen = row > 0
        if not seen.any():
            continue
        shapes = np.append(row[seen], 0) + 1.0
        worth = np.append(right[seen], 0.0 if right[seen].any() else 1.0)
        kinds, kind = np.unique(shapes, return_inverse=True)
        x = special.gammaincinv(kinds[:, None], quantiles[None, :])
        log_below = np.log(np.maximum(special.gammainc(kinds[:, None, None], x[None]), 1e-300))
        many = np.bincount(kind)
        total = np.tensordot(many, log_below, axes=(0, 0))  # [kinds, nodes], its own class included
        own = log_below[np.arange(len(kinds)), np.arange(len(kinds))]
        chance = (np.exp(total - own) * weights).sum(axis=1)[kind]
        result[p] = float(chance @ worth / chance.sum())
    return result
