"""From responses to a regression design: complete rows, usable columns, standardised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

CONSTANT = 1e-12  # relative to the size of the values
COLLINEAR = 1e-7  # part of a standardised column that the columns before it do not explain


@dataclass(frozen=True)
class Design:
    """Responses of one fit.

    ``y`` (n,) 0/1; ``x`` (n, p) standardised over these n rows, so that a coefficient is per
    standard deviation; ``terms`` the p column names; ``problem`` (n,) codes 0..P-1; ``block`` (n,)
    codes of the dataset, for intercepts; ``draw`` (n,) codes of the draw index; ``dropped``
    term -> reason; ``n_missing`` rows left out because a feature was missing.
    """

    y: np.ndarray
    x: np.ndarray
    terms: tuple[str, ...]
    problem: np.ndarray
    block: np.ndarray
    draw: np.ndarray
    dropped: dict[str, str]
    n_missing: int

    @property
    def n_problems(self) -> int:
        """Number of problems P."""
        return int(self.problem.max()) + 1 if len(self.problem) else 0

    def informative(self) -> np.ndarray:
        """(P,) True for problems with a correct and an incorrect response."""
        right = np.bincount(self.problem, self.y, self.n_problems)
        return (right > 0) & (right < np.bincount(self.problem, minlength=self.n_problems))

    def problem_means(self) -> np.ndarray:
        """(n, p) mean of each column over the responses to the same problem."""
        size = np.bincount(self.problem, minlength=self.n_problems)
        sums = [np.bincount(self.problem, column, self.n_problems) for column in self.x.T]
        return (np.stack(sums, 1) / size[:, None])[self.problem] if sums else self.x

    def rows(self, keep: np.ndarray) -> Design:
        """The same design on the rows (n,) bool ``keep`` only; still in its old units."""
        return replace(
            self,
            y=self.y[keep],
            x=self.x[keep],
            problem=pd.factorize(self.problem[keep])[0],
            block=pd.factorize(self.block[keep])[0],
            draw=self.draw[keep],
        )

    def without(self, reasons: dict[str, str]) -> Design:
        """The same design less some terms, which are remembered as dropped."""
        keep = [i for i, term in enumerate(self.terms) if term not in reasons]
        return replace(
            self,
            x=self.x[:, keep],
            terms=tuple(self.terms[i] for i in keep),
            dropped={**self.dropped, **reasons},
        )


def collinear(
    x: np.ndarray, terms: Sequence[str], before: np.ndarray | None = None
) -> dict[str, Any]:
    """Terms that the terms (and the columns ``before``) ahead of them explain -> reason."""
    reasons = {}
    basis = np.empty((len(x), 0)) if before is None else np.linalg.qr(before)[0]
    for column, term in zip(x.T, terms, strict=True):
        size = np.linalg.norm(column)
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)  # once more against rounding
        if size == 0 or np.linalg.norm(rest) < COLLINEAR * size:
            reasons[term] = "collinear with the terms before it"
        else:
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return reasons


def make_design(rows: pd.DataFrame, features: Sequence[str]) -> Design:
    """Design of ``rows`` (columns right, problem, dataset, draw and features) on ``features``.

    Features that are absent or all missing are dropped as ``absent``; rows with a missing value
    in the others are left out and counted; then constant and collinear columns are dropped.
    """
    absent = {
        f: "absent: no response has this feature"
        for f in features
        if f not in rows or not rows[f].notna().any()
    }
    used = [f for f in features if f not in absent]
    values = rows[used].to_numpy(np.float64, na_value=np.nan)
    complete = np.isfinite(values).all(1)
    # the columns named only: with a hundred features the rows would be copied for nothing
    values, kept = values[complete], rows[["right", "problem", "dataset", "draw"]][complete]
    dropped = dict(absent)
    terms: list[str] = []
    columns = []
    for name, column in zip(used, values.T, strict=True):
        spread = column.std() if len(column) else 0.0
        if spread <= CONSTANT * max(np.abs(column).max(initial=0.0), 1.0):
            dropped[name] = "constant: every response has the same value"
        else:
            terms.append(name)
            columns.append((column - column.mean()) / spread)
    x = np.stack(columns, 1) if columns else np.empty((len(kept), 0))
    design = Design(
        y=kept["right"].to_numpy(np.float64),
        x=x,
        terms=tuple(terms),
        problem=pd.factorize(kept["problem"])[0],
        block=pd.factorize(kept["dataset"])[0],
        draw=pd.factorize(kept["draw"])[0],
        dropped=dropped,
        n_missing=int((~complete).sum()),
    )
    return design.without(collinear(design.x, design.terms))


def intercepts(block: np.ndarray) -> np.ndarray:
    """(n, B) indicator columns, one per block."""
    result: np.ndarray = (block[:, None] == np.unique(block)[None, :]).astype(float)
    return result
