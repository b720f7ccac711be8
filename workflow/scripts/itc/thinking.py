"""Where the thinking of a response ends: one decision, for the answer and for every feature.

A response table says it by ``thinking_end`` (characters up to and with the closing delimiter) or,
for a thinking that never closed, by thinking tokens without an end. Where it says neither, because
the model's entry names no delimiters, well-known ones in the text are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

Pair = tuple[str, str]
# Delimiters of models that are known to think, the first pair is used where a source keeps the
# thinking apart. An entry's own delimiters come before these.
KNOWN: tuple[Pair, ...] = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("◁think▷", "◁/think▷"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
)
HEAD = 200  # an opening delimiter is looked for in so many first characters
NEVER = np.inf
SIGNS = 64  # so many "<" are looked at one by one


def end_in(text: str, pair: Sequence[str] | None) -> float | None:
    """Characters of ``text`` up to its answer, ``NEVER`` where the thinking does not close.

    None where no delimiter is in the text. ``pair`` is the model's; without one the KNOWN pairs are
    tried.
    """
    if not pair and not _may_think(text):
        return None
    for opening, closing in [(pair[0], pair[1])] if pair else KNOWN:
        close = text.rfind(closing)
        if close >= 0:
            return close + len(closing)
        if opening in text[:HEAD]:
            return NEVER
    return None


def _may_think(text: str) -> bool:
    """Whether a KNOWN delimiter can be in ``text``, by few plain searches: most texts have none."""
    at = text.find("<")
    for _ in range(SIGNS):  # one character is found fastest; what follows it decides
        if at < 0:
            break
        if text.startswith(("</", "<|"), at):
            return True
        at = text.find("<", at + 1)
    if at >= 0 and ("</" in text or "<|" in text):
        return True
    if "THINK]" in text or (not text.isascii() and "◁" in text):
        return True
    return any(opening in text[:HEAD] for opening, _ in KNOWN)


def end_of(text: Any, end: Any, tokens: Any, unclear: Any = None) -> float:
    """Characters of the thinking of one response: 0 none, ``NEVER`` all of it, NaN unknown.

    ``end`` and ``tokens`` are ``thinking_end`` and ``n_thinking_tokens``. ``unclear`` is true for
    the text of a model with delimiters that shows none of them, so that it may be either part.
    """
    if end is not None and not pd.isna(end):
        return float(end)
    if tokens is not None and not pd.isna(tokens) and tokens > 0:
        return NEVER
    if not isinstance(text, str):
        return 0.0
    if unclear is not None and not pd.isna(unclear) and unclear:
        return float("nan")
    return end_in(text, None) or 0.0


def ends(responses: pd.DataFrame) -> np.ndarray:
    """``end_of`` of each response (n,), float64."""
    empty = [None] * len(responses)
    columns = [
        responses[name].to_numpy(dtype=object) if name in responses else empty
        for name in ("text", "thinking_end", "n_thinking_tokens", "thinking_unclear")
    ]
    return np.array([end_of(*row) for row in zip(*columns, strict=True)], np.float64)
