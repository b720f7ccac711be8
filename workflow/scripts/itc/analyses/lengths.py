"""Length of correct and incorrect responses, pooled and within question; extremes compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _responses as responses
from itc.analyses._contrast import COLUMNS, contrast
from itc.schemas import FLOAT, INT, STRING, Schema, register
from itc.stats import intervals

TITLE = "Length of correct and incorrect responses"
INPUTS = ("outcomes",)
UNIT = "model"

KEY = {"model": STRING, "dataset": STRING, "subset": STRING, "measure": STRING}
SCHEMA = register(
    Schema(
        "lengths",
        1,
        {
            **KEY,
            "n_undecided": INT,
            **COLUMNS,
            "shortest_minus_longest": FLOAT,  # accuracy of a question's shortest minus longest draw
            "shortest_minus_longest_low": FLOAT,
            "shortest_minus_longest_high": FLOAT,
            "n_problems_ranked": INT,  # with at least two draws of different length
        },
        tuple(KEY),
    )
)
MEASURES = {  # measure -> columns to look in, best first
    "tokens": ("n_output_tokens", "f_tokens"),
    "thinking_tokens": ("n_thinking_tokens", "f_tokens_in_thinking"),
    "words": ("f_words",),
    "words_in_thinking": ("f_words_in_thinking",),
    "words_in_answer": ("f_words_in_answer",),
    "characters": ("f_characters",),
    "paragraphs": ("f_paragraphs",),
    "thinking_share": ("f_thinking_share",),
}


def measures(frame: pd.DataFrame) -> dict[str, str]:
    """Measure -> column, for every measure that some response has."""
    found = {}
    for measure, columns in MEASURES.items():
        usable = [c for c in columns if c in frame and frame[c].notna().any()]
        if usable:
            found[measure] = usable[0]
    return found


def shortest_minus_longest(
    length: np.ndarray, right: np.ndarray, problem: np.ndarray
) -> dict[str, Any]:
    """Accuracy of each question's shortest draw minus that of its longest, mean and 95 % interval.

    Ties share the place (mean over the tied draws); questions whose draws are all equally long do
    not take part. NaN ends below two questions.
    """
    known = np.isfinite(length)
    length, right = length[known], right[known]
    code = pd.factorize(problem[known])[0]
    n_problems = int(code.max(initial=-1)) + 1
    low, high = np.full(n_problems, np.inf), np.full(n_problems, -np.inf)
    np.minimum.at(low, code, length)
    np.maximum.at(high, code, length)
    first, last = length == low[code], length == high[code]
    share = [
        np.bincount(code[at], right[at], n_problems) / np.bincount(code[at], minlength=n_problems)
        for at in (first, last)
    ]
    gap = (share[0] - share[1])[low < high]
    n = len(gap)
    mean = gap.mean() if n else np.nan
    ends = intervals.difference(gap).interval() if n > 1 else np.full((2, 1), np.nan)
    return {
        "shortest_minus_longest": mean,
        "shortest_minus_longest_low": float(ends[0][0]),
        "shortest_minus_longest_high": float(ends[1][0]),
        "n_problems_ranked": n,
    }


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return (*responses.COLUMNS, *(c for columns in MEASURES.values() for c in columns))


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """Table ``lengths``; measures that no response has are left out."""
    frame = responses.decided(inputs.pop("outcomes"), settings)
    chosen = measures(frame)
    blocks = []
    for subset, part in responses.subsets(frame):
        for model, dataset, rows in responses.cells(part):
            values = rows[list(chosen.values())].to_numpy(np.float64, na_value=np.nan)
            problem = rows["problem"].to_numpy()
            block = contrast(values, rows["right"], problem)
            extremes = pd.DataFrame(
                shortest_minus_longest(column, rows["right"].to_numpy(), problem)
                for column in values.T
            )
            block = pd.concat([block, extremes], axis=1).assign(
                measure=list(chosen), model=model, dataset=dataset, subset=subset
            )
            block["n_undecided"] = responses.n_undecided(rows)
            blocks.append(block[block["n_responses"] > 0])
    if not blocks:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(blocks, ignore_index=True)
