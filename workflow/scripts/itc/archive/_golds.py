"""Gold answers and choices of recorded problems."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd

from itc.archive._rows import text_or_null

log = logging.getLogger(__name__)


def golds_of(value: Any) -> list[str]:
    """Gold answers of a row: a text, or a list of which each entry is right; none where null."""
    values = value if _is_list(value) else [value]
    texts = [text_or_null(item) for item in values]
    return [text for text in texts if text or (text is not None and not _is_list(value))]


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def options(choices: Any) -> list[str] | None:
    """Texts of a problem's choices: a list, or ``{"text": [...]}`` as some benchmarks store it."""
    if isinstance(choices, Mapping):
        choices = choices.get("text")
    if not _is_list(choices) or not choices:
        return None
    if not all(isinstance(choice, str | int | float) for choice in choices):
        return None
    return [str(text_or_null(choice)).strip() for choice in choices]


def warn_unreadable(name: str, problems: pd.DataFrame, where: str) -> None:
    """One line with the count of golds that the grader cannot read; they will be undecided."""
    from itc.grading._problems import unreadable_golds

    found = unreadable_golds(problems)
    if found:
        log.warning(
            "%s: the gold answers of %d of %d problems of %r cannot be read as %s, the first that "
            "of %r; their responses are undecided (unreadable_gold). Map `gold`, or set the "
            "dataset's answer_type",
            where, len(found), len(problems), name, problems["answer_type"].iloc[0], found[0],
        )  # fmt: skip
