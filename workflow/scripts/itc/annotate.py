"""Grade and measure responses: the only stage after generation that reads their text."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pandas as pd

from itc import registry, schemas, tables
from itc.config.procedure import Settings
from itc.features._all import compute_features
from itc.grading._base import JUDGEMENT, NO_SCORE, NONE, SCORE, UNDECIDED
from itc.grading._grade import grade
from itc.guard import Undecidable, guarded

RESPONSE_KEY = [*schemas.RESPONSE_KEY, "response_id"]
GRADES = ["answer", "answer_how", "normal_form", "verdict", "cause", "score"]


def annotate(
    responses: pd.DataFrame,
    problems: pd.DataFrame,
    settings: Settings,
    features: list[str],
    cache: Path | str | None = None,
) -> pd.DataFrame:
    """Return table ``annotations`` of ``responses`` (table ``responses``, one procedure).

    ``settings`` is the procedure: where its kind reads a score out of the text (a
    judge), that score replaces the task's partial credit. ``features`` names the features,
    ``cache`` a folder that keeps symbolic results; it changes the time, never a value.
    """
    procedure = registry.load("procedures", settings.entry.kind)
    if hasattr(procedure, "read_score"):
        graded = judgements(responses, procedure, settings)
    else:
        graded = grade(responses, problems, cache=cache)[GRADES]
        if hasattr(procedure, "was_read"):
            read = [procedure.was_read(row, settings) for _, row in responses.iterrows()]
            graded["read"] = pd.Series(read, responses.index, dtype="boolean")
    measured = compute_features(responses, features)
    return pd.concat([responses[RESPONSE_KEY], graded, measured], axis=1)


def judgements(responses: pd.DataFrame, procedure: ModuleType, settings: Settings) -> pd.DataFrame:
    """Grades of judgements: the score each one gives; they answer no problem, so none is right.

    ``cause`` is ``judgement``, or ``no_score`` where none can be read; ``read`` says the same.
    """
    scores = [_score(procedure, row, settings) for _, row in responses.iterrows()]
    score = pd.Series(scores, responses.index, dtype=float)
    read = score.notna()
    nothing = pd.Series(None, responses.index, dtype=object)
    return pd.DataFrame(
        {
            "answer": nothing,
            "answer_how": read.map({True: SCORE, False: NONE}).astype(object),
            "normal_form": nothing,
            "verdict": UNDECIDED,
            "cause": read.map({True: JUDGEMENT, False: NO_SCORE}).astype(object),
            "score": score,
            "read": read.astype("boolean"),
        },
        index=responses.index,
    )


def _score(procedure: ModuleType, row: pd.Series, settings: Settings) -> float | None:
    """Score that a judgement's text gives; None where it gives none, or where reading it fails."""
    try:
        return guarded(procedure.read_score, row, settings)  # type: ignore[no-any-return]
    except Undecidable:
        return None


def annotate_file(
    path: Path,
    problems: pd.DataFrame,
    settings: Settings,
    features: list[str],
    cache: Path | str | None = None,
) -> pd.DataFrame:
    """Annotate a file of responses piece by piece, so that memory does not grow with its text."""
    pieces = [
        annotate(piece, problems, settings, features, cache)
        for piece in tables.stream(path, "responses")
    ]
    return pd.concat(pieces, ignore_index=True)
