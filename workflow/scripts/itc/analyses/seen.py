"""Which datasets a model may have seen in training: their day against its data's last day."""

from __future__ import annotations

from typing import Any

import pandas as pd

from itc import schemas

TITLE = "Datasets that may have been seen in training"
INPUTS = ()
SEEN, AFTER, UNKNOWN = "may have been seen in training", "made after its training", "not known"

schemas.register(
    schemas.Schema(
        "seen",
        1,
        {
            "dataset": schemas.STRING,
            "model": schemas.STRING,
            "verdict": schemas.STRING,  # SEEN, AFTER or UNKNOWN
            "published": schemas.STRING,  # day the problems became public, ISO, or null
            "cutoff": schemas.STRING,  # last day of the training data as its makers say, or null
            "released": schemas.STRING,  # day of the model's release, or null
            "reason": schemas.STRING,
        },
        ("dataset", "model"),
        ("verdict",),
    )
)


def build(inputs: dict[str, pd.DataFrame], settings: dict[str, Any]) -> pd.DataFrame:
    """One row per dataset and model of the study; reads no table."""
    rows = []
    for dataset, about in sorted(settings["datasets"].items()):
        for model, entry in sorted(settings["models"].items()):
            published = about.get("published")
            verdict, reason = judge(published, entry.get("cutoff"), entry.get("released"))
            rows.append(
                {
                    "dataset": dataset,
                    "model": model,
                    "verdict": verdict,
                    "published": published,
                    "cutoff": entry.get("cutoff"),
                    "released": entry.get("released"),
                    "reason": reason,
                }
            )
    columns = list(schemas.SCHEMAS["seen"].columns)
    return pd.DataFrame(rows, columns=columns)


def judge(published: str | None, cutoff: str | None, released: str | None) -> tuple[str, str]:
    """Verdict and its reason. Days are ISO: ``2025-02-06``, or ``2025-02`` for a month.

    Problems count as seen unless they surely came later: a month that both share is no proof. The
    makers' cut-off decides where it is known, else the day of the release; where a model was
    released before the problems, it cannot have seen them whatever its makers say.
    """
    if published is None:
        return UNKNOWN, "the dataset's entry gives no `published`"
    if released is not None and _before(released, published):
        return AFTER, f"released {released}, before the problems ({published})"
    if cutoff is not None:
        if _before(cutoff, published):
            return AFTER, f"its data end {cutoff}, before the problems ({published})"
        return SEEN, f"its data reach to {cutoff}; the problems are public since {published}"
    if released is not None:
        return SEEN, f"released {released}; the problems are public since {published}"
    return UNKNOWN, "the model's entry gives neither `cutoff` nor `released`"


def _before(day: str, other: str) -> bool:
    """Whether ``day`` is surely before ``other``: compared to the coarser of the two."""
    shared = min(len(day), len(other))
    return day[:shared] < other[:shared]
