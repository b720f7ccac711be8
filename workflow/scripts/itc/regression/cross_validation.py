"""Discrimination of cross-fitted predictions, and its error with what the fits share counted.

Predictions of different folds come from different fits, whose intercepts run against the folds' own
shares of correct responses; so only pairs of one fold are compared. Problems of different folds are
not independent either: each teaches the fits that judge the others. The variance below counts a
problem's part as a question judged and as a question learned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from itc.regression.predict import PENALTY, folds, train

GROUPS = 60  # problems are left out in at most this number of groups
CAUTION = 0.25  # how far the variance goes from unbiased (0) to conservative (1), see `_error`


@dataclass(frozen=True)
class CrossFit:
    """Predictions of responses by fits that never saw their problem, and by fits with less.

    ``log_odds`` (n,); ``fold`` (n,) int; ``group`` (n,) int 0..G-1, a group being problems of one
    fold; ``without`` (n, G): log odds where the fits learned from neither the fold nor the group;
    ``base`` (n,): share of correct responses outside the fold. ``without`` is None where one fit
    made all predictions, as for a dataset held out.
    """

    log_odds: np.ndarray
    fold: np.ndarray
    group: np.ndarray
    without: np.ndarray | None
    base: np.ndarray

    @property
    def probability(self) -> np.ndarray:
        """(n,) predicted probability of being correct."""
        result: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(self.log_odds, -30, 30)))
        return result


def groups_of(fold: np.ndarray, problem: np.ndarray, n_groups: int = GROUPS) -> np.ndarray:
    """Group (n,) of each response: problems of one fold, at most about ``n_groups`` in all.

    ``fold`` (n,) int, ``problem`` (n,) codes 0..P-1.
    """
    first = np.unique(problem, return_index=True)[1]
    of_problem = fold[first]
    group = np.empty(len(first), np.int64)
    used = 0
    kinds = np.unique(of_problem)
    for k in kinds:
        own = np.flatnonzero(of_problem == k)
        parts = max(min(len(own), n_groups // len(kinds)), 1)
        group[own] = used + np.arange(len(own)) % parts
        used += parts
    result: np.ndarray = group[problem]
    return result


def cross_fitted(x: np.ndarray, y: np.ndarray, labels: np.ndarray) -> CrossFit:
    """Cross-fit features (n, p) and outcomes (n,) 0/1 over folds of the problems ``labels`` (n,).

    Fits without a group are one Newton step from the fit with it (exact for a quadratic loss).
    Needs two problems.
    """
    problem = np.unique(np.asarray(labels, dtype=str), return_inverse=True)[1]
    fold = folds(list(labels))
    group = groups_of(fold, problem)
    n_groups = int(group.max()) + 1
    log_odds, base = np.empty(len(y)), np.empty(len(y))
    without = np.empty((len(y), n_groups))
    for k in np.unique(fold):
        inside = fold == k
        fit = train(x[~inside], y[~inside])
        base[inside] = y[~inside].mean()
        log_odds[inside] = fit.log_odds(x[inside])
        z = np.column_stack([np.ones(len(y)), fit.standardised(x)])
        beta = np.concatenate([[fit.intercept], fit.coefficient])
        if not fit.coefficient.any():
            without[inside] = log_odds[inside, None]
            continue
        steps = _steps(z[~inside], y[~inside], group[~inside], beta, n_groups)
        without[inside] = z[inside] @ (beta + steps).T
    return CrossFit(log_odds, fold, group, without, base)


def held_out(x: np.ndarray, y: np.ndarray, new: np.ndarray, labels: np.ndarray) -> CrossFit:
    """Predictions of responses ``new`` (m, p) to problems ``labels`` (m,) by one fit to others.

    The fit learns from features ``x`` (n, p) and outcomes ``y`` (n,). Errors are for this fit.
    """
    problem = np.unique(np.asarray(labels, dtype=str), return_inverse=True)[1]
    fold = np.zeros(len(new), np.int64)
    base = np.full(len(new), float(y.mean()))
    log_odds = train(x, y).log_odds(new)
    return CrossFit(log_odds, fold, groups_of(fold, problem), None, base)


def _steps(
    z: np.ndarray, y: np.ndarray, group: np.ndarray, beta: np.ndarray, n_groups: int
) -> np.ndarray:
    """Newton steps (G, p + 1) from ``beta`` towards the fits without each group."""
    p = 1.0 / (1.0 + np.exp(-np.clip(z @ beta, -30, 30)))
    ridge = np.full(z.shape[1], PENALTY)
    ridge[0] = 1e-8
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(n_groups + 1))
    weighted = z * np.sqrt(p * (1 - p))[:, None]
    hessian = weighted.T @ weighted + np.diag(ridge)
    steps = np.zeros((n_groups, z.shape[1]))
    for g in range(n_groups):
        rows = order[starts[g] : starts[g + 1]]
        if len(rows) in (0, len(y)):
            continue
        rest = hessian - weighted[rows].T @ weighted[rows]
        steps[g] = -np.linalg.solve(rest, z[rows].T @ (y[rows] - p[rows]))
    return steps


def block_ranks(score: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Rank (n,) of each score within its block, from 1, ties sharing their mean rank."""
    order = np.lexsort((score, block))
    s, b = score[order], block[order]
    new = np.ones(len(s), bool)
    new[1:] = (s[1:] != s[:-1]) | (b[1:] != b[:-1])
    first = np.flatnonzero(new)
    size = np.diff(np.append(first, len(s)))
    start = np.flatnonzero(np.append(True, b[1:] != b[:-1]))
    offset = np.repeat(start, np.diff(np.append(start, len(b))))
    mean = np.repeat(first + (size + 1) / 2, size) - offset
    ranks = np.empty(len(s))
    ranks[order] = mean
    return ranks


def concordance(
    score: np.ndarray, right: np.ndarray, block: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Concordant and all pairs (B,) of a correct and a wrong response, within each block.

    ``score`` (n,), ``right`` (n,) bool, ``block`` (n,) codes 0..B-1. A tie counts half.
    """
    n_blocks = int(block.max()) + 1
    n = np.bincount(block, minlength=n_blocks)
    n1 = np.bincount(block, right, minlength=n_blocks)
    ranks = block_ranks(score, block)
    total = np.bincount(block, ranks * right, minlength=n_blocks)
    return total - n1 * (n1 + 1) / 2, n1 * (n - n1)


def fold_auroc(score: np.ndarray, right: np.ndarray, fold: np.ndarray) -> float:
    """AUROC over the pairs of one fold: the folds' AUROCs weighted by their pairs.

    ``score`` (n,), ``right`` (n,) bool, ``fold`` (n,) int; NaN without any pair.
    """
    won, pairs = concordance(score, right, fold)
    return float(won.sum() / pairs.sum()) if pairs.sum() else np.nan


def problem_auroc(score: np.ndarray, right: np.ndarray, problem: np.ndarray) -> np.ndarray:
    """AUROC (P,) of each problem, NaN where all its responses have one outcome.

    ``score`` (n,), ``right`` (n,) bool, ``problem`` (n,) codes 0..P-1.
    """
    won, pairs = concordance(score, right, problem)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: np.ndarray = np.where(pairs > 0, won / pairs, np.nan)
    return result


def auroc_error(found: CrossFit, right: np.ndarray) -> float:
    """Standard error of ``fold_auroc``; ``right`` (n,) bool. NaN without any pair."""
    area = fold_auroc(found.log_odds, right, found.fold)
    judged = area - _auroc_without(found, right)
    if found.without is None:
        return _error(judged, np.zeros_like(judged))
    learned = [area - fold_auroc(column, right, found.fold) for column in found.without.T]
    return _error(judged, np.array(learned))


def within_error(found: CrossFit, right: np.ndarray, problem: np.ndarray) -> float:
    """Standard error of the mean of ``problem_auroc`` over problems with both outcomes.

    ``right`` (n,) bool, ``problem`` (n,) codes. NaN below two groups that have such a problem.
    """
    each = problem_auroc(found.log_odds, right, problem)
    both = np.isfinite(each)
    if both.sum() < 2:
        return np.nan
    group = found.group[np.unique(problem, return_index=True)[1]]
    n_groups = int(found.group.max()) + 1
    total = np.bincount(group[both], each[both], minlength=n_groups)
    count = np.bincount(group[both], minlength=n_groups)
    rest = both.sum() - count
    if (rest == 0).any():
        return np.nan
    mean = float(each[both].mean())
    judged = mean - (total.sum() - total) / rest
    if found.without is None:
        return _error(judged, np.zeros_like(judged))
    learned = [
        mean - float(problem_auroc(column, right, problem)[both].mean())
        for column in found.without.T
    ]
    return _error(judged, np.array(learned))


def _auroc_without(found: CrossFit, right: np.ndarray) -> np.ndarray:
    """(G,) ``fold_auroc`` with each group's responses not judged, fits unchanged."""
    score, fold, group = found.log_odds, found.fold, found.group
    won, pairs = concordance(score, right, fold)
    n_groups = int(group.max()) + 1
    n1, n = np.bincount(fold, right), np.bincount(fold)
    others = block_ranks(score, fold) - block_ranks(score, 2 * fold + right)
    below = np.where(right, others, n1[fold] - others)
    against = np.where(right, (n - n1)[fold], n1[fold])
    own_won, own_pairs = concordance(score, right, group)
    involved = np.bincount(group, below, minlength=n_groups) - own_won
    of = np.bincount(group, against, minlength=n_groups) - own_pairs
    rest = pairs.sum() - of
    with np.errstate(invalid="ignore", divide="ignore"):
        result: np.ndarray = (won.sum() - involved) / rest
    return np.where(rest > 0, result, np.nan)


def _error(judged: np.ndarray, learned: np.ndarray) -> float:
    """Standard error from the effects (G,) of leaving a group out as judged and as learned from.

    Where two groups act on each other through both roles, judged x (judged + learned) estimates the
    jackknife variance without bias (Hoeffding decomposition to second order), and the jackknife of
    both roles together counts that part twice (Efron and Stein 1981, Annals of Statistics 9:586).
    The estimate is CAUTION of the way from the first to the second, since the first is noisy with
    few problems; `benchmarks/prediction.py` shows the coverage.
    """
    known = np.isfinite(judged) & np.isfinite(learned)
    n = int(known.sum())
    if n < 2:
        return np.nan
    a, b = judged[known], learned[known]
    a, b = a - a.mean(), b - b.mean()
    unbiased = max(float((a * (a + b)).sum()), float((a * a).sum()))
    both = float(((a + b) ** 2).sum())
    return float(np.sqrt((n - 1) / n * ((1 - CAUTION) * unbiased + CAUTION * both)))
