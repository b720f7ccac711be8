"""What a vote of ever more draws would reach: is the model's commonest answer right?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from itc.analyses import _responses as responses
from itc.estimators.majority import class_counts
from itc.estimators.mode import SETTLED, right_mode
from itc.schemas import FLOAT, INT, RESPONSE_KEY, STRING, Schema, register
from itc.stats import intervals

TITLE = "Limit of the vote"
INPUTS = ("outcomes",)
UNIT = "model"
LEAST_DRAWS = 4  # with fewer a problem's commonest answer is mostly chance

SCHEMA = register(
    Schema(
        "vote_limits",
        1,
        {
            "dataset": STRING,  # ``all``: datasets weighing equally
            "model": STRING,
            "n_problems": INT,
            "n_draws": INT,  # of the problem with fewest
            "limit": FLOAT,  # mean chance that a problem's most probable answer is right
            "low": FLOAT,  # 95 %: every problem that is not settled taken as wrong
            "high": FLOAT,  # ... taken as right
            "settled_right": FLOAT,  # share of problems whose commonest answer is surely right
            "settled_wrong": FLOAT,
            "undecided": FLOAT,  # share of draws whose grade is undecided; they count as wrong
        },
        ("dataset", "model"),
        ("limit",),
    )
)


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return (*RESPONSE_KEY, "verdict", "answer_class")


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``vote_limits`` from ``outcomes`` of plain samples, one row per dataset and model."""
    outcomes = inputs["outcomes"]
    outcomes = outcomes[outcomes["procedure"] == settings.get("sample_procedure", "sample")]
    outcomes = outcomes[outcomes["round"] == outcomes["round"].min()]
    rows = []
    for model, own in outcomes.groupby("model", sort=True, observed=True):
        cells = {
            str(name): cell
            for name, part in own.groupby("dataset", sort=True, observed=True)
            if (cell := _cell(part)) is not None
        }
        rows += [_row(name, str(model), [cell]) for name, cell in cells.items()]
        if len(cells) > 1:
            rows.append(_row(responses.ALL, str(model), list(cells.values())))
    return pd.DataFrame(rows, columns=list(SCHEMA.columns))


def _cell(part: pd.DataFrame) -> pd.DataFrame | None:
    """Per problem: draws, share undecided, and the chance that the mode is right."""
    problem = pd.factorize(part["problem_id"], sort=True)[0]
    draws = np.bincount(problem)
    if draws.min() < LEAST_DRAWS:
        return None
    codes = part["answer_class"].to_numpy(np.int64)
    place = part.groupby("problem_id", sort=True).cumcount().to_numpy()
    table = np.full((len(draws), int(draws.max())), -1, np.int64)
    table[problem, place] = codes
    n_classes = max(int(codes.max()) + 1, 1)
    counts = class_counts(table, n_classes)
    right = (part["verdict"] == "right").to_numpy()
    held = codes >= 0
    won = np.zeros(counts.shape)
    np.add.at(won, (problem[held], codes[held]), right[held])
    chance = right_mode(counts, won / np.maximum(counts, 1))
    undecided = np.bincount(problem, part["verdict"] == "undecided") / draws
    return pd.DataFrame({"draws": draws, "chance": chance, "undecided": undecided})


def _row(dataset: str, model: str, cells: list[pd.DataFrame]) -> dict[str, Any]:
    chances = [cell["chance"].to_numpy() for cell in cells]
    right = intervals.share([(c >= SETTLED).astype(float) for c in chances])
    possible = intervals.share([(c > 1 - SETTLED).astype(float) for c in chances])
    return {
        "dataset": dataset,
        "model": model,
        "n_problems": sum(len(c) for c in chances),
        "n_draws": min(int(cell["draws"].min()) for cell in cells),
        "limit": float(np.mean([c.mean() for c in chances])),
        "low": float(right.interval()[0][0]),
        "high": float(possible.interval()[1][0]),
        "settled_right": float(right.value[0]),
        "settled_wrong": 1.0 - float(possible.value[0]),
        "undecided": float(np.mean([cell["undecided"].mean() for cell in cells])),
    }
