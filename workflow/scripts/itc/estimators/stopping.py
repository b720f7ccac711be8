"""Monte Carlo of sequential sampling with a stopping rule; common random orders (montecarlo.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import special

from itc.estimators import _kernels
from itc.estimators import montecarlo as mc
from itc.estimators._checks import check_budgets, check_rectangle
from itc.estimators.majority import both_majorities

EXTRA = ("draws", "path", "tokens")
NOTHING: Mapping[str, np.ndarray] = MappingProxyType({})
NODES = 24  # Gauss-Legendre nodes of the Dirichlet rule; error below 1e-4 at counts up to 256


@lru_cache(maxsize=8)
def beta_confidence(n: int) -> np.ndarray:
    """P(the leader stays ahead of the runner-up) for vote counts [a, b], float [n + 1, n + 1].

    1 - I_0.5(a + 1, b + 1), the closed form of the Beta stopping rule of Adaptive-Consistency
    (arXiv 2305.11860).
    """
    a = np.arange(n + 1)
    result: np.ndarray = special.betainc(a[None, :] + 1.0, a[:, None] + 1.0, 0.5)
    return result


@lru_cache(maxsize=4)
def gamma_tables(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Quadrature weights [Q] and P(Gamma(b + 1) < x_q(a)), float [n + 1, Q, n + 1] over (a, q, b).

    x_q(a) are quantiles of Gamma(a + 1). A Dirichlet share is a normalised Gamma, so
    P(class with a votes is the most likely one) = E over its Gamma of the product over the other
    classes of their Gamma distribution functions: one sum over q.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    shapes = np.arange(n + 1) + 1.0
    x = special.gammaincinv(shapes[:, None], (nodes[None, :] + 1) / 2)
    return weights / 2, special.gammainc(shapes[None, None, :], x[:, :, None])


def _run(
    kernel: Callable[..., None],
    codes: np.ndarray,
    tokens: np.ndarray,
    also: Mapping[str, np.ndarray],
    credit: np.ndarray,
    upper: np.ndarray,
    budgets: Sequence[int],
    seeds: np.ndarray,
    arguments: tuple[Any, ...],
    precision: Mapping[str, Any],
    more: tuple[str, ...] = (),
) -> mc.MonteCarlo:
    ks = check_budgets(budgets, codes.shape[1])
    amounts = np.ascontiguousarray([tokens, *also.values()], dtype=np.float64)
    names = (*EXTRA, *also, *more)
    codes = np.ascontiguousarray(codes, dtype=np.int64)
    stacked = np.zeros((len(names), len(codes), len(ks)))

    def block(
        first: int,
        last: int,
        sums: np.ndarray,
        squares: np.ndarray,
        extras: dict[str, np.ndarray],
    ) -> None:
        kernel(
            *(codes, amounts, credit, upper, ks, seeds),
            *(first, last, sums, squares, stacked, *arguments),
        )
        for name, total in zip(names, stacked, strict=True):
            extras[name][:] = total

    known = both_majorities(codes, credit, upper, ks.tolist())
    return mc.run(block, known, extra=names, **precision)


def adaptive_vote(
    codes: np.ndarray,
    tokens: np.ndarray,
    credit: np.ndarray,
    upper: np.ndarray,
    budgets: Sequence[int],
    seeds: np.ndarray,
    rule: str = "beta",
    confidence: float = 0.95,
    also: Mapping[str, np.ndarray] = NOTHING,
    **precision: float,
) -> mc.MonteCarlo:
    """Draw until the leading answer is safe, at most k draws, then take the majority.

    ``rule`` ``beta``: leader against runner-up; ``dirichlet``: leader against all answers seen.
    ``extra`` of the result holds expected ``draws``, ``tokens`` and ``path`` (= tokens: each draw
    waits for the decision before it), float [P, B], and the expected sum of each [P, N] of ``also``
    over the draws made. Blank draws cost but cast no vote.
    """
    check_rectangle(np.asarray(codes, dtype=float), "codes")
    top = int(max(check_budgets(budgets, codes.shape[1])))
    quad, below = (np.zeros(0), np.zeros((1, 1, 1))) if rule == "beta" else gamma_tables(top)
    if rule not in ("beta", "dirichlet"):
        raise ValueError(f"rule: {rule!r}, allowed beta, dirichlet")
    arguments = (beta_confidence(top), quad, below, confidence)
    return _run(
        _kernels.adaptive, codes, tokens, also, credit, upper, budgets, seeds, arguments, precision
    )


def window_vote(
    codes: np.ndarray,
    tokens: np.ndarray,
    credit: np.ndarray,
    upper: np.ndarray,
    budgets: Sequence[int],
    seeds: np.ndarray,
    window: int = 4,
    also: Mapping[str, np.ndarray] = NOTHING,
    **precision: float,
) -> mc.MonteCarlo:
    """Draw windows of ``window`` parallel draws until one agrees, at most k draws; then majority.

    A window of one answer, none blank, stops (arXiv 2401.10480). ``extra``: ``draws``, ``tokens``,
    ``path`` (sum over windows of the longest draw), float [P, B], and sums of ``also``.
    """
    if window < 1:
        raise ValueError(f"window: {window}, allowed 1 or more")
    return _run(
        _kernels.windows, codes, tokens, also, credit, upper, budgets, seeds, (window,), precision
    )


def confident_vote(
    codes: np.ndarray,
    tokens: np.ndarray,
    credit: np.ndarray,
    upper: np.ndarray,
    budgets: Sequence[int],
    seeds: np.ndarray,
    confidence: np.ndarray,
    warmup: int = 16,
    keep_share: float = 0.1,
    consensus: float = 0.95,
    also: Mapping[str, np.ndarray] = NOTHING,
    **precision: float,
) -> mc.MonteCarlo:
    """DeepConf, online (arXiv 2508.15260): ``warmup`` parallel draws set a bar, later ones meet it.

    The bar is the percentile of the warm-up's ``confidence`` [P, N] (of the lowest group) that
    ``keep_share`` of them reach; draws below it, which are stopped while they run, cast no vote,
    the others vote with their confidence. After the warm-up draws are made one by one until an
    answer has ``consensus`` of all weight (above 1: never), at most k. A k below ``warmup`` is a
    shorter warm-up. ``extra`` as in adaptive_vote, where ``tokens`` and ``path`` count stopped
    draws to their recorded end, hence at most that; ``whole``: tokens of draws not stopped, hence
    at least that.
    """
    if warmup < 1 or not 0.0 < keep_share <= 1.0 or consensus <= 0.0:
        raise ValueError(
            f"warmup {warmup}, keep_share {keep_share}, consensus {consensus}: allowed 1 or more, "
            "above 0 up to 1, above 0"
        )
    confidence = check_rectangle(confidence, "confidence")
    arguments = (confidence, warmup, 1.0 - keep_share, consensus)
    return _run(
        *(_kernels.confident, codes, tokens, also, credit, upper, budgets, seeds),
        *(arguments, precision, ("whole",)),
    )
