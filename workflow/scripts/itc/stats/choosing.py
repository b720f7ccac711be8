"""The best of many, chosen on some problems and scored on others.

The best of many noisy points looks better than it is: its score was the reason to choose it. Here
the choice is made on four fifths of the problems and scored on the last one, in turn, over several
random partitions; the mean over problems of these scores estimates what choosing in this way gives
on a new problem (repeated cross-validation; Stone 1974, JRSS B 36:111).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FOLDS, REPEATS = 5, 10


@dataclass(frozen=True)
class Picks:
    """``best`` int [REPEATS, FOLDS, C]: index of the point chosen without a fold, -1 = none.

    ``folds``: per dataset int [REPEATS, P_d], the fold of each problem.
    """

    best: np.ndarray
    folds: tuple[np.ndarray, ...]

    def held_out(self, parts: Sequence[np.ndarray]) -> list[np.ndarray]:
        """``parts`` [P_d, O] of any quantity, per problem under the choices made without it.

        Float [P_d, C] per dataset: mean over repeats.
        """
        result = []
        for values, folds in zip(parts, self.folds, strict=True):
            total = np.zeros((len(values), self.best.shape[2]))
            for repeat, fold in enumerate(folds):
                best = self.best[repeat, fold]  # [P_d, C]
                score = np.take_along_axis(values, np.maximum(best, 0), axis=1)
                total += np.where(best >= 0, score, np.nan)
            result.append(total / len(folds))
        return result

    def share(self, named: np.ndarray) -> np.ndarray:
        """Share [C] of the choices that fell on ``named`` [C]."""
        result: np.ndarray = (self.best == named).mean(axis=(0, 1))
        return result


@dataclass(frozen=True)
class Folds:
    """Random partitions of the problems and what every point is worth without each fold.

    ``labels``: per dataset int [REPEATS, P_d]; ``means`` float [REPEATS, FOLDS, O]: mean over the
    problems outside the fold, datasets weighing equally.
    """

    labels: tuple[np.ndarray, ...]
    means: np.ndarray

    @classmethod
    def of(cls, parts: Sequence[np.ndarray], rng: np.random.Generator) -> Folds:
        """From values per problem, one [P_d, O] per dataset; NaN = left out of this point."""
        labels, each = [], []
        for values in parts:
            n = len(values)
            label = np.stack([rng.permutation(n) % FOLDS for _ in range(REPEATS)])
            outside = (label[:, None, :] != np.arange(FOLDS)[:, None]).astype(float)
            outside[outside.sum(axis=2) == 0] = 1.0  # a single problem is in every choice
            weights = outside.reshape(-1, n)
            present = ~np.isnan(values)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = weights @ np.where(present, values, 0.0) / (weights @ present)
            each.append(mean.reshape(REPEATS, FOLDS, -1))
            labels.append(label)
        return cls(tuple(labels), np.mean(each, axis=0))

    def choose(self, allowed: np.ndarray, rank: np.ndarray, points: np.ndarray) -> Picks:
        """The best of the ``allowed`` bool [C, K] among ``points`` [K], without each fold in turn.

        ``rank`` [K]: of points whose means are equal the lowest is taken. The picks are places in
        ``points``.
        """
        best = np.stack(
            [
                [best_of(self.means[r, f, points], allowed, rank) for f in range(FOLDS)]
                for r in range(REPEATS)
            ]
        )
        return Picks(best, self.labels)


def cross_fit(
    parts: Sequence[np.ndarray],
    allowed: np.ndarray,
    rank: np.ndarray,
    rng: np.random.Generator,
) -> Picks:
    """The best of the ``allowed`` bool [C, O] points, without each fold in turn."""
    return Folds.of(parts, rng).choose(allowed, rank, np.arange(len(rank)))


def best_of(mean: np.ndarray, allowed: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Index [C] of the highest ``mean`` [O] among ``allowed`` [C, O], ties by ``rank``; or -1."""
    order = np.argsort(rank, kind="stable")
    score = np.where(np.isnan(mean), -np.inf, np.round(mean, 9))[order]
    masked = np.where(allowed[:, order], score, -np.inf)
    chosen = order[masked.argmax(axis=1)]
    return np.where(np.isfinite(masked.max(axis=1)), chosen, -1)


def same_points(
    model: np.ndarray, answers: Sequence[np.ndarray], price: np.ndarray, rank: np.ndarray
) -> np.ndarray:
    """Bool [O]: points to keep, one of those of a model with equal answers and an equal price.

    ``answers``: values per problem [P_d, O]; ``price`` [O]. Of equal points the lowest ``rank``
    stays: with one sample every strategy is one response, under the plainest name.
    """
    scale = max(float(np.nanmax(np.abs(price), initial=0.0)), 1e-300) * 1e-9
    columns = np.vstack([np.round(a, 9) for a in answers] + [np.round(price / scale)[None]])
    keep = np.zeros(len(rank), dtype=bool)
    seen: set[tuple[object, bytes]] = set()
    for o in np.argsort(rank, kind="stable"):
        key = (model[o], (columns[:, o] + 0.0).tobytes())
        keep[o] = key not in seen
        seen.add(key)
    return keep
