"""Best of n by the model's own likelihood of the response."""

from __future__ import annotations

import numpy as np

from itc.strategies import _picks
from itc.strategies._base import Estimate, Pool

TITLE = "Best of n, log-likelihood"
DESCRIPTION = "The answered response of n with the highest mean token log-probability."
CITATION = "Wang et al. 2022, arXiv 2203.11171 (normalised probability)"
PROCEDURE = "sample"
NEEDS = ("cumulative_logprob", "n_output_tokens")
EXACT = True
UPPER_BOUND = False


def evaluate(pool: Pool, budgets: list[int], per_token: bool = True) -> Estimate:
    """``per_token``: log-likelihood divided by the number of tokens, else the sum."""
    score = pool.values("cumulative_logprob")
    if per_token:
        score = score / np.maximum(pool.values("n_output_tokens"), 1)
    return _picks.best(pool, score, budgets)
