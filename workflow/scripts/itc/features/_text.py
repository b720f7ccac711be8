"""Texts of responses as Polars series, their parts, and counts read straight from their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from itc.thinking import ends

# Python's own bytes.split() separators, so word counts equal len(text.encode().split())
_SPACE = np.zeros(256, bool)
_SPACE[list(b" \t\n\r\x0b\x0c")] = True


@dataclass(frozen=True)
class Parts:
    """Thinking and answer part of n texts; ``""`` where a part is absent, null where text is.

    ``has_thinking`` (n bools): the response has a thinking part, closed or not.
    """

    thinking: pl.Series
    answer: pl.Series
    has_thinking: np.ndarray


def to_series(column: pd.Series) -> pl.Series:
    """Polars string series of a pandas column; missing values become null."""
    array = pa.Array.from_pandas(column, type=pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return pl.Series("text", pl.from_arrow(array)).cast(pl.String)


def floats(responses: pd.DataFrame, column: str) -> np.ndarray:
    """Column (n,) as float64, NaN for missing, also where the column itself is missing."""
    if column not in responses:
        return np.full(len(responses), np.nan)
    result: np.ndarray = pd.to_numeric(responses[column]).to_numpy(np.float64, na_value=np.nan)
    return result


def border(responses: pd.DataFrame) -> np.ndarray:
    """Characters (n,) of the thinking part: 0 = none, infinite = all of the text, never closed.

    The decision is ``thinking.ends``; where it is unknown the text is taken as answer.
    """
    found: np.ndarray = np.nan_to_num(ends(responses), nan=0.0, posinf=np.inf)
    return found


def split_parts(responses: pd.DataFrame) -> Parts:
    """Split ``text`` where the thinking ends, see ``border``."""
    text, end = to_series(responses["text"]), border(responses)
    has = end > 0
    if not has.any():
        return Parts(pl.select(pl.when(text.is_not_null()).then(pl.lit(""))).to_series(), text, has)
    # beyond any text: a slice to there takes everything
    cut = np.minimum(end, 2**40).astype(np.int64)
    parts = pl.DataFrame({"text": text, "cut": cut}).select(
        thinking=pl.col("text").str.slice(0, pl.col("cut")),
        answer=pl.col("text").str.slice(pl.col("cut")),
    )
    return Parts(parts["thinking"], parts["answer"], has)


def _buffer(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """UTF-8 bytes of all texts end to end (uint8) and their n + 1 offsets; null is empty."""
    array = texts.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    array = array.cast(pa.large_string())
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    whole = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return whole[bounds[0] : bounds[-1]], bounds - bounds[0]


def _sums(flags: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Number of true flags between consecutive bounds; float64."""
    places = np.flatnonzero(flags)
    return np.diff(np.searchsorted(places, bounds)).astype(np.float64)


def count_words(texts: pl.Series) -> np.ndarray:
    """Words (n,) per text: maximal runs without ASCII blanks or line breaks; NaN for null."""
    data, bounds = _buffer(texts)
    blank = _SPACE[data]
    before = np.empty_like(blank)
    before[:1], before[1:] = True, blank[:-1]
    starts = bounds[:-1]
    before[starts[starts < data.size]] = True  # a text begins afresh
    return _with_null(_sums(~blank & before, bounds), texts)


def count_bytes(texts: pl.Series, tables: Sequence[np.ndarray]) -> list[np.ndarray]:
    """For each of ``tables`` (256 bools) how many bytes of each text it marks; NaN for null."""
    data, bounds = _buffer(texts)
    return [_with_null(_sums(table[data], bounds), texts) for table in tables]


def count_paragraphs(texts: pl.Series) -> np.ndarray:
    """Paragraphs (n,) per text: blocks of non-blank lines parted by blank ones; NaN for null."""
    joined = texts.str.strip_chars()
    breaks = joined.str.count_matches(r"\n[ \t\r]*\n\s*").to_numpy().astype(np.float64)
    filled = (joined.str.len_bytes() > 0).to_numpy()
    return np.where(filled.astype(np.float64) > 0, breaks + 1, _with_null(0 * breaks, texts))


def count_characters(texts: pl.Series) -> np.ndarray:
    """Unicode code points (n,) per text, float64; NaN for null."""
    return texts.str.len_chars().cast(pl.Float64).to_numpy()


def count_size(texts: pl.Series) -> np.ndarray:
    """UTF-8 bytes (n,) per text, float64; NaN for null."""
    return texts.str.len_bytes().cast(pl.Float64).to_numpy()


def _with_null(values: np.ndarray, texts: pl.Series) -> np.ndarray:
    return np.where(texts.is_null().to_numpy(), np.nan, values)
