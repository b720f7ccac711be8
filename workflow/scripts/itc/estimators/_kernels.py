"""Compiled kernels of the Monte Carlo votes: random orders, awards, and one loop per kind of vote.

All in one file because numba's cache knows a function by its own file only: a helper in another
file could change under a cached caller. Every kernel adds, for the replicates first..last - 1 of
every problem p and for every budget ks[b], the difference from the plain majority (see record).
Arrays: codes int64 [P, N]; credit, upper float [P, C]; seeds uint64 [P]; ks int64 [B] ascending;
sums float [2, P, B]; squares float [P, B].
"""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def next_random(state):
    """Advance a splitmix64 ``state`` (uint64 [1]) and return 64 random bits."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=True)
def start_order(state, order, problem_seed, replicate):
    """Reset ``order`` to 0..N-1 and ``state`` to that of one (problem, replicate)."""
    state[0] = problem_seed ^ (np.uint64(replicate + 1) * np.uint64(0xD1342543DE82EF95))
    next_random(state)
    for i in range(order.size):
        order[i] = i


@numba.njit(cache=True)
def draw_next(state, order, position):
    """Fisher-Yates: put a random remaining draw at ``position`` and return it."""
    bits = next_random(state) >> np.uint64(32)
    left = np.uint64(order.size - position)
    other = position + np.int64((bits * left) >> np.uint64(32))
    chosen = order[other]
    order[other] = order[position]
    order[position] = chosen
    return chosen


@numba.njit(cache=True)
def award(scores, seen, credit, upper):
    """(credit, upper credit) of the seen class of highest score, ties shared evenly.

    Scores closer than a relative 1e-12 are tied: sums of equal weights in another order are equal.
    """
    best, total, total_upper, n_best = 0.0, 0.0, 0.0, 0
    for x in range(scores.size):
        if seen[x] == 0:
            continue
        slack = 1e-12 * abs(best)
        if n_best == 0 or scores[x] > best + slack:
            best, total, total_upper, n_best = scores[x], credit[x], upper[x], 1
        elif scores[x] >= best - slack:
            total += credit[x]
            total_upper += upper[x]
            n_best += 1
    if n_best == 0:
        return 0.0, 0.0
    return total / n_best, total_upper / n_best


@numba.njit(cache=True)
def record(scores, seen, counts, credit, upper, sums, squares, p, b):
    """Add one replicate's credit, less that of the majority of ``counts``, to cell [p, b]."""
    low, high = award(scores, seen, credit, upper)
    base_low, base_high = award(counts, counts, credit, upper)
    sums[0, p, b] += low - base_low
    sums[1, p, b] += high - base_high
    squares[p, b] += (low - base_low) ** 2


@numba.njit(cache=True)
def weighted(codes, weights, credit, upper, seeds, ks, first, last, sums, squares):
    """Votes weighted per draw: ``weights`` float [P, N]."""
    n_problems, n = codes.shape
    state, order = np.zeros(1, np.uint64), np.empty(n, np.int64)
    scores, seen = np.empty(credit.shape[1]), np.empty(credit.shape[1], np.int64)
    for p in range(n_problems):
        for replicate in range(first, last):
            start_order(state, order, seeds[p], replicate)
            scores[:] = 0.0
            seen[:] = 0
            b = 0
            for j in range(ks[-1]):
                i = draw_next(state, order, j)
                x = codes[p, i]
                if x >= 0:
                    scores[x] += weights[p, i]
                    seen[x] += 1
                if j + 1 == ks[b]:
                    record(scores, seen, seen, credit[p], upper[p], sums, squares, p, b)
                    b += 1


@numba.njit(cache=True)
def ranked(
    codes, weights, by_rank, keep, power, credit, upper, seeds, ks, first, last, sums, squares
):
    """Votes of the best ``keep``[answered] draws of a ranking, weighted by ``power``[rank]."""
    n_problems, n = codes.shape
    state, order = np.zeros(1, np.uint64), np.empty(n, np.int64)
    scores, seen = np.empty(credit.shape[1]), np.empty(credit.shape[1], np.int64)
    place, member = np.empty(n, np.int64), np.empty(n, np.bool_)
    counts = np.empty(credit.shape[1], np.int64)
    for p in range(n_problems):
        for r in range(n):
            place[by_rank[p, r]] = r
        for replicate in range(first, last):
            start_order(state, order, seeds[p], replicate)
            member[:] = False
            counts[:] = 0
            b, answered = 0, 0
            for j in range(ks[-1]):
                i = draw_next(state, order, j)
                if codes[p, i] >= 0:
                    member[place[i]] = True
                    counts[codes[p, i]] += 1
                    answered += 1
                if j + 1 != ks[b]:
                    continue
                scores[:] = 0.0
                seen[:] = 0
                rank = 0
                for r in range(n):
                    if rank >= keep[answered]:
                        break
                    if member[r]:
                        x = codes[p, by_rank[p, r]]
                        scores[x] += weights[p, by_rank[p, r]] * power[answered - rank]
                        seen[x] += 1
                        rank += 1
                record(scores, seen, counts, credit[p], upper[p], sums, squares, p, b)
                b += 1


@numba.njit(cache=True)
def by_mean_length(codes, lengths, credit, upper, seeds, ks, first, last, sums, squares):
    """Score count / log(mean length) of a class; ``lengths`` float [P, N]."""
    n_problems, n = codes.shape
    state, order = np.zeros(1, np.uint64), np.empty(n, np.int64)
    scores, total = np.empty(credit.shape[1]), np.empty(credit.shape[1])
    seen = np.empty(credit.shape[1], np.int64)
    for p in range(n_problems):
        for replicate in range(first, last):
            start_order(state, order, seeds[p], replicate)
            total[:] = 0.0
            seen[:] = 0
            b = 0
            for j in range(ks[-1]):
                i = draw_next(state, order, j)
                x = codes[p, i]
                if x >= 0:
                    total[x] += lengths[p, i]
                    seen[x] += 1
                if j + 1 == ks[b]:
                    for c in range(seen.size):
                        if seen[c] > 0:
                            scores[c] = seen[c] / np.log(max(total[c] / seen[c], 2.0))
                    record(scores, seen, seen, credit[p], upper[p], sums, squares, p, b)
                    b += 1


@numba.njit(cache=True)
def adaptive(
    codes, amounts, credit, upper, ks, seeds, first, last, sums, squares, extra, beta, quad, below,
    confidence,
):  # fmt: skip
    """Stop when the leader is safe; ``amounts`` float [A, P, N] are spent, tokens first.

    ``extra`` [2 + A, P, B] gets draws, tokens on the critical path and each amount spent.
    """
    n_problems, n = codes.shape
    state, order, spent = np.zeros(1, np.uint64), np.empty(n, np.int64), np.zeros(len(amounts))
    counts, every = np.empty(credit.shape[1], np.int64), np.empty(credit.shape[1], np.int64)
    for p in range(n_problems):
        for replicate in range(first, last):
            start_order(state, order, seeds[p], replicate)
            counts[:] = 0
            every[:] = 0  # votes of the fixed vote, which goes on behind the stop
            spent[:] = 0.0
            b, used, top, second = 0, 0, 0, 0
            stopped = False
            for j in range(ks[-1]):
                i = draw_next(state, order, j)
                if codes[p, i] >= 0:
                    every[codes[p, i]] += 1
                if not stopped:
                    used += 1
                    for a in range(len(amounts)):
                        spent[a] += amounts[a, p, i]
                    if codes[p, i] >= 0:
                        counts[codes[p, i]] += 1
                        top, second = 0, 0
                        for x in range(counts.size):
                            if counts[x] > top:
                                top, second = counts[x], top
                            elif counts[x] > second:
                                second = counts[x]
                        stopped = beta[top, second] >= confidence
                        if stopped and quad.size > 0:  # Dirichlet implies Beta, so Beta prunes
                            chance, leader = 0.0, True
                            for q in range(quad.size):
                                term = quad[q]
                                leader = True
                                for x in range(counts.size):
                                    if counts[x] == top and leader:
                                        leader = False
                                    elif counts[x] > 0:
                                        term *= below[top, q, counts[x]]
                                chance += term
                            stopped = chance >= confidence
                if j + 1 == ks[b]:
                    record(counts, counts, every, credit[p], upper[p], sums, squares, p, b)
                    extra[0, p, b] += used
                    extra[1, p, b] += spent[0]
                    for a in range(len(amounts)):
                        extra[2 + a, p, b] += spent[a]
                    b += 1


@numba.njit(cache=True)
def windows(codes, amounts, credit, upper, ks, seeds, first, last, sums, squares, extra, window):
    """Stop when a window of draws agrees; ``extra`` as in adaptive."""
    n_problems, n = codes.shape
    state, order, spent = np.zeros(1, np.uint64), np.empty(n, np.int64), np.zeros(len(amounts))
    counts, every = np.empty(credit.shape[1], np.int64), np.empty(credit.shape[1], np.int64)
    for p in range(n_problems):
        for replicate in range(first, last):
            start_order(state, order, seeds[p], replicate)
            counts[:] = 0
            every[:] = 0  # votes of the fixed vote, which goes on behind the stop
            b, used, in_window, only = 0, 0, 0, -1
            spent[:] = 0.0
            path, longest = 0.0, 0.0
            stopped, agree = False, True
            for j in range(ks[-1]):
                i = draw_next(state, order, j)
                x = codes[p, i]
                if x >= 0:
                    every[x] += 1
                if not stopped:
                    used += 1
                    for a in range(len(amounts)):
                        spent[a] += amounts[a, p, i]
                    longest = max(longest, amounts[0, p, i])
                    if x >= 0:
                        counts[x] += 1
                    if in_window == 0:
                        only, agree = x, x >= 0
                    elif x != only:
                        agree = False
                    in_window += 1
                    if in_window == window:
                        stopped = agree
                        path += longest
                        in_window, longest = 0, 0.0
                if j + 1 == ks[b]:
                    record(counts, counts, every, credit[p], upper[p], sums, squares, p, b)
                    extra[0, p, b] += used
                    extra[1, p, b] += path + longest
                    for a in range(len(amounts)):
                        extra[2 + a, p, b] += spent[a]
                    b += 1


@numba.njit(cache=True)
def percentile(ordered, size, share):
    """Value below which ``share`` of the first ``size`` of ``ordered`` lie, linear between two."""
    place = share * (size - 1)
    below = min(int(place), size - 1)
    above = min(below + 1, size - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


@numba.njit(cache=True)
def confident(
    codes, amounts, credit, upper, ks, seeds, first, last, sums, squares, extra, confidence, warmup,
    share, consensus,
):  # fmt: skip
    """Warm-up draws set a bar; draws below it cast no vote; ``extra`` as in adaptive and one row
    more at the end, tokens of draws that are not below the bar (they run to their end).
    """
    n_problems, n = codes.shape
    state, order, spent = np.zeros(1, np.uint64), np.empty(n, np.int64), np.zeros(len(amounts))
    counts, every = np.empty(credit.shape[1], np.int64), np.empty(credit.shape[1], np.int64)
    scores, ordered = np.empty(credit.shape[1]), np.empty(min(warmup, n))
    for p in range(n_problems):
        for replicate in range(first, last):
            start_order(state, order, seeds[p], replicate)
            every[:] = 0  # votes of the fixed vote, which goes on behind the stop
            spent[:] = 0.0
            b, used, path, whole, bar, stopped = 0, 0, 0.0, 0.0, 0.0, False
            for j in range(ks[-1]):
                i = draw_next(state, order, j)
                if codes[p, i] >= 0:
                    every[codes[p, i]] += 1
                tokens, changed = amounts[0, p, i], False  # changed: the votes
                if not stopped:
                    used += 1
                    for a in range(len(amounts)):
                        spent[a] += amounts[a, p, i]
                if j < warmup:
                    path = max(path, tokens)
                    whole += tokens
                    at = j
                    while at > 0 and ordered[at - 1] > confidence[p, i]:
                        ordered[at] = ordered[at - 1]
                        at -= 1
                    ordered[at] = confidence[p, i]
                    if j + 1 == ks[b] or j + 1 == warmup:
                        scores[:] = 0.0
                        counts[:] = 0
                        changed = True
                        bar = percentile(ordered, j + 1, share)
                        for d in order[: j + 1]:
                            if codes[p, d] >= 0 and confidence[p, d] >= bar:
                                scores[codes[p, d]] += confidence[p, d]
                                counts[codes[p, d]] += 1
                elif not stopped:
                    path += tokens
                    if confidence[p, i] >= bar:
                        whole += tokens
                        if codes[p, i] >= 0:
                            scores[codes[p, i]] += confidence[p, i]
                            counts[codes[p, i]] += 1
                            changed = True
                if changed and j + 1 >= warmup:
                    total = scores.sum()
                    stopped = total > 0 and scores.max() >= consensus * total
                if j + 1 == ks[b]:
                    record(scores, counts, every, credit[p], upper[p], sums, squares, p, b)
                    extra[0, p, b] += used
                    extra[1, p, b] += path
                    for a in range(len(amounts)):
                        extra[2 + a, p, b] += spent[a]
                    extra[2 + len(amounts), p, b] += whole
                    b += 1
