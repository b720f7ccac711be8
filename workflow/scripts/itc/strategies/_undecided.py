"""What undecided answers could change: the accuracy if all of them were right, or all wrong.

An undecided answer has a class of its own, so calling it right or wrong afterwards does not bound a
vote: it may be another spelling of the right answer, or of the strongest wrong one, and would then
have strengthened it. So a strategy is evaluated again on outcomes in which undecided answers are
resolved: all right and of the right class, or all wrong and of the most frequent wrong class.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from itc.grading._base import RIGHT, UNDECIDED, WRONG

PROBLEM = ["model", "problem_id"]
LOW, HIGH, SHARE = "correct_if_undecided_wrong", "correct_if_undecided_right", "undecided"


def affected(outcomes: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Distinct values of ``by`` that have an undecided response."""
    return outcomes.loc[outcomes["verdict"] == UNDECIDED, by].drop_duplicates()


def keep(frame: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``frame`` whose values in the columns of ``wanted`` are one of its rows."""
    columns = list(wanted.columns)
    index = pd.MultiIndex.from_frame(frame[columns])
    return frame[index.isin(pd.MultiIndex.from_frame(wanted))]


def resolve(outcomes: pd.DataFrame, verdict: str) -> pd.DataFrame:
    """``outcomes`` of one dataset with every undecided response judged ``verdict``.

    ``right``: it joins the class of the problem's right answers, also where it cast no vote.
    ``wrong``: it joins the most frequent class of wrong answers of its model, procedure and
    problem (the lowest number of several). Where there is no such class it forms one.
    """
    open_rows = (outcomes["verdict"] == UNDECIDED).to_numpy()
    if verdict not in (RIGHT, WRONG):
        raise ValueError(f"verdict {verdict!r}: an undecided answer is resolved as right or wrong")
    if not open_rows.any():
        return outcomes
    place = PROBLEM if verdict == RIGHT else ["model", "procedure", "problem_id"]
    judged = outcomes[(outcomes["verdict"] == verdict) & (outcomes["answer_class"] >= 0)]
    votes = judged.groupby([*place, "answer_class"]).size().rename("votes").reset_index()
    votes = votes.sort_values(
        [*place, "votes", "answer_class"], ascending=[True] * len(place) + [False, True]
    )
    leader = votes.drop_duplicates(place).set_index(place)["answer_class"]
    new = outcomes.groupby(PROBLEM)["answer_class"].transform("max")[open_rows].clip(lower=-1) + 1
    known = leader.reindex(pd.MultiIndex.from_frame(outcomes.loc[open_rows, place])).to_numpy()
    classes = outcomes["answer_class"].to_numpy().copy()
    classes[open_rows] = np.where(pd.isna(known), new.to_numpy(), known).astype(classes.dtype)
    verdicts = outcomes["verdict"].to_numpy(dtype=object).copy()
    verdicts[open_rows] = verdict
    return outcomes.assign(answer_class=classes, verdict=verdicts)


def share(outcomes: pd.DataFrame, by: list[str]) -> pd.Series:
    """Share of undecided responses per ``by``."""
    return (outcomes["verdict"] == UNDECIDED).groupby([outcomes[name] for name in by]).mean()


def widen(values: pd.DataFrame, resolved: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """``values`` with LOW and HIGH moved to what the resolved outcomes give, where they give it.

    ``resolved``: values by verdict, of the same strategy. LOW never exceeds ``correct`` and HIGH
    is never below it, so a strategy that is not monotone in its votes keeps an interval.
    """
    key = ["model", "problem_id", "budget"]
    index = pd.MultiIndex.from_frame(values[key])
    for column, verdict, extreme in ((LOW, WRONG, np.fmin), (HIGH, RIGHT, np.fmax)):
        values[column] = extreme(values[column].to_numpy(), values["correct"].to_numpy())
        if len(resolved[verdict]):
            other = resolved[verdict].set_index(key)["correct"].reindex(index).to_numpy()
            values[column] = extreme(values[column].to_numpy(), other)
    return values
