"""Length of a response: tokens, words, characters, paragraphs, and the share spent thinking.

``f_tokens`` are output tokens, ``f_log_tokens`` their natural logarithm; ``_in_thinking`` and
``_in_answer`` are the parts before and behind the closing thinking delimiter. Words are runs
without blanks, ``f_bytes`` is the size in UTF-8. ``f_thinking_share`` is the thinking part of the
tokens, or of the characters where the source tells no thinking tokens.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from itc.features._text import (
    count_characters,
    count_paragraphs,
    count_size,
    count_words,
    floats,
    split_parts,
)
from itc.thinking import ends

TITLE = "Length"
NEEDS = ("text", "thinking_end", "n_output_tokens", "n_thinking_tokens")
COLUMNS = (
    "f_tokens",
    "f_log_tokens",
    "f_tokens_in_thinking",
    "f_tokens_in_answer",
    "f_words",
    "f_log_words",
    "f_words_in_thinking",
    "f_words_in_answer",
    "f_characters",
    "f_characters_in_thinking",
    "f_characters_in_answer",
    "f_bytes",
    "f_paragraphs",
    "f_paragraphs_in_thinking",
    "f_paragraphs_in_answer",
    "f_thinking_share",
)


def _log(size: np.ndarray) -> np.ndarray:
    """Natural logarithm; NaN for an empty response, whose length has no order of magnitude."""
    return np.log(np.where(size > 0, size, np.nan))


def compute(responses: pd.DataFrame) -> pd.DataFrame:
    """Lengths of n responses: float columns COLUMNS, index of ``responses``; NaN where unknown."""
    parts = split_parts(responses)
    tokens = floats(responses, "n_output_tokens")
    thinking_tokens = floats(responses, "n_thinking_tokens")
    words = {"in_thinking": count_words(parts.thinking), "in_answer": count_words(parts.answer)}
    characters = count_characters(parts.thinking), count_characters(parts.answer)
    total_characters = characters[0] + characters[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(
            np.isnan(thinking_tokens / tokens),
            characters[0] / total_characters,
            thinking_tokens / tokens,
        )
    all_words = words["in_thinking"] + words["in_answer"]
    paragraphs = count_paragraphs(parts.thinking), count_paragraphs(parts.answer)
    share = np.where(np.isnan(ends(responses)), np.nan, share)  # thinking or answer: unknown
    values = {
        "f_tokens": tokens,
        "f_log_tokens": _log(tokens),
        "f_tokens_in_thinking": thinking_tokens,
        "f_tokens_in_answer": tokens - thinking_tokens,
        "f_words": all_words,
        "f_log_words": _log(all_words),
        "f_words_in_thinking": np.where(parts.has_thinking, words["in_thinking"], np.nan),
        "f_words_in_answer": words["in_answer"],
        "f_characters": total_characters,
        "f_characters_in_thinking": np.where(parts.has_thinking, characters[0], np.nan),
        "f_characters_in_answer": characters[1],
        "f_bytes": count_size(parts.thinking) + count_size(parts.answer),
        "f_paragraphs": paragraphs[0] + paragraphs[1],
        "f_paragraphs_in_thinking": np.where(parts.has_thinking, paragraphs[0], np.nan),
        "f_paragraphs_in_answer": paragraphs[1],
        "f_thinking_share": np.where(np.isfinite(share), share, np.nan),
    }
    return pd.DataFrame(values, index=responses.index, columns=list(COLUMNS), dtype=np.float64)
