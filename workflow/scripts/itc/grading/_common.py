"""Answer classes common to several models, by the grader's own relation.

Outcome tables number classes within a model. A vote over several models needs to know which answers
of different models are one: the same relation decides it that formed the classes.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from itc.grading._classes import classify
from itc.grading._grade import by_id, grader

COLUMN = "common_class"


def with_common_classes(
    outcomes: pd.DataFrame, problems: pd.DataFrame, cache: Path | str | None = None
) -> pd.DataFrame:
    """``outcomes`` of one dataset with int ``common_class``: its class over all models, -1 = none.

    ``problems``: table ``datasets``. Every distinct answer is compared with those of the other
    models, right and wrong ones alike; ``cache`` keeps symbolic results.
    """
    known = by_id(problems)
    answered = outcomes["answer_class"].to_numpy() >= 0
    answered &= outcomes["answer"].notna().to_numpy()
    rows = outcomes.loc[answered, ["problem_id", "answer", "verdict"]]
    distinct = rows.drop_duplicates(ignore_index=True)
    forms = [
        grader(known[problem]["answer_type"]).normal_form(answer, known[problem])
        for problem, answer in zip(distinct["problem_id"], distinct["answer"], strict=True)
    ]
    distinct["normal_form"] = pd.Series(forms, dtype=object)
    distinct[COLUMN] = classify(distinct, problems, cache=cache).ids.to_numpy()
    key = ["problem_id", "answer", "verdict"]
    found = rows.merge(distinct.drop(columns="normal_form"), on=key, how="left")[COLUMN]
    result = outcomes.assign(**{COLUMN: -1})
    result.loc[answered, COLUMN] = found.to_numpy()
    return result.astype({COLUMN: "int64"})
