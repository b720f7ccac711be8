"""Grade and measure responses: the only stage after generation that reads their text."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pandas as pd

from itc import registry, schemas, tables
from itc.config.procedure import Settings
from itc.features._all import compute_features
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
    graded = grade(responses, problems, cache=cache)[GRADES]
    procedure = registry.load("procedures", settings.entry.kind)
    if hasattr(procedure, "read_score"):
        graded["score"] = [_score(procedure, row, settings) for _, row in responses.iterrows()]
    measured = compute_features(responses, features)
    return pd.concat([responses[RESPONSE_KEY], graded, measured], axis=1)


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
