"""Are the draws of a problem exchangeable? Accuracy and length by draw index, and its settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from itc.analyses import _responses as responses
from itc.analyses.quality import accuracy_drift, length_drift
from itc.schemas import BOOL, FLOAT, INT, STRING, Schema, register
from itc.stats.bootstrap import holm

TITLE = "Exchangeability of draws: accuracy, length and settings by draw index"
INPUTS = ("outcomes",)
UNIT = "model"
ALPHA = 0.01  # family-wise, over the indices and both measures of one model and dataset
TYPICAL = 0.95  # share of an index's responses that a setting's commonest value must cover
LONGEST = 80  # characters of a setting's value

KEY = {"dataset": STRING, "model": STRING, "measure": STRING, "draw": INT}
SCHEMA = register(
    Schema(
        "exchangeability",
        1,
        {
            **KEY,  # dataset ``all``: problems of all datasets; measure: accuracy | length
            "n_problems": INT,  # that have this draw and another one
            "n_draws": INT,  # draw indices of this model and dataset
            "overall_p": FLOAT,  # all indices at once: Cochran's Q, or Friedman's test of lengths
            "value": FLOAT,  # mean at this index: share right, or length
            "others": FLOAT,  # mean of the same problems' other draws
            "z": FLOAT,  # stratified by problem; of ranks within the problem for lengths
            "p": FLOAT,
            "p_holm": FLOAT,
            "flagged": BOOL,
            "settings": STRING,  # JSON: this index's values of settings that differ by index
        },
        tuple(KEY),
        ("n_draws",),
    )
)


def outcome_columns(settings: dict[str, Any], available: Sequence[str]) -> tuple[str, ...]:
    """Columns of ``outcomes`` that the table is made of."""
    return (*responses.COLUMNS, "condition")


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``exchangeability``, one row per dataset, model, measure and draw index.

    Undecided responses take no part in the accuracy. Models with one draw have no rows.
    """
    procedure = settings.get("sample_procedure", "sample")
    outcomes = inputs["outcomes"]
    outcomes = outcomes[outcomes["procedure"] == procedure]
    outcomes = outcomes[outcomes["round"] == outcomes["round"].min()]
    frames = [_cell(dataset, model, part) for dataset, model, part in _cells(outcomes)]
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pd.DataFrame(columns=list(SCHEMA.columns))
    return pd.concat(frames, ignore_index=True)[list(SCHEMA.columns)]


def _cells(outcomes: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for (dataset, model), part in outcomes.groupby(["dataset", "model"], sort=True):
        yield str(dataset), str(model), part
    if outcomes["dataset"].nunique() > 1:
        names = outcomes["dataset"].astype(str) + "\x1f" + outcomes["problem_id"].astype(str)
        for model, part in outcomes.assign(problem_id=names).groupby("model", sort=True):
            yield "all", str(model), part


def _cell(dataset: str, model: str, part: pd.DataFrame) -> pd.DataFrame:
    draws = np.sort(part["draw"].unique())
    if len(draws) < 2:
        return pd.DataFrame()
    right = part["verdict"].map({"right": 1.0, "wrong": 0.0}).astype(float)
    measures = {"accuracy": (right, False, accuracy_drift(part))}
    column = responses.length_column(part)
    if column is not None:
        measures["length"] = (part[column].astype(float), True, length_drift(part))
    settings = settings_by_index(part)
    frames = []
    for measure, (values, ranked, overall) in measures.items():
        table = part.assign(value=values).pivot(index="problem_id", columns="draw", values="value")
        frame = by_index(table[draws].to_numpy(np.float64), ranked)
        frames.append(frame.assign(measure=measure, draw=draws, overall_p=overall))
    found = pd.concat(frames, ignore_index=True)
    found["p_holm"] = holm(found["p"].to_numpy())
    return found.assign(
        dataset=dataset,
        model=model,
        n_draws=len(draws),
        flagged=found["p_holm"] < ALPHA,
        settings=found["draw"].map(settings),
    )


def by_index(values: np.ndarray, ranked: bool = False) -> pd.DataFrame:
    """Each draw index against the other draws of the same problems; ``values`` [P, D], NaN missing.

    Under exchangeability an index holds any of its problem's values with equal chance. So the sum
    over problems of (value - the problem's mean) has mean 0 and variance sum of the problems'
    variances (population form): z is their ratio, its p the normal limit of the permutation test
    within problems (a van Elteren statistic for ranks). ``ranked`` replaces values by their ranks
    within the problem, so that one long response does not decide.
    """
    known = ~np.isnan(values)
    usable = known & (known.sum(axis=1, keepdims=True) > 1)
    count = usable.sum(axis=0)
    n = np.where(usable.any(axis=1), known.sum(axis=1), np.nan)[:, None]
    kept = np.where(usable, values, 0.0)
    total = kept.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        others = np.where(usable, (total - kept) / (n - 1), 0.0).sum(axis=0) / count
        mean = kept.sum(axis=0) / count
        scored = stats.rankdata(values, axis=1, nan_policy="omit") if ranked else values
        centre = np.where(usable, scored, 0.0).sum(axis=1, keepdims=True) / n
        deviation = np.where(usable, scored - centre, 0.0)
        variance = np.where(usable, (deviation**2).sum(axis=1, keepdims=True) / n, 0.0).sum(axis=0)
        z = np.where(variance > 0, deviation.sum(axis=0) / np.sqrt(variance), np.nan)
    return pd.DataFrame(
        {
            "n_problems": count,
            "value": mean,
            "others": others,
            "z": z,
            "p": 2 * stats.norm.sf(abs(z)),
        }
    )


def settings_by_index(part: pd.DataFrame) -> dict[int, str]:
    """For each draw index the settings that differ by index, as JSON; what varies freely is none.

    A key of ``condition`` is such a setting where each index's commonest value covers TYPICAL of
    its responses and no one value covers as much of all. A number that only counts the draws is
    none.
    """
    if "condition" not in part:
        return {}
    texts = part["condition"].fillna("{}")
    known = {text: json.loads(text) for text in texts.unique()}
    draws = part["draw"].to_numpy()
    found: dict[int, dict[str, str]] = {int(draw): {} for draw in np.unique(draws)}
    for key in sorted({key for settings in known.values() for key in settings}):
        value = {text: json.dumps(settings.get(key)) for text, settings in known.items()}
        counts = pd.crosstab(draws, texts.map(value).to_numpy())
        typical = counts.max(axis=1).sum() / counts.to_numpy().sum()
        if typical >= TYPICAL and counts.sum().max() / counts.to_numpy().sum() < TYPICAL:
            names = counts.idxmax(axis=1)
            if _counts_draws(names):
                continue
            for draw, name in names.items():
                found[int(draw)][key] = str(json.loads(str(name)))[:LONGEST]
    return {d: json.dumps(s, sort_keys=True, ensure_ascii=False) for d, s in found.items() if s}


def _counts_draws(names: pd.Series) -> bool:
    """Whether values (JSON, by draw index) are the index itself, from whatever start."""
    numbers = pd.to_numeric(names, errors="coerce") - names.index
    return bool(numbers.nunique(dropna=False) == 1 and numbers.notna().all())
