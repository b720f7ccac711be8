"""Compute chosen features of many responses in memory that does not grow with the study."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from types import ModuleType

import numpy as np
import pandas as pd

from itc import registry
from itc.features._lexicon import lexicon_hash
from itc.guard import SECONDS, Undecidable, guarded

log = logging.getLogger(__name__)
__all__ = ["compute_features", "lexicon_hash"]

CHUNK_CHARACTERS = 16_000_000  # of text per pass: enough for speed, little beside a shard
CHUNK_SECONDS = 20.0  # of CPU time for one feature of a chunk; milliseconds is what is usual


def _chunks(responses: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Slices of whole rows with about CHUNK_CHARACTERS of text each."""
    if "text" not in responses or responses.empty:
        yield responses
        return
    length = responses["text"].str.len().to_numpy(np.float64, na_value=0.0)
    block = (np.cumsum(length) // CHUNK_CHARACTERS).astype(np.int64)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(responses)], strict=True):
        yield responses.iloc[start:stop]


def compute_features(responses: pd.DataFrame, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Columns ``f_...`` of every feature in ``names`` (default: all), index of ``responses``.

    ``responses`` keeps table ``responses``; columns that are absent there (old recordings) make
    the features that need them NaN. A response that a feature fails on, or takes too long for, is
    NaN in its columns, and counted in the log. Raises UnknownExtensionError for an unknown feature
    and ValueError where two features claim one column.
    """
    modules = {n: registry.load("features", n) for n in names or registry.names("features")}
    owner: dict[str, str] = {}
    for name, module in modules.items():
        for column in module.COLUMNS:
            if owner.setdefault(column, name) != name:
                raise ValueError(
                    f"features {owner[column]!r} and {name!r} both make column {column!r}; "
                    "rename one"
                )
    if "text" not in responses:
        responses = responses.assign(text=pd.Series(None, index=responses.index, dtype="str"))
    done = [
        pd.concat([_measure(name, module, chunk) for name, module in modules.items()], axis=1)
        for chunk in _chunks(responses)
    ]
    return pd.concat(done) if done else pd.DataFrame(index=responses.index)


def _measure(name: str, module: ModuleType, chunk: pd.DataFrame) -> pd.DataFrame:
    """Columns of one feature; NaN for a response that it fails on, the others as ever.

    Raises what the feature raises where it also fails on an empty reply: then the fault is its own.
    """
    try:
        whole: pd.DataFrame = guarded(module.compute, chunk, seconds=CHUNK_SECONDS)
        return whole
    except Undecidable:
        pass
    rows, causes = [], Counter[str]()
    for place in range(len(chunk)):
        row = chunk.iloc[place : place + 1]
        try:
            rows.append(guarded(module.compute, row, seconds=SECONDS))
        except Undecidable as error:
            module.compute(row.assign(text=pd.Series("", index=row.index, dtype="str")))
            causes[error.cause] += 1
            rows.append(
                pd.DataFrame(
                    np.nan, index=row.index, columns=list(module.COLUMNS), dtype=np.float64
                )
            )
    if causes:
        log.warning("feature %r is missing for some responses, by cause: %s", name, dict(causes))
    return pd.concat(rows) if rows else module.compute(chunk)
