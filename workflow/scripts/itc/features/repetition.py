"""How much of a response repeats itself word for word: loops of a model that got stuck.

The text is cut into windows of WINDOW bytes that begin at a word. ``f_repetition`` is the share of
windows that stood before in the same response, ``f_repetition_tail`` the same among the windows of
the last fifth. A model that loops to its token cap comes near 1, ordinary reasoning stays below a
fifth. ``f_repetition_in_thinking`` and ``_in_answer`` look at the windows inside that part only, so
an answer that repeats what was thought does not count there.

One window in SAMPLE is looked at, chosen by its own hash, so a repeated window is looked at either
every time or never and the share stays right.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from itc.features._text import border

TITLE = "Repetition"
NEEDS = ("text", "thinking_end", "n_thinking_tokens")
COLUMNS = (
    "f_repetition",
    "f_repetition_tail",
    "f_repetition_in_thinking",
    "f_repetition_in_answer",
)

WINDOW = 48
SAMPLE = 4
TAIL = 0.2
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it has an inverse modulo 2^64
_INVERSE = np.uint64(pow(int(_BASE), -1, 2**64))


def window_hashes(data: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """64-bit hash of the WINDOW bytes of ``data`` (uint8) from each of ``starts``.

    Sums of byte times power of _BASE modulo 2^64, taken as differences of one running sum and
    shifted back by the inverse power: equal windows have equal hashes wherever they stand.
    """
    n = len(data)
    powers = np.cumprod(np.full(n, _BASE, np.uint64))
    running = np.zeros(n + 1, np.uint64)
    np.cumsum((data.astype(np.uint64) + np.uint64(1)) * powers, out=running[1:])
    back = np.cumprod(np.full(n, _INVERSE, np.uint64))
    value = (running[starts + WINDOW] - running[starts]) * back[starts]
    value ^= value >> np.uint64(29)  # low bits of the sum are weak, and choose the sample
    value *= np.uint64(0xBF58476D1CE4E5B9)
    result: np.ndarray = value ^ (value >> np.uint64(32))
    return result


def _repeated(hashes: np.ndarray) -> np.ndarray:
    """Bool (n,): the same hash stands before."""
    _, first = np.unique(hashes, return_index=True)
    repeated = np.ones(len(hashes), bool)
    repeated[first] = False
    return repeated


def _inside(starts: np.ndarray, hashes: np.ndarray, looked: np.ndarray) -> float:
    """Share of repeated windows among those given; NaN for none, 0 where none is looked at."""
    if len(starts) == 0:
        return np.nan
    return float(_repeated(hashes[looked]).mean()) if looked.any() else 0.0


def repetition(text: str, end: float = 0.0) -> tuple[float, float, float, float]:
    """COLUMNS of one text whose thinking part has ``end`` characters, see ``border``.

    NaN for a text or part too short to hold a window.
    """
    data = np.frombuffer(text.encode(), np.uint8)
    blank = (data == 32) | ((data >= 9) & (data <= 13))
    begins = ~blank
    begins[1:] &= blank[:-1]
    starts = np.flatnonzero(begins[: max(len(data) - WINDOW + 1, 0)])
    if len(starts) == 0:
        return (np.nan,) * 4
    with np.errstate(over="ignore"):
        hashes = window_hashes(data, starts)
    looked = hashes % np.uint64(SAMPLE) == 0
    if not end > 0:
        cut = 0
    elif end >= len(text):
        cut = len(data)
    else:
        cut = len(text[: int(end)].encode())
    inside, after = (
        _inside(starts[own], hashes[own], looked[own])
        for own in (starts + WINDOW <= cut, starts >= cut)
    )
    starts, hashes = starts[looked], hashes[looked]
    if len(starts) == 0:
        return 0.0, 0.0, inside, after
    repeated = _repeated(hashes)
    tail = starts >= (1 - TAIL) * len(data)
    return (
        float(repeated.mean()),
        float(repeated[tail].mean()) if tail.any() else np.nan,
        inside,
        after,
    )


def compute(responses: pd.DataFrame) -> pd.DataFrame:
    """Float columns COLUMNS, index of ``responses``; NaN where there is no text."""
    rows = [
        repetition(text, end) if isinstance(text, str) else (np.nan,) * len(COLUMNS)
        for text, end in zip(responses["text"].to_numpy(object), border(responses), strict=True)
    ]
    return pd.DataFrame(rows, index=responses.index, columns=list(COLUMNS), dtype=np.float64)
