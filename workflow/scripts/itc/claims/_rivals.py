"""Against the best of several rivals, without the luck of having chosen it on the same data.

The effect is cross-fitted: on every fifth of the problems the rival is the one that was best on the
other four fifths, so its score is not raised by its choice. For "better than the best" the limit
towards the claim is that against the hardest rival of all (intersection-union test, Berger 1982,
Technometrics 24:295): a claim is supported only where it would be against each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from itc.claims._verdict import Unit, from_means
from itc.stats import bootstrap
from itc.stats.paired import Paired

FOLDS = 5
MOST = 4000  # combinations of rivals (one for each dataset) that are tried

Own = Mapping[tuple[str, str], pd.Series]  # (model, dataset) -> values per problem
Rivals = Mapping[str, Mapping[object, pd.Series]]  # dataset -> rival -> values per problem


def cross_fitted(rivals: Mapping[object, pd.Series], seed: int, dataset: str) -> pd.Series:
    """Values per problem of the rival that is best on the other folds; ties: the first one."""
    table = pd.DataFrame(dict(enumerate(rivals.values()))).dropna()
    values = table.to_numpy()
    n = len(values)
    fold = bootstrap.generator(seed, "rivals", dataset).permutation(n) % FOLDS
    result = np.empty(n)
    for f in range(FOLDS):
        test = fold == f
        if test.any():
            known = values[~test] if (~test).any() else values
            result[test] = values[test, known.mean(axis=0).argmax()]
    return pd.Series(result, table.index)


def against_best(
    own: Own, rivals: Rivals, seed: int
) -> tuple[list[Unit | None], Callable[[float], float] | None]:
    """Units own - best rival, and their lower limit over all rivals as a function of the level."""
    usable = {key: values for key, values in own.items() if rivals.get(key[1])}
    best = {d: cross_fitted(rivals[d], seed, d) for d in sorted({d for _, d in usable})}
    units = [from_means(m, d, values - best[d]) for (m, d), values in usable.items()]
    kept = [key for key, unit in zip(usable, units, strict=True) if unit is not None]
    if not kept:
        return units, None
    gaps, weights = [], []
    for dataset in sorted({d for _, d in kept}):
        mine = [usable[key] for key in kept if key[1] == dataset]
        mean = pd.concat(mine, axis=1).mean(axis=1, skipna=False)
        table = pd.DataFrame(dict(enumerate(rivals[dataset].values())))
        gap = table.rsub(mean, axis=0).dropna().to_numpy()
        gaps.append(gap)
        weights.append(float(len(mine)))
    columns = _combinations(gaps)
    parts = [gap[:, [c[d] for c in columns]] for d, gap in enumerate(gaps)]
    paired = Paired.of(parts, weights)

    @cache
    def floor(level: float) -> float:
        return float(paired.interval(level)[0].min())

    return units, floor


def _combinations(gaps: list[np.ndarray]) -> list[tuple[int, ...]]:
    """One rival for each dataset, all combinations that can give the lowest limit.

    A rival with a smaller mean gap and no smaller spread than another always gives the lower
    limit, so the other is left out. More than MOST combinations are thinned to the least gaps.
    """
    if len(gaps) == 1:
        return [(i,) for i in range(gaps[0].shape[1])]
    kept = []
    for gap in gaps:
        mean, spread = gap.mean(axis=0), gap.std(axis=0)
        order = np.lexsort((-spread, mean))
        front, widest = [], -1.0
        for i in order:
            if spread[i] > widest:
                front.append(int(i))
                widest = float(spread[i])
        kept.append(front)
    most = max(int(MOST ** (1 / len(kept))), 1)
    return list(product(*(front[:most] for front in kept)))
