"""Order statistics of k of N draws: picks by a score, expected minima and maxima, early halts."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from itc.estimators._checks import DrawsError, binomials, check_budgets, check_rectangle


def order_weights(n: int, budgets: Sequence[int], m: int | Sequence[int] = 1) -> np.ndarray:
    """P(the i-th smallest of N is the m-th smallest of a k-subset), float [B, N].

    C(i, m - 1) C(N - 1 - i, k - m) / C(N, k) for i from 0. ``m`` may differ per budget; a row sums
    to 1 where m <= k and is zero where the subset has fewer than m draws.
    """
    ks, c = check_budgets(budgets, n), binomials(n)
    i = np.arange(n)
    weights = np.zeros((len(ks), n))
    for row, (k, rank) in enumerate(zip(ks, np.broadcast_to(m, ks.shape), strict=True)):
        if rank < 1:
            raise DrawsError(f"m: {rank}, allowed 1 or more")
        if rank <= k:
            weights[row] = c[i, rank - 1] * c[n - 1 - i, k - rank] / c[n, k]
    return weights


def expected_order_statistic(
    values: np.ndarray, budgets: Sequence[int], m: int | Sequence[int] = 1
) -> np.ndarray:
    """Expected m-th smallest of k of the N ``values`` [P, N], float [P, B], in their unit."""
    array = np.sort(check_rectangle(values, "values"), axis=1)
    result: np.ndarray = array @ order_weights(array.shape[1], budgets, m).T
    return result


def expected_maximum(values: np.ndarray, budgets: Sequence[int]) -> np.ndarray:
    """Expected maximum of k of the N ``values`` [P, N], float [P, B]."""
    return expected_order_statistic(values, budgets, list(budgets))


def tie_means(sorted_scores: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``values`` [P, N] replaced by their mean within each run of equal ``sorted_scores`` [P, N].

    Sharing a tied pick evenly among tied draws is the same as giving every tied draw the mean.
    """
    change = np.ones(sorted_scores.shape, dtype=bool)
    change[:, 1:] = sorted_scores[:, 1:] != sorted_scores[:, :-1]
    group = np.cumsum(change.ravel()) - 1
    means = np.bincount(group, weights=np.asarray(values, float).ravel()) / np.bincount(group)
    result: np.ndarray = means[group].reshape(sorted_scores.shape)
    return result


def expected_pick(
    scores: np.ndarray, values: np.ndarray, budgets: Sequence[int], valid: np.ndarray | None = None
) -> np.ndarray:
    """Expected ``values`` of the draw of highest ``scores`` among k of N, float [P, B].

    ``scores``, ``values`` [P, N]. Draws outside ``valid`` (bool [P, N]) are taken only where a
    subset holds no valid draw. Ties of score are shared evenly (expectation of a fair coin).
    """
    values = check_rectangle(values, "values")
    ranked = np.asarray(scores, dtype=np.float64)
    if valid is not None:
        ranked = np.where(valid, ranked, -np.inf)
    ranked = check_rectangle(ranked, "scores")
    order = np.argsort(-ranked, axis=1, kind="stable")
    best_first = np.take_along_axis(ranked, order, 1)
    means = tie_means(best_first, np.take_along_axis(values, order, 1))
    result: np.ndarray = means @ order_weights(values.shape[1], budgets).T
    return result


@numba.njit(cache=True)
def _halt(
    good: np.ndarray,
    bad: np.ndarray,
    ks: np.ndarray,
    m: int,
    c: np.ndarray,
    spent: np.ndarray,
    path: np.ndarray,
) -> None:
    """Fill ``spent`` and ``path`` [B] for one problem; ``good`` (finishing), ``bad`` sorted."""
    a, z = good.size, bad.size
    n = a + z
    for b in range(ks.size):
        k = ks[b]
        whole = c[n, k]
        shorter, bad_shorter, below = 0.0, 0.0, 0
        for i in range(a):  # chain i is the m-th to finish
            while below < z and bad[below] <= good[i]:
                bad_shorter += bad[below]
                below += 1
            if k >= m and i >= m - 1:
                weight = c[i, m - 1] * c[n - 1 - i, k - m] / whole
                total = good[i]
                if i > 0:
                    total += (m - 1) * shorter / i
                if n - 1 - i > 0:
                    rest = (a - 1 - i + z - below) * good[i] + bad_shorter
                    total += (k - m) * rest / (n - 1 - i)
                spent[b] += weight * total
                path[b] += weight * good[i]
            shorter += good[i]
        for j in range(min(m, k + 1)):  # too few finishing chains: everything runs to its end
            if j > a or k - j > z:
                continue
            chance = c[a, j] * c[z, k - j] / whole
            if j > 0:
                spent[b] += chance * j * good.mean()
            if k > j:
                spent[b] += chance * (k - j) * bad.mean()
            x, y, before = 0, 0, 0.0
            while x < a or y < z:  # longest chain, by walking the merged lengths upwards
                longest = bad[y] if x >= a or (y < z and bad[y] <= good[x]) else good[x]
                while x < a and good[x] <= longest:
                    x += 1
                while y < z and bad[y] <= longest:
                    y += 1
                at_most = c[x, j] * c[y, k - j]
                path[b] += longest * (at_most - before) / whole
                before = at_most


def expected_halt_tokens(
    tokens: np.ndarray, finishes: np.ndarray, budgets: Sequence[int], m: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens of k parallel chains stopped when m have finished: (all chains, critical path).

    ``tokens`` [P, N] lengths, ``finishes`` bool [P, N] chains whose end counts (a chain cut at the
    cap, or without an answer, does not stop the clock); both results float [P, B]. Exact: given
    that finishing chain v is the m-th, m - 1 chains are uniform among the shorter finishing ones
    and k - m uniform among the rest, each of which has spent min(length, length of v). Where a
    subset has fewer than m finishing chains all run to their end. (arXiv 2505.17813, 2505.18149)
    """
    tokens = check_rectangle(tokens, "tokens")
    ks, c = check_budgets(budgets, tokens.shape[1]), binomials(tokens.shape[1])
    if m < 1:
        raise DrawsError(f"m: {m}, allowed 1 or more")
    finishes = np.asarray(finishes, dtype=bool)
    spent, path = np.zeros((len(tokens), len(ks))), np.zeros((len(tokens), len(ks)))
    for p, (row, ends) in enumerate(zip(tokens, finishes, strict=True)):
        _halt(np.sort(row[ends]), np.sort(row[~ends]), ks, m, c, spent[p], path[p])
    return spent, path
