"""Draws of several models of one dataset as one pool, with answer classes common to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from itc.estimators._checks import MAX_DRAWS
from itc.strategies._pool import Pool, Unavailable, class_credit

LABEL = "all models"
COMMON = "common_class"  # column that grading._common adds


@dataclass(frozen=True)
class Mixture:
    """``codes``, ``right``, ``undecided`` [P, M x D]; ``model`` [M x D] index of a draw's model.

    ``head`` is the pool that names problems and seeds; ``columns`` picks a numeric column.
    """

    head: Pool
    pools: list[Pool]
    rows: list[np.ndarray]
    draws: int
    codes: np.ndarray
    right: np.ndarray
    undecided: np.ndarray
    model: np.ndarray

    def values(self, column: str) -> np.ndarray:
        """Float [P, M x D] of an outcome column."""
        return np.hstack(
            [
                pool.values(column)[rows, : self.draws]
                for pool, rows in zip(self.pools, self.rows, strict=True)
            ]
        )

    @property
    def credit(self) -> tuple[np.ndarray, np.ndarray]:
        """Class credits with undecided answers wrong, and right: float [P, C] each."""
        return class_credit(self.codes, self.right, self.undecided)


def mix(pools: list[Pool]) -> Mixture:
    """Pool the first D draws of every model, D equal for all and M x D within MAX_DRAWS.

    Outcome tables number classes within a model. Classes of different models are one where the
    grader calls answers of theirs equal (column ``common_class``, which the evaluation adds). Where
    nobody asked the grader, they are one where an answer text is equal or both are right: then
    wrong answers of different spelling stay apart. Raises Unavailable below two models, where
    problems differ, or where answer texts are missing.
    """
    if len({pool.model for pool in pools}) < 2:
        raise Unavailable("needs draws of at least two models")
    if len({pool.model for pool in pools}) != len(pools):
        raise Unavailable("problems of one model have different numbers of draws")
    common = set.intersection(*(set(pool.problem_ids) for pool in pools))
    if len(common) != max(len(pool.problem_ids) for pool in pools):
        raise Unavailable(f"only {len(common)} problems have draws of every model")
    ids = np.array(sorted(common), dtype=object)
    head = min(pools, key=lambda pool: pool.model)
    draws = min(min(pool.n_draws for pool in pools), MAX_DRAWS // len(pools))
    rows = [np.argsort(pool.problem_ids.astype(str), kind="stable") for pool in pools]
    shape = (len(ids), len(pools) * draws)
    codes, right, undecided = np.full(shape, -1), np.zeros(shape, bool), np.zeros(shape, bool)
    for m, (pool, order) in enumerate(zip(pools, rows, strict=True)):
        part = slice(m * draws, (m + 1) * draws)
        right[:, part] = pool.right[order, :draws]
        undecided[:, part] = pool.undecided[order, :draws]
    own = [pool.codes[order, :draws] for pool, order in zip(pools, rows, strict=True)]
    try:
        texts = [_names(pool)[order, :draws] for pool, order in zip(pools, rows, strict=True)]
    except KeyError:
        raise Unavailable("answer texts are missing, so classes cannot be matched") from None
    for p in range(len(ids)):
        codes[p] = _common_classes([c[p] for c in own], [t[p] for t in texts], right[p])
    model = np.repeat(np.arange(len(pools)), draws)
    return Mixture(head, pools, rows, draws, codes, right, undecided, model)


def _names(pool: Pool) -> np.ndarray:
    """Object [P, N]: what answers of different models share, a common class or else their text."""
    if not pool.has(COMMON):
        return pool.texts("answer")
    common = pool.values(COMMON)
    names = np.empty(common.shape, dtype=object)
    for place, number in np.ndenumerate(common):
        names[place] = f"class {int(number)}" if number >= 0 else None
    return names


def _common_classes(
    codes: list[np.ndarray], texts: list[np.ndarray], right: np.ndarray
) -> np.ndarray:
    """Classes [M x D] of one problem: union of (model, class) nodes over texts and rightness."""
    parent: dict[object, object] = {}

    def root(node: object) -> object:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    nodes: list[object] = []
    for m, (own, answers) in enumerate(zip(codes, texts, strict=True)):
        for code, answer in zip(own, answers, strict=True):
            own_node = (m, int(code)) if code >= 0 else None
            nodes.append(own_node)
            if own_node is not None and isinstance(answer, str):
                parent[root(own_node)] = root(("text", answer.strip()))
    for node, is_right in zip(nodes, right, strict=True):
        if node is not None and is_right:
            parent[root(node)] = root("right")
    numbers: dict[object, int] = {}
    return np.array(
        [-1 if node is None else numbers.setdefault(root(node), len(numbers)) for node in nodes]
    )
