"""One card per dataset: size, answer types, length of questions, duplicates, source, licence."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc import schemas
from itc.datasets._problems import duplicates

TITLE = "Dataset cards"
INPUTS = ("datasets",)

schemas.register(
    schemas.Schema(
        "dataset_cards",
        1,
        {
            "dataset": schemas.STRING,
            "title": schemas.STRING,
            "n_problems": schemas.INT,
            "answer_type": schemas.STRING,
            "n_subjects": schemas.INT,
            "n_difficulties": schemas.INT,
            "question_characters_median": schemas.FLOAT,
            "question_characters_max": schemas.FLOAT,
            "n_duplicates": schemas.INT,  # problems whose question stands elsewhere in the study
            "n_duplicates_within": schemas.INT,  # ... elsewhere in this dataset
            "n_duplicates_between": schemas.INT,  # ... in another dataset of the study
            "duplicates_in": schemas.STRING,  # those other datasets
            "n_duplicates_conflicting": schemas.INT,  # ... with another gold answer
            "source": schemas.STRING,
            "revision": schemas.STRING,  # commit of a repository, else null
            "licence": schemas.STRING,
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
        length = frame["question"].dropna().astype("str").str.len()
        sources = sorted(frame["source"].dropna().unique())
        pinned = [_pin(source) for source in sources]
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
                **_duplicates(repeated, name),
                "source": ", ".join(repository for repository, _ in pinned),
                "revision": ", ".join(revision for _, revision in pinned if revision) or None,
                "licence": settings["datasets"][name]["licence"],
            }
        )
    return pd.DataFrame(rows)


def _pin(source: str) -> tuple[str, str]:
    """Repository and revision of ``organisation/name@revision``; any other source as it is."""
    repository, _, revision = source.rpartition("@")
    return (repository, revision) if "/" in repository else (source, "")


def _duplicates(repeated: pd.DataFrame, name: str) -> dict[str, Any]:
    """Counts of the problems of ``name`` whose question is asked again, here or elsewhere."""
    own = repeated[repeated["dataset"] == name]
    here = own["group"].duplicated(keep=False)
    others = repeated[repeated["dataset"] != name]
    elsewhere = own["group"].isin(others["group"])
    golds = repeated.groupby("group")["gold"].agg(lambda gold: gold.nunique(dropna=False))
    return {
        "n_duplicates": len(own),
        "n_duplicates_within": int(here.sum()),
        "n_duplicates_between": int(elsewhere.sum()),
        "duplicates_in": ", ".join(
            sorted(others.loc[others["group"].isin(own["group"]), "dataset"].unique())
        )
        or None,
        "n_duplicates_conflicting": int((own["group"].map(golds) > 1).sum()),
    }
