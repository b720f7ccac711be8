"""Accuracy by the length rank of a response among the responses to the same question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _responses as responses
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals

TITLE = "Accuracy by length rank within a question"
INPUTS = ("outcomes",)
UNIT = "model"
MAX_RANKS = 8  # questions with more draws are cut into eight equal groups by length

KEY = {"model": STRING, "dataset": STRING, "subset": STRING, "rank": INT}
SCHEMA = register(
    Schema(
        "length_law",
        1,
        {
            **KEY,  # rank 1 = shortest
            "n_ranks": INT,
            "measure": STRING,  # column the length is taken from
            "n_problems": INT,
            "n_undecided": INT,  # responses left out, their grade being undecided
            "mean_length": FLOAT,
            "accuracy": FLOAT,  # mean over problems
            "accuracy_low": FLOAT,
            "accuracy_high": FLOAT,
            "within_difference": FLOAT,  # accuracy at this rank minus the same problem's accuracy
            "within_low": FLOAT,
            "within_high": FLOAT,
        },
        tuple(KEY),
    )
)


def ranked(length: np.ndarray, problem: np.ndarray, n_ranks: int) -> np.ndarray:
    """Rank group (1 = shortest .. n_ranks) of each draw within its problem.

    With n draws in a problem, the draw of rank r (ties share their mean rank) falls in group
    ceil((r - 1/2) / n * n_ranks).
    """
    by = pd.Series(length).groupby(problem)
    place = (by.rank() - 0.5) / by.transform("size")
    result: np.ndarray = np.clip(np.ceil(place.to_numpy() * n_ranks), 1, n_ranks).astype(int)
    return result


def _mean(
    values: np.ndarray, kind: Callable[[np.ndarray], intervals.Estimate]
) -> tuple[float, float, float]:
    """Mean with its 95 % interval over problems; ``kind``: intervals.share or difference."""
    if len(values) < 2:
        return (float(values.mean()) if len(values) else np.nan), np.nan, np.nan
    low, high = kind(values).interval()
    return values.mean(), float(low[0]), float(high[0])


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return responses.COLUMNS


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``length_law``; only problems with at least two draws of known length take part."""
    frame = responses.decided(inputs.pop("outcomes"), settings)
    rows = []
    for subset, part in responses.subsets(frame):
        for model, dataset, cell in responses.cells(part):
            column = responses.length_column(cell)
            if column is None:
                continue
            cell = cell[cell[column].notna()]
            draws = cell.groupby("problem")[column].transform("size")
            cell = cell[draws >= 2]
            if cell.empty:
                continue
            left_out = responses.n_undecided(cell)
            n_ranks = int(min(MAX_RANKS, draws[draws >= 2].median()))
            cell = cell.assign(
                rank=ranked(cell[column].to_numpy(float), cell["problem"].to_numpy(), n_ranks),
                centred=cell["right"] - cell.groupby("problem")["right"].transform("mean"),
            )
            per_problem = cell.groupby(["rank", "problem"])[[column, "right", "centred"]].mean()
            for rank, at in per_problem.groupby(level="rank"):
                accuracy = _mean(at["right"].to_numpy(), intervals.share)
                within = _mean(at["centred"].to_numpy(), intervals.difference)
                place = (model, dataset, subset, int(rank), n_ranks, column, len(at), left_out)
                rows.append((*place, float(at[column].mean()), *accuracy, *within))
    return pd.DataFrame(rows, columns=list(SCHEMA.columns))
