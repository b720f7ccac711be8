"""Which recorded responses an association with correctness may use, and in which subsets.

Shared by the analyses of markers, lengths and regressions, so that all of them speak of the same
responses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from itc.schemas import RESPONSE_KEY

ALL = "all"  # name of "every dataset together"
SUBSETS = {
    "decided": "every response whose grade is decided",
    "uncut": "without responses cut at the token cap",
    "answered": "only responses with an answer",
    "exchangeable": "answered, and without draw indices that are far shorter than their siblings",
}
# Columns that the functions here read, those of the judge's scores apart.
COLUMNS = (
    *RESPONSE_KEY,
    "verdict",
    "answer_class",
    "truncated",
    "n_output_tokens",
    "f_tokens",
    "f_words",
)
JUDGED = ("response_id", "parents", "score")
SHORT_DRAW = 0.6  # a draw index is far shorter below this share of the median index


def length_column(frame: pd.DataFrame) -> str | None:
    """Best known length of a response: output tokens, else words; None where neither is known."""
    for column in ("n_output_tokens", "f_tokens", "f_words"):
        if column in frame and frame[column].notna().any():
            return column
    return None


def decided(outcomes: pd.DataFrame, settings: dict[str, Any]) -> pd.DataFrame:
    """Independent samples with a decided grade.

    Keeps rows of procedure ``settings["sample_procedure"]`` (default ``sample``) with verdict right
    or wrong; adds ``right`` (0.0 / 1.0), ``problem`` (dataset and problem as one string),
    ``n_undecided`` (how many responses of the same model and dataset were left out) and
    ``f_judge_score`` (mean score the model's own judge gave it, where one ran).
    """
    procedure = settings.get("sample_procedure", "sample")
    sampled = outcomes["procedure"] == procedure
    undecided = (outcomes.loc[sampled, "verdict"] == "undecided").groupby(
        [outcomes.loc[sampled, "dataset"], outcomes.loc[sampled, "model"]]
    )
    # one selection: every further one would be another copy of a study's largest table
    frame = outcomes[sampled & outcomes["verdict"].isin(("right", "wrong"))]
    pairs = pd.MultiIndex.from_arrays([frame["dataset"], frame["model"]])
    added = {
        "right": (frame["verdict"] == "right").astype(float),
        "problem": frame["dataset"].astype(str) + "\x1f" + frame["problem_id"].astype(str),
        "f_judge_score": judge_scores(outcomes, settings, frame),
        "n_undecided": undecided.sum().reindex(pairs).to_numpy(np.float64),
    }
    spent = [column for column in ("parents", "answer") if column in frame]
    # at once: columns added one by one are a warning where there are a hundred
    whole = pd.concat([frame.drop(columns=spent), pd.DataFrame(added, frame.index)], axis=1)
    return whole.reset_index(drop=True)


def judge_scores(
    outcomes: pd.DataFrame, settings: dict[str, Any], frame: pd.DataFrame
) -> np.ndarray:
    """Mean score (n,) of each response of ``frame`` over the judgements of it; NaN without any."""
    entries = settings.get("procedures", {})
    sampled = settings.get("sample_procedure", "sample")
    judges = [
        name
        for name, about in entries.items()
        if about.get("kind") == "judge" and (about.get("parent") or sampled) == sampled
    ]
    rows = outcomes[outcomes["procedure"].isin(judges)]
    if rows.empty or "response_id" not in frame:
        return np.full(len(frame), np.nan)
    judged = rows[["parents", "score", "procedure"]].explode("parents").dropna()
    # scales differ between judges, so only the first in the config speaks
    known = set(judged["procedure"])
    first = next((judge for judge in judges if judge in known), None)
    if first is None:  # no judgement holds a score that could be read
        return np.full(len(frame), np.nan)
    judged = judged[judged["procedure"] == first]
    means = judged.groupby("parents")["score"].mean()
    result: np.ndarray = means.reindex(frame["response_id"]).to_numpy(np.float64)
    return result


def short_draws(frame: pd.DataFrame) -> pd.Series:
    """True for rows of draw indices whose median length is under 60 % of the median index's.

    Decided per model and dataset. Recordings whose draws start with different forced phrases have
    such indices; a phrase that switches thinking off would pose as an effect of length.
    """
    column = length_column(frame)
    if column is None:
        return pd.Series(False, index=frame.index)
    medians = frame.groupby(["model", "dataset", "draw"], sort=False)[column].median()
    typical = medians.groupby(level=["model", "dataset"]).transform("median")
    short = medians < SHORT_DRAW * typical
    keys = pd.MultiIndex.from_frame(frame[["model", "dataset", "draw"]])
    return pd.Series(short.reindex(keys).to_numpy(bool), index=frame.index)


def subsets(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The subsets of SUBSETS by name; truncation that is unknown counts as not cut."""
    yield "decided", frame
    cut = frame["truncated"].astype("boolean").fillna(False).to_numpy(bool)
    yield "uncut", frame[~cut]
    answered = (frame["answer_class"] >= 0).to_numpy(bool)
    yield "answered", frame[answered]
    known = [c for c in COLUMNS if c in frame]
    kept = answered.copy()
    kept[answered] = ~short_draws(frame.loc[answered, known]).to_numpy(bool)
    yield "exchangeable", frame[kept]


def cells(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """(model, dataset, rows) of every model and dataset, then of every model over all datasets."""
    for (model, dataset), rows in frame.groupby(["model", "dataset"], sort=True, observed=True):
        yield str(model), str(dataset), rows
    models = sorted(frame["model"].unique())
    for model in models:
        rows = frame if len(models) == 1 else frame[frame["model"] == model]
        if rows["dataset"].nunique() > 1:
            yield str(model), ALL, rows


def n_undecided(rows: pd.DataFrame) -> int:
    """Responses of these models and datasets that were left out as undecided."""
    return int(rows.drop_duplicates(["model", "dataset"])["n_undecided"].sum())
