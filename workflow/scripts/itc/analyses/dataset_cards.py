"""One card per dataset: size, answer types, length of questions, duplicates, licence."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc import tables
from itc.datasets._problems import duplicates

TITLE = "Dataset cards"
INPUTS = ("datasets",)

tables.register(
    tables.Schema(
        "dataset_cards",
        1,
        {
            "dataset": tables.STRING,
            "title": tables.STRING,
            "n_problems": tables.INT,
            "answer_type": tables.STRING,
            "n_subjects": tables.INT,
            "n_difficulties": tables.INT,
            "question_characters_median": tables.FLOAT,
            "question_characters_max": tables.FLOAT,
            "n_duplicates": tables.INT,  # problems whose question stands elsewhere in the study
            "source": tables.STRING,
            "licence": tables.STRING,
        },
        ("dataset",),
        ("title", "n_problems"),
    )
)


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """One row per dataset of table ``datasets`` (with its column ``dataset``)."""
    problems = dict(tuple(inputs["datasets"].groupby("dataset")))
    repeated = duplicates(problems)
    rows = []
    for name, frame in problems.items():
        length = frame["question"].dropna().str.len()
        rows.append(
            {
                "dataset": name,
                "title": settings["datasets"][name]["title"],
                "n_problems": len(frame),
                "answer_type": ", ".join(sorted(frame["answer_type"].unique())),
                "n_subjects": frame["subject"].nunique(),
                "n_difficulties": frame["difficulty"].nunique(),
                "question_characters_median": length.median(),
                "question_characters_max": length.max(),
                "n_duplicates": int((repeated["dataset"] == name).sum()) if len(repeated) else 0,
                "source": ", ".join(sorted(frame["source"].dropna().unique())),
                "licence": settings["datasets"][name]["licence"],
            }
        )
    return pd.DataFrame(rows)
