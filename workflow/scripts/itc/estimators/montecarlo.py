"""Seeded nested-permutation Monte Carlo for votes that have no closed form.

Replicate r of a problem is one random order of its N draws; budget k sees the first k of it, so one
order serves every budget. The order depends on (seed, problem, r) alone: all strategies and models
see the same orders (common random numbers), and adding a problem changes no other. Replicates are
added in blocks until the standard error of the mean over problems is below the target.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numba
import numpy as np

TARGET_SE = 0.001  # 0.1 points on the mean over problems
BLOCK = 64
MAX_REPLICATES = 1 << 14


@dataclass(frozen=True)
class MonteCarlo:
    """``mean`` and ``se`` float [P, B] of the credit, ``extra`` means of further outputs [P, B]."""

    mean: np.ndarray
    se: np.ndarray
    replicates: int
    upper: np.ndarray
    extra: dict[str, np.ndarray] = field(default_factory=dict)


def problem_seeds(problem_ids: Sequence[str], seed: int) -> np.ndarray:
    """One uint64 per problem from its name and ``seed``; independent of the other problems."""
    digests = (
        hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest() for name in problem_ids
    )
    return np.array([int.from_bytes(d, "little") for d in digests], dtype=np.uint64)


@numba.njit(cache=True, inline="always")
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


@numba.njit(cache=True, inline="always")
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
def award(scores, credit, upper):
    """(credit, upper credit) of the class of highest positive score, ties shared evenly."""
    best, total, total_upper, n_best = 0.0, 0.0, 0.0, 0
    for x in range(scores.size):
        if scores[x] > best * (1 + 1e-12):
            best, total, total_upper, n_best = scores[x], credit[x], upper[x], 1
        elif n_best > 0 and scores[x] >= best * (1 - 1e-12):
            total += credit[x]
            total_upper += upper[x]
            n_best += 1
    if n_best == 0:
        return 0.0, 0.0
    return total / n_best, total_upper / n_best


Kernel = Callable[[int, int, np.ndarray, np.ndarray, dict[str, np.ndarray]], None]


def run(
    kernel: Kernel,
    shape: tuple[int, int],
    extra: Sequence[str] = (),
    target_se: float = TARGET_SE,
    max_replicates: int = MAX_REPLICATES,
) -> MonteCarlo:
    """Call ``kernel(first, last, sums, squares, extras)`` on blocks of replicates until precise.

    The kernel adds credit to ``sums[0]``, its square to ``squares``, the upper credit to
    ``sums[1]`` and other outputs to ``extras[name]``, all [P, B] = ``shape``. Stops when for every
    budget sqrt(sum of per-problem variances of the mean) / P is at most ``target_se``.
    """
    sums, squares = np.zeros((2, *shape)), np.zeros(shape)
    extras = {name: np.zeros(shape) for name in extra}
    done, wanted = 0, BLOCK
    while True:
        kernel(done, wanted, sums, squares, extras)
        done = wanted
        mean = sums[0] / done
        variance = np.maximum(squares / done - mean**2, 0.0) * done / (done - 1)
        se = np.sqrt(variance / done)
        mean_se = np.sqrt((se**2).sum(0)) / max(shape[0], 1)
        ratio = float((mean_se / target_se).max(initial=0.0)) ** 2
        if ratio <= 1.0 or done >= max_replicates:
            break
        wanted = min(max_replicates, -(-int(done * ratio * 1.1) // BLOCK) * BLOCK)
        wanted = max(wanted, done + BLOCK) if wanted < max_replicates else max_replicates
    return MonteCarlo(
        mean, se, done, sums[1] / done, {name: total / done for name, total in extras.items()}
    )
