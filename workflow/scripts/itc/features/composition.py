"""What a response is written in: foreign scripts, mathematics, lines with equations.

* ``f_cjk_share`` Chinese, Japanese and Korean characters among all letters counted here;
* ``f_foreign_share`` those and Cyrillic, Arabic, Hebrew, Indic and Thai ones (Greek is left out:
  it is mathematics);
* ``f_symbol_share`` digits and mathematical signs among the characters that are no blanks;
* ``f_equation_lines_share`` lines with ``=`` among the lines that are not blank.

Each of the whole response, and ``_in_thinking`` and ``_in_answer``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl

from itc.features._text import count_bytes, split_parts, to_series

TITLE = "Script and mathematics"
NEEDS = ("text", "thinking_end", "n_thinking_tokens")
MEASURES = ("f_cjk_share", "f_foreign_share", "f_symbol_share", "f_equation_lines_share")
COLUMNS = tuple(m + part for part in ("", "_in_thinking", "_in_answer") for m in MEASURES)


def _bytes(*ranges: tuple[int, int] | bytes) -> np.ndarray:
    table = np.zeros(256, bool)
    for part in ranges:
        table[list(part) if isinstance(part, bytes) else slice(part[0], part[1] + 1)] = True
    return table


# leading bytes of UTF-8: E3 = U+3000-3FFF, E4-E9 = U+4000-9FFF, EA-ED = Hangul and neighbours
CJK = _bytes((0xE3, 0xED))
# D0-D4 = Cyrillic, D6-D7 Hebrew, D8-DB Arabic, E0 = Indic scripts and Thai
OTHER = _bytes((0xD0, 0xD4), (0xD6, 0xDB), (0xE0, 0xE0))
LATIN = _bytes((65, 90), (97, 122))
SYMBOL = _bytes(b"0123456789+-*/=^<>|_\\{}()[]%")
VISIBLE = _bytes((33, 126), (0xC2, 0xF4))  # every character but blanks, by its leading byte


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _shares(text: pl.Series) -> list[np.ndarray]:
    """MEASURES of n texts, (n,) each; NaN where there is nothing to divide by."""
    cjk, other, latin, symbols, visible = count_bytes(text, (CJK, OTHER, LATIN, SYMBOL, VISIBLE))
    lines = text.str.count_matches(r"(?m)^.*\S.*$").cast(float).to_numpy()
    equations = text.str.count_matches(r"(?m)^.*=.*$").cast(float).to_numpy()
    letters = cjk + other + latin
    parts = (cjk, letters), (cjk + other, letters), (symbols, visible), (equations, lines)
    return [_share(*pair) for pair in parts]


def compute(responses: pd.DataFrame) -> pd.DataFrame:
    """Float columns COLUMNS, index of ``responses``; NaN where there is nothing to divide by."""
    parts = split_parts(responses)
    whole = _shares(to_series(responses["text"]))
    thinking, answer = [np.full(len(responses), np.nan)] * len(MEASURES), whole
    if parts.has_thinking.any():
        thinking, answer = _shares(parts.thinking), _shares(parts.answer)
    values = np.column_stack([*whole, *thinking, *answer])
    return pd.DataFrame(values, index=responses.index, columns=list(COLUMNS), dtype=np.float64)
