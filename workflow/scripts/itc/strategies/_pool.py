"""Recorded draws of one dataset, model and procedure as rectangles [problems, draws]."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from itc.estimators._checks import DrawsError
from itc.estimators.majority import class_counts
from itc.estimators.montecarlo import problem_seeds


class Unavailable(Exception):
    """The recorded responses cannot support a strategy; the message is the reason to show."""


@dataclass(frozen=True)
class Pool:
    """Problems that share one number of draws N.

    ``codes`` int [P, N] answer class, 0..C-1 within the problem, -1 for no answer; ``right`` and
    ``undecided`` bool [P, N] verdicts of the draws; ``draws`` int [P, N] their numbers;
    ``credit`` and ``credit_upper`` float [P, C] share of a class's draws that are right (or right
    or undecided): 0 or 1 where the grader is consistent within a class.
    """

    dataset: str
    model: str
    procedure: str
    problem_ids: np.ndarray
    draws: np.ndarray
    codes: np.ndarray
    right: np.ndarray
    undecided: np.ndarray
    credit: np.ndarray
    credit_upper: np.ndarray
    seed: int
    _rows: pd.DataFrame = field(repr=False)
    _order: np.ndarray = field(repr=False)  # [P, N] positions in _rows
    _related: pd.DataFrame = field(repr=False)
    _features: Collection[str] | None = None  # those that may be read; None: all

    @property
    def n_draws(self) -> int:
        """N, the same for every problem of the pool."""
        return int(self.codes.shape[1])

    @property
    def counts(self) -> np.ndarray:
        """Votes per class, int [P, C]."""
        return class_counts(self.codes, self.credit.shape[1])

    @property
    def right_upper(self) -> np.ndarray:
        """Bool [P, N]: right, or undecided."""
        result: np.ndarray = self.right | self.undecided
        return result

    @property
    def seeds(self) -> np.ndarray:
        """Uint64 [P]: seed of each problem's random orders, common to strategies and models."""
        return problem_seeds(self.problem_ids, self.seed)

    def has(self, column: str) -> bool:
        """Whether ``column`` has a value for every draw."""
        return column in self._rows and not np.isnan(self.values(column)).any()

    def values(self, column: str) -> np.ndarray:
        """Float [P, N] of an outcome column, NaN where missing or where the column is absent.

        Raises KeyError for a feature that the strategy does not name: its job would not read it.
        """
        if self._features is not None and column.startswith("f_") and column not in self._features:
            raise KeyError(f"{column!r} is read but named neither in NEEDS nor in FEATURES")
        if column not in self._rows:
            return np.full(self.codes.shape, np.nan)
        series = self._rows[column]
        result: np.ndarray = series.to_numpy(dtype=np.float64, na_value=np.nan)[self._order]
        return result

    def texts(self, column: str) -> np.ndarray:
        """Object [P, N] of an outcome column of strings or lists."""
        result: np.ndarray = self._rows[column].to_numpy(dtype=object)[self._order]
        return result

    def require(self, columns: Sequence[str]) -> None:
        """Raise Unavailable unless every column has a value for every draw."""
        for column in columns:
            holes = int(np.isnan(self.values(column)).sum())
            if holes:
                raise Unavailable(f"{column} is missing in {holes} of {self.codes.size} draws")

    def with_draws_of(self, procedures: Sequence[str]) -> Pool:
        """The pool of only those draws that every one of ``procedures`` has rows for.

        Raises Unavailable unless these are the same draws of every problem: a study that judges
        its first draws alone meant to, one with holes did not.
        """
        kept = np.ones(self.codes.shape, dtype=bool)
        for procedure in procedures:
            rows = self.related(procedure)
            found = pd.MultiIndex.from_arrays([rows["p"], rows["draw"]])
            places = np.repeat(np.arange(len(self.codes)), self.n_draws)
            own = pd.MultiIndex.from_arrays([places, self.draws.ravel()])
            kept &= own.isin(found).reshape(kept.shape)
        if kept.all():
            return self
        wanted = np.unique(self.draws[kept])
        holes = len(wanted) * len(kept) - int(kept.sum())
        if holes or not len(wanted):
            raise Unavailable(
                f"{holes or kept.size} of {len(wanted) * len(kept) or kept.size} responses of "
                f"procedure {', '.join(map(repr, procedures))} are missing"
            )

        return self._narrowed(lambda values: values[kept].reshape(len(values), len(wanted)))

    def halves(self) -> tuple[Pool, Pool]:
        """Two pools without a common draw, N // 2 draws each: the even and the odd places."""
        n = self.n_draws // 2 * 2
        return (
            self._narrowed(lambda values: values[:, 0:n:2]),
            self._narrowed(lambda values: values[:, 1:n:2]),
        )

    def _narrowed(self, narrow: Callable[[np.ndarray], np.ndarray]) -> Pool:
        """The pool of fewer draws: ``narrow`` maps an array [P, N] to that of the draws kept."""
        codes, right, undecided = map(narrow, (self.codes, self.right, self.undecided))
        credit, upper = class_credit(codes, right, undecided)
        return replace(
            self,
            draws=narrow(self.draws),
            codes=codes,
            right=right,
            undecided=undecided,
            credit=credit,
            credit_upper=upper,
            _order=narrow(self._order),
        )

    def related(self, procedure: str) -> pd.DataFrame:
        """Rows of another procedure of this model with columns ``p`` (problem row) and all others.

        Raises Unavailable where a problem of the pool has no such row.
        """
        rows = self._related[self._related["procedure"] == procedure]
        where = pd.Index(self.problem_ids).get_indexer(rows["problem_id"])
        rows = rows[where >= 0].assign(p=where[where >= 0])
        missing = len(self.problem_ids) - rows["p"].nunique()
        if missing:
            raise Unavailable(
                f"{missing} of {len(self.problem_ids)} problems have no responses of procedure "
                f"{procedure!r}"
            )
        return rows


def draw_counts(rows: pd.DataFrame) -> np.ndarray:
    """Number of draws (P,) of every problem of one procedure."""
    return np.bincount(pd.factorize(rows["problem_id"])[0])


def build_pools(
    outcomes: pd.DataFrame,
    procedure: str,
    seed: int,
    features: Collection[str] | None = None,
) -> list[Pool]:
    """Pools of ``procedure``, one per model and number of draws, ordered by model then N.

    ``outcomes`` is table ``outcomes`` of one dataset. Only round 0 of the procedure is used where
    it has several rounds. ``features`` are the columns ``f_...`` that may be read, by default all.
    Raises DrawsError where a draw is recorded twice.
    """
    datasets = outcomes["dataset"].unique()
    if len(datasets) > 1:
        raise DrawsError(f"outcomes: {len(datasets)} datasets at once, expected one: evaluate each")
    pools = []
    models, names = pd.factorize(outcomes["model"], sort=True)
    chosen = (outcomes["procedure"] == procedure).to_numpy()
    for number, model in enumerate(names):
        own = models == number
        rows = outcomes[own & chosen]
        if len(rows):
            related = outcomes[own & ~chosen]
            pools += _model_pools(rows, related, procedure, str(model), seed, features)
    return pools


def _model_pools(
    rows: pd.DataFrame,
    related: pd.DataFrame,
    procedure: str,
    model: str,
    seed: int,
    features: Collection[str] | None,
) -> list[Pool]:
    if rows["round"].nunique() > 1:
        rows = rows[rows["round"] == rows["round"].min()]
    problem, ids = pd.factorize(rows["problem_id"], sort=True)
    draw = rows["draw"].to_numpy()
    order = np.lexsort((draw, problem))
    problem, draw = problem[order], draw[order]
    if ((problem[1:] == problem[:-1]) & (draw[1:] == draw[:-1])).any():
        raise DrawsError(f"{model}, procedure {procedure!r}: a draw of a problem is recorded twice")
    counts = np.bincount(problem, minlength=len(ids))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    verdict = rows["verdict"]
    right = (verdict == "right").to_numpy()
    undecided = (verdict == "undecided").to_numpy()
    classes = rows["answer_class"].to_numpy().astype(np.int64)
    ids = np.asarray(ids, dtype=object)
    pools = []
    for n in np.unique(counts):
        members = np.flatnonzero(counts == n)
        at = order[starts[members][:, None] + np.arange(n)]
        codes = _dense(classes[at])
        credit, upper = class_credit(codes, right[at], undecided[at])
        pools.append(
            Pool(
                dataset=str(rows["dataset"].iloc[0]),
                model=model,
                procedure=procedure,
                problem_ids=ids[members],
                draws=draw[starts[members][:, None] + np.arange(n)],
                codes=codes,
                right=right[at],
                undecided=undecided[at],
                credit=credit,
                credit_upper=upper,
                seed=seed,
                _rows=rows,
                _order=at,
                _related=related,
                _features=features,
            )
        )
    return pools


def _dense(classes: np.ndarray) -> np.ndarray:
    """Class numbers kept where small, else renumbered, so that arrays [P, C] stay small."""
    if classes.size == 0 or classes.max() < 4 * classes.shape[1]:
        return classes
    dense = np.full(classes.shape, -1, dtype=np.int64)
    for p, row in enumerate(classes):
        seen, inverse = np.unique(row[row >= 0], return_inverse=True)
        if len(seen):
            dense[p, row >= 0] = inverse
    return dense


def class_credit(
    codes: np.ndarray, right: np.ndarray, undecided: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Share of each class's draws that are right, and right or undecided: float [P, C] each."""
    n_classes = int(codes.max(initial=-1)) + 1
    counts = np.maximum(class_counts(codes, n_classes), 1)
    sums = [
        class_counts(np.where(chosen, codes, -1), n_classes)
        for chosen in (right, right | undecided)
    ]
    return sums[0] / counts, sums[1] / counts
