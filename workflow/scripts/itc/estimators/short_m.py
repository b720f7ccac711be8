"""Exact vote of the m shortest of k of N chains, m = 1, 2, 3, ties to the shortest chain."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from itc.estimators._checks import DrawsError, binomials, check_budgets
from itc.estimators.order import order_weights

MAX_M = 3


@numba.njit(cache=True)
def _after(codes, credit, out):
    """Expected credit ``out`` [3, A] of the vote of 1, 2 or 3 chains whose longest is chain i.

    ``codes`` [A] classes of the answered chains from short to long. The one or two others are
    uniform among the chains before i. A pair that disagrees follows its shorter chain; three that
    all differ too. Sums over pairs j1 < j2 before i are kept per class while i grows:
    ``mixed`` = credit of j1 over pairs of different classes, ``touching[c]`` = its part with c.
    """
    n_classes = credit.size
    count, touching = np.zeros(n_classes), np.zeros(n_classes)
    credit_before, agreeing, mixed = 0.0, 0.0, 0.0
    for i in range(codes.size):
        a = codes[i]
        out[0, i] = credit[a]
        if i >= 1:
            out[1, i] = credit_before / i  # agreement or not, the shorter chain's answer
        if i >= 2:
            pairs = 0.5 * i * (i - 1)
            # one or both others agree with i; else the two agree; else all three differ
            with_one = count[a] * (i - count[a]) * credit[a]
            out[2, i] = (agreeing + with_one + mixed - touching[a]) / pairs
        agreeing += count[a] * credit[a]
        for c in range(n_classes):
            if c != a and count[c] > 0:
                mixed += credit[c] * count[c]
                touching[c] += credit[c] * count[c]
                touching[a] += credit[c] * count[c]
        credit_before += credit[a]
        count[a] += 1


def short_m_vote(
    codes: np.ndarray, lengths: np.ndarray, credit: np.ndarray, budgets: Sequence[int], m: int
) -> np.ndarray:
    """Expected credit of the vote of the m shortest answered chains among k of N, float [P, B].

    ``codes`` int [P, N] (-1: no answer, never among the m), ``lengths`` float [P, N], ``credit``
    float [P, C]. A subset with fewer than m answered chains votes with those it has. Chains of
    equal length keep the order of draws.
    """
    if not 1 <= m <= MAX_M:
        raise DrawsError(f"m: {m}, allowed 1..{MAX_M} (exact forms)")
    n_problems, n = codes.shape
    ks = check_budgets(budgets, n)
    weights = [order_weights(n, ks.tolist(), rank) for rank in range(1, m + 1)]
    result = np.zeros((n_problems, len(ks)))
    by_length = np.argsort(lengths, axis=1, kind="stable")
    for p in range(n_problems):
        own = codes[p, by_length[p]]
        answered = np.ascontiguousarray(own[own >= 0], dtype=np.int64)
        a = len(answered)
        values = np.zeros((3, a))
        _after(answered, credit[p], values)
        result[p] += weights[m - 1][:, :a] @ values[m - 1]
        for fewer in range(1, m):
            result[p] += _exactly(n, a, ks, fewer) @ values[fewer - 1]
    return result


def _exactly(n: int, answered: int, ks: np.ndarray, number: int) -> np.ndarray:
    """P(chain i is the longest of exactly ``number`` answered chains in a k-subset), [B, A].

    C(i, number - 1) C(N - A, k - number) / C(N, k), for i from 0 among the answered chains.
    """
    c = binomials(n)
    i = np.arange(answered)
    result = np.zeros((len(ks), answered))
    for row, k in enumerate(ks):
        if number <= k and k - number <= n - answered:
            result[row] = c[i, number - 1] * c[n - answered, k - number] / c[n, k]
    return result
