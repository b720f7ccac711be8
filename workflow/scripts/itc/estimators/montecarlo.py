"""Seeded nested-permutation Monte Carlo for votes that have no closed form.

Replicate r of a problem is one random order of its N draws; budget k sees the first k of it, so one
order serves every budget. The order depends on (seed, problem, r) alone: all strategies and models
see the same orders (common random numbers), and adding a problem changes no other. Replicates are
added in blocks until the standard error of the mean over problems is below the target.

What is averaged is the difference from the plain majority vote of the same draws, whose expectation
is known exactly and is added at the end (a control variate): one draw is then exact, and a vote
that mostly agrees with the majority needs few replicates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

TARGET_SE = 0.001  # 0.1 points on the mean over problems
BLOCK = 64
MAX_REPLICATES = 1 << 14
BATCHES = 8  # of each block, whose spread gives the error of further outputs


@dataclass(frozen=True)
class MonteCarlo:
    """``mean``, ``se``, ``upper`` (undecided right) and ``extra`` outputs, float [P, B] each.

    ``extra_se``: standard errors of the outputs, by their means over batches of replicates.
    """

    mean: np.ndarray
    se: np.ndarray
    replicates: int
    upper: np.ndarray
    extra: dict[str, np.ndarray] = field(default_factory=dict)
    extra_se: dict[str, np.ndarray] = field(default_factory=dict)


def problem_seeds(problem_ids: Iterable[str], seed: int) -> np.ndarray:
    """uint64 [P], of each problem's name and ``seed``; independent of the other problems."""
    digests = (
        hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest() for name in problem_ids
    )
    return np.array([int.from_bytes(d, "little") for d in digests], dtype=np.uint64)


Kernel = Callable[..., None]


def run(
    kernel: Kernel,
    known: Sequence[np.ndarray],
    extra: Sequence[str] = (),
    target_se: float = TARGET_SE,
    max_replicates: int = MAX_REPLICATES,
    replicates: int | None = None,
) -> MonteCarlo:
    """Call ``kernel(first, last, sums, squares[, extras])`` on blocks of replicates until precise.

    ``known``: exact majority votes [P, B], undecided answers wrong and right. The kernel adds
    differences from them to ``sums[0]`` and ``sums[1]``, squares of the first to ``squares``, other
    outputs to ``extras[name]``, all [P, B]. Stops when for every budget the standard error of the
    mean over problems, sqrt(sum of per-problem squared errors) / P, is at most ``target_se``, or
    after exactly ``replicates``.
    """
    shape = known[0].shape
    sums, squares = np.zeros((2, *shape)), np.zeros(shape)
    extras = {name: np.zeros(shape) for name in extra}
    batch_squares, batches = {name: np.zeros(shape) for name in extra}, 0
    done, wanted = 0, replicates or BLOCK
    while True:
        if not extra:
            kernel(done, wanted, sums, squares)
        edges = np.unique(np.linspace(done, wanted, BATCHES + 1).astype(int)) if extra else [done]
        for first, last in pairwise(edges):
            before = {name: total.copy() for name, total in extras.items()}
            kernel(int(first), int(last), sums, squares, extras)
            for name, total in extras.items():
                batch_squares[name] += (total - before[name]) ** 2 / (last - first)
            batches += 1
        done = wanted
        difference = sums[0] / done
        variance = np.maximum(squares / done - difference**2, 0.0) * done / max(done - 1, 1)
        se = np.sqrt(variance / done)
        mean_se = np.sqrt((se**2).sum(0)) / max(shape[0], 1)
        ratio = float((mean_se / target_se).max(initial=0.0)) ** 2
        if replicates or ratio <= 1.0 or done >= max_replicates:
            break
        more = -(-int(done * ratio * 1.1) // BLOCK) * BLOCK
        wanted = min(max_replicates, max(more, done + BLOCK))
    return MonteCarlo(
        np.clip(known[0] + difference, 0.0, 1.0),
        se,
        done,
        np.clip(known[1] + sums[1] / done, 0.0, 1.0),
        {name: total / done for name, total in extras.items()},
        {
            name: np.sqrt(
                np.maximum(batch_squares[name] - total**2 / done, 0.0) / max(batches - 1, 1) / done
            )
            for name, total in extras.items()
        },
    )
