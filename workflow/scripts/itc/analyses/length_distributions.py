"""How the lengths of correct and of incorrect responses spread: shares per bin of a log scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _responses as responses
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register

TITLE = "Distribution of response length"
INPUTS = ("outcomes",)
UNIT = "model"
BINS = 30  # of equal width in log length, between the shortest and the longest of a model

KEY = {"model": STRING, "dataset": STRING, "subset": STRING, "correct": BOOL, "bin": INT}
SCHEMA = register(
    Schema(
        "length_distributions",
        1,
        {
            **KEY,
            "measure": STRING,  # column the length is taken from
            "left": FLOAT,  # bin edges, common to all rows of a model
            "right": FLOAT,
            "n": INT,
            "n_responses": INT,  # of this verdict, over all bins
            "share": FLOAT,  # n / n_responses: both verdicts sum to one
            "median": FLOAT,  # of this verdict
        },
        tuple(KEY),
        ("n", "share"),
    )
)


def edges(length: np.ndarray) -> np.ndarray:
    """Bin edges (BINS + 1,) that hold all of ``length`` (positive), equally wide in its log."""
    low, high = float(length.min()), float(length.max())
    if low == high:
        low, high = low / 1.5, high * 1.5
    found = np.geomspace(low, high, BINS + 1)
    found[0], found[-1] = low, high  # against rounding: the extremes lie in the outer bins
    return found


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return responses.COLUMNS


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``length_distributions``; responses of unknown or no length take no part."""
    frame = responses.decided(inputs["outcomes"], settings)
    blocks = []
    for model, own in frame.groupby("model", sort=True, observed=True):
        column = responses.length_column(own)
        if column is None:
            continue
        known = own[own[column].astype(float) > 0]
        if known.empty:
            continue
        at = edges(known[column].to_numpy(float))
        for subset, part in responses.subsets(known):
            for _, dataset, cell in responses.cells(part):
                for correct, rows in cell.groupby(cell["right"] == 1.0):
                    length = rows[column].to_numpy(float)
                    n = np.histogram(length, at)[0]
                    block = pd.DataFrame({"bin": range(BINS), "left": at[:-1], "right": at[1:]})
                    blocks.append(
                        block.assign(
                            model=model,
                            dataset=dataset,
                            subset=subset,
                            correct=bool(correct),
                            measure=column,
                            n=n,
                            n_responses=len(length),
                            share=n / len(length),
                            median=float(np.median(length)),
                        )
                    )
    if not blocks:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(blocks, ignore_index=True)
