"""How sound the recorded responses are: counts, gaps, doubles, drift over draws, other graders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from itc.grading._base import JUDGEMENT, NO_SCORE
from itc.schemas import FLOAT, INT, LONG, STRING, Schema, register

TITLE = "Quality of the recorded responses"
INPUTS = ("outcomes",)
UNIT = "cell"

KEY = {"dataset": STRING, "model": STRING, "procedure": STRING}
SCHEMA = register(
    Schema(
        "quality",
        1,
        {
            **KEY,
            "n_problems": INT,
            "n_responses": LONG,
            "draws_min": INT,  # responses per problem, over all rounds
            "draws_max": INT,
            "right": FLOAT,  # shares of responses
            "wrong": FLOAT,
            "undecided": FLOAT,
            "unparsed": FLOAT,  # no answer found
            "read": FLOAT,  # judgements with a score, selections with a choice, that could be read
            "class_conflict": FLOAT,  # responses whose answer is in one of the following pairs
            "asymmetric_pairs": LONG,  # pairs of answers that are equal in one direction only
            "intransitive_pairs": LONG,  # pairs of one class that differ, or of two that are equal
            "cut": FLOAT,  # ended at the token cap; of those where that is known
            "cut_known": FLOAT,
            "identical": FLOAT,  # same numbers in every column as another response to the problem
            "accuracy_drift_p": FLOAT,  # Cochran's Q: is each draw index equally often right?
            "length_drift_p": FLOAT,  # Friedman: is each draw index equally long?
            "n_platforms": INT,  # engines, versions, types and devices that made them
            "grader_agreement": FLOAT,  # with the source's own grade, where both decided
            "grader_compared": LONG,
            "output_tokens": FLOAT,  # sum over all responses that were counted
            "prompt_tokens": FLOAT,
        },
        tuple(KEY),
        ("n_responses",),
    )
)


def build(inputs: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Table ``quality``, one row per dataset, model and procedure."""
    outcomes = inputs["outcomes"]
    rows = [
        dict(zip(KEY, key, strict=True)) | _row(part)
        for key, part in outcomes.groupby(list(KEY), sort=True)
    ]
    return pd.DataFrame(rows, columns=list(SCHEMA.columns))


def _row(part: pd.DataFrame) -> dict[str, Any]:
    per_problem = part.groupby("problem_id").size()
    verdict = part["verdict"]
    cut = part["truncated"].dropna().astype(bool)
    source, ours = part["source_correct"], verdict.map({"right": True, "wrong": False})
    compared = source.notna() & ours.notna()
    agree = source[compared].astype(bool) == ours[compared].astype(bool)
    return {
        "n_problems": len(per_problem),
        "n_responses": len(part),
        "draws_min": per_problem.min(),
        "draws_max": per_problem.max(),
        **_grades(part),
        "class_conflict": part["class_conflict"].astype("boolean").mean()
        if "class_conflict" in part
        else np.nan,
        **{name: _pairs(part, name) for name in ("asymmetric_pairs", "intransitive_pairs")},
        "cut": cut.mean() if len(cut) else np.nan,
        "cut_known": len(cut) / len(part),
        "identical": identical(part),
        "accuracy_drift_p": accuracy_drift(part),
        "length_drift_p": length_drift(part),
        "n_platforms": part["platform"].nunique() if "platform" in part else None,
        "grader_agreement": agree.mean() if len(agree) else np.nan,
        "grader_compared": len(agree),
        "output_tokens": _total(part["n_output_tokens"]),
        "prompt_tokens": _total(part["n_prompt_tokens"]),
    }


def _grades(part: pd.DataFrame) -> dict[str, float]:
    """Shares of verdicts and of readable judgements; a judgement is no answer: no verdict."""
    judged = part["cause"].isin((JUDGEMENT, NO_SCORE)).all() if "cause" in part else False
    shares = {name: (part["verdict"] == name).mean() for name in ("right", "wrong", "undecided")}
    shares["unparsed"] = (part["answer_class"] < 0).mean()
    read = part["read"].astype("boolean").dropna() if "read" in part else part["verdict"].iloc[:0]
    return {
        **({name: np.nan for name in shares} if judged else shares),
        "read": float(read.astype(float).mean()) if len(read) else np.nan,
    }


def _pairs(part: pd.DataFrame, name: str) -> int | None:
    """Sum over problems of a count that every response of the problem carries."""
    if name not in part or part[name].isna().all():
        return None
    return int(part.groupby("problem_id")[name].first().sum())


def _total(tokens: pd.Series) -> float:
    return float(tokens.sum()) if tokens.notna().any() else np.nan


def identical(part: pd.DataFrame) -> float:
    """Share of responses that equal an earlier one to the same problem in answer and all numbers.

    Outcomes hold no text; equal token counts, log-probs and features are its shadow. Expected for
    very short answers, a sign of a caching or import fault for long ones. NaN without numbers.
    """
    numbers = [c for c in part if c.startswith("f_") or c in ("n_output_tokens", "mean_entropy")]
    numbers += ["cumulative_logprob"] if "cumulative_logprob" in part else []
    numbers = [c for c in numbers if part[c].notna().any()]
    if not numbers:
        return np.nan
    return float(part.duplicated(["problem_id", "round", "answer", *numbers]).mean())


def accuracy_drift(part: pd.DataFrame) -> float:
    """p of Cochran's Q test that every draw index is equally often right; NaN where untestable.

    Uses problems that have all draws of round 0 decided; Q is chi-square with draws - 1 degrees.
    """
    part = part[part["round"] == part["round"].min()]
    right = part["verdict"].map({"right": 1.0, "wrong": 0.0})
    table = part.assign(right=right).pivot(index="problem_id", columns="draw", values="right")
    table = table.dropna().to_numpy()
    problems, draws = table.shape
    row = table.sum(1)
    spread = (row * (draws - row)).sum()
    if problems < 2 or draws < 2 or spread == 0:
        return np.nan
    column = table.sum(0)
    q = draws * (draws - 1) * ((column - column.mean()) ** 2).sum() / spread
    return float(stats.chi2.sf(q, draws - 1))


def length_drift(part: pd.DataFrame) -> float:
    """p of Friedman's test that every draw index is equally long; NaN where untestable."""
    part = part[part["round"] == part["round"].min()]
    for name in ("n_output_tokens", "f_words"):
        if name in part and part[name].notna().any():
            table = part.pivot(index="problem_id", columns="draw", values=name).dropna()
            table = table.to_numpy(np.float64)
            if len(table) < 2 or table.shape[1] < 3 or (np.ptp(table, axis=1) == 0).all():
                return np.nan
            return float(stats.friedmanchisquare(*table.T).pvalue)
    return np.nan
