"""Exact vote of the m shortest of k of N chains, m = 1, 2, 3; a tied vote follows the shortest."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from itc.estimators._checks import DrawsError, binomials, check_budgets
from itc.estimators.order import order_weights

MAX_M = 3


@numba.njit(cache=True)
def _after(codes: np.ndarray, lengths: np.ndarray, credit: np.ndarray, out: np.ndarray) -> None:
    """Expected credit ``out`` [3, A] of the vote of 1, 2 or 3 chains whose longest is chain i.

    ``codes`` [A] classes of the answered chains from short to long. The one or two others are
    uniform among the chains before i. A pair that disagrees follows its shorter chain; three that
    all differ too. Chains of equal length finish in any order alike: a chain i stands for a random
    one of its group, the others before it for random others. Over pairs of chains of earlier groups
    run the sums ``agreeing`` (credit of equal classes), ``mixed`` (credit of the shorter of two
    different ones, half of each where equally long) and ``touching[c]`` (its part with class c).
    """
    n_classes = credit.size
    count, touching = np.zeros(n_classes), np.zeros(n_classes)
    own = np.zeros(n_classes)
    earlier, credit_earlier, agreeing, mixed, start = 0, 0.0, 0.0, 0.0, 0
    while start < codes.size:
        end = start
        own[:] = 0.0
        while end < codes.size and lengths[end] == lengths[start]:
            own[codes[end]] += 1.0
            end += 1
        g = float(end - start)
        squares = (own**2).sum()
        credit_own = (own * credit).sum()
        before, equal_pairs, triples = 0.0, 0.0, 0.0
        for c in range(n_classes):
            n = own[c]
            if n == 0:
                continue
            # two earlier chains: c agrees with one or both; else the two agree; else all differ
            with_one = count[c] * (earlier - count[c]) * credit[c]
            before += n * (agreeing + with_one + mixed - touching[c])
            equal_pairs += n * (n - 1.0) * credit[c]
            # three of the group: two or more are c; else all differ and c is the first
            rest = g - n
            two = n * (n - 1.0) * (n - 2.0) + 3.0 * n * (n - 1.0) * rest
            triples += credit[c] * (two + n * (rest * rest - (squares - n * n)))
        # one earlier chain, two of the group: they agree, or the earlier chain's answer counts
        across = earlier * equal_pairs + credit_earlier * (g * g - squares)
        for i in range(start, end):
            a = float(i - start)
            out[0, i] = credit_own / g
            if i >= 1:
                out[1, i] = (credit_earlier + a * credit_own / g) / i
            if i >= 2:
                total = before / g
                if a >= 1.0:
                    total += a * across / (g * (g - 1.0))
                if a >= 2.0:
                    total += 0.5 * a * (a - 1.0) * triples / (g * (g - 1.0) * (g - 2.0))
                out[2, i] = total / (0.5 * i * (i - 1))
        for c in range(n_classes):
            n = own[c]
            if n == 0:
                continue
            agreeing += (n * count[c] + 0.5 * n * (n - 1.0)) * credit[c]
            for k in range(n_classes):
                part = n * count[k] * credit[k]  # an earlier chain of k, then one of c
                if k < c:  # one of each from this group
                    part += 0.5 * n * own[k] * (credit[k] + credit[c])
                if k != c and part != 0.0:
                    mixed += part
                    touching[k] += part
                    touching[c] += part
        for c in range(n_classes):
            count[c] += own[c]
        earlier, credit_earlier, start = end, credit_earlier + credit_own, end


def short_m_vote(
    codes: np.ndarray, lengths: np.ndarray, credit: np.ndarray, budgets: Sequence[int], m: int
) -> np.ndarray:
    """Expected credit of the vote of the m shortest answered chains among k of N, float [P, B].

    ``codes`` int [P, N] (-1: no answer, never among the m), ``lengths`` float [P, N], ``credit``
    float [P, C]. A subset with fewer than m answered chains votes with those it has. Chains of
    equal length finish in any order alike, so what they decide is shared.
    """
    if not 1 <= m <= MAX_M:
        raise DrawsError(f"m: {m}, allowed 1..{MAX_M} (exact forms)")
    n_problems, n = codes.shape
    ks = check_budgets(budgets, n)
    weights = [order_weights(n, ks.tolist(), rank) for rank in range(1, m + 1)]
    result = np.zeros((n_problems, len(ks)))
    by_length = np.argsort(lengths, axis=1, kind="stable")
    for p in range(n_problems):
        own, length = codes[p, by_length[p]], lengths[p, by_length[p]]
        answered = np.ascontiguousarray(own[own >= 0], dtype=np.int64)
        length = np.ascontiguousarray(length[own >= 0], dtype=np.float64)
        a = len(answered)
        values = np.zeros((3, a))
        _after(answered, length, credit[p], values)
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
