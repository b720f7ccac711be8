"""Linguistic markers of a response, by lexicon and category, in its whole and in its parts.

For a lexicon L (file name in ``config/lexicons``) and a region (whole response: no suffix;
``_in_thinking``, ``_in_answer``):

* ``f_L_count`` hits, ``f_L_per_1000_words``, ``f_L_per_1000_tokens`` density;
* ``f_L_distinct`` number of different markers used, ``f_L_diversity`` = distinct / sqrt(hits)
  (Guiraud's index, which grows less with length than distinct / hits falls).

For each category C of a lexicon with several: ``f_L_C_count`` and ``f_L_C_per_1000_words`` of the
whole response. For a lexicon of the family ``itc``, ``f_L_odd_per_1000_words`` and
``f_L_even_per_1000_words`` count only every other marker of the file: two halves of the list, to
see how much a result depends on the choice of words. ``f_L_without_M_per_1000_words`` counts all
but marker M, for each M of the lexicon's ``leave_out``, ``f_L_without_frequent_per_1000_words`` all
but these: whether one word makes the result.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from itc.features._count import count_markers, markers_of
from itc.features._lexicon import Lexicon, load
from itc.features._text import count_words, floats, split_parts

TITLE = "Linguistic markers"
NEEDS = ("text", "thinking_end", "n_output_tokens", "n_thinking_tokens")
REGIONS = {"whole": "", "thinking": "_in_thinking", "answer": "_in_answer"}
STATISTICS = ("count", "per_1000_words", "per_1000_tokens", "distinct", "diversity")


def subcategories(lexicon: Lexicon) -> list[str]:
    """Categories that get columns of their own: those of a lexicon with more than one."""
    return list(lexicon.categories) if len(lexicon.categories) > 1 else []


def halves(lexicon: Lexicon) -> dict[str, int]:
    """Name -> first marker of the halves; published lists are not ours to split."""
    return {"odd": 0, "even": 1} if lexicon.family == "itc" else {}


def left_out(lexicon: Lexicon) -> dict[str, tuple[str, ...]]:
    """Variant (``without_...``) -> heads of the markers that it does not count."""
    found = {f"without_{re.sub('[^a-z0-9]+', '_', head)}": (head,) for head in lexicon.leave_out}
    return found | ({"without_frequent": lexicon.leave_out} if found else {})


def columns(lexicons: Sequence[Lexicon]) -> tuple[str, ...]:
    """Names of all columns, in the order of ``compute``."""
    found = []
    for lexicon in lexicons:
        for suffix in REGIONS.values():
            found += [f"f_{lexicon.name}_{statistic}{suffix}" for statistic in STATISTICS]
        for category in subcategories(lexicon):
            found += [f"f_{lexicon.name}_{category}_{s}" for s in ("count", "per_1000_words")]
        for variant in (*halves(lexicon), *left_out(lexicon)):
            found.append(f"f_{lexicon.name}_{variant}_per_1000_words")
    return tuple(found)


COLUMNS = columns(load())


def _rate(hits: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Hits per 1,000; NaN where the size is 0 or unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(size > 0, 1000.0 * hits / size, np.nan)


def compute(responses: pd.DataFrame, lexicons: Sequence[Lexicon] | None = None) -> pd.DataFrame:
    """Marker columns of n responses: floats, index of ``responses``; NaN where there is no text."""
    lexicons = load() if lexicons is None else tuple(lexicons)
    parts = split_parts(responses)
    markers = markers_of(lexicons)
    lexicon_of = np.array([m.lexicon for m in markers])
    category_of = np.array([m.category for m in markers])
    # no marker crosses the border: a closing delimiter ends in no word character
    in_thinking = count_markers(parts.thinking, lexicons)
    in_answer = count_markers(parts.answer, lexicons)
    absent = parts.answer.is_null().to_numpy()
    tokens, thinking_tokens = (
        floats(responses, c) for c in ("n_output_tokens", "n_thinking_tokens")
    )
    words_thinking, words_answer = count_words(parts.thinking), count_words(parts.answer)
    regions = {
        "whole": (in_thinking + in_answer, words_thinking + words_answer, tokens, absent),
        "thinking": (in_thinking, words_thinking, thinking_tokens, absent | ~parts.has_thinking),
        "answer": (in_answer, words_answer, tokens - thinking_tokens, absent),
    }
    values: dict[str, np.ndarray] = {}
    for lexicon in lexicons:
        mine = lexicon_of == lexicon.name
        for region, suffix in REGIONS.items():
            counts, words, n_tokens, empty = regions[region]
            hits = np.where(empty, np.nan, counts[:, mine].sum(1))
            distinct = np.where(empty, np.nan, (counts[:, mine] > 0).sum(1))
            name = f"f_{lexicon.name}_"
            values[f"{name}count{suffix}"] = hits
            values[f"{name}per_1000_words{suffix}"] = _rate(hits, words)
            values[f"{name}per_1000_tokens{suffix}"] = _rate(hits, n_tokens)
            values[f"{name}distinct{suffix}"] = distinct
            values[f"{name}diversity{suffix}"] = distinct / np.sqrt(np.maximum(hits, 1))
        counts, words, _, empty = regions["whole"]
        for category in subcategories(lexicon):
            hits = np.where(empty, np.nan, counts[:, mine & (category_of == category)].sum(1))
            values[f"f_{lexicon.name}_{category}_count"] = hits
            values[f"f_{lexicon.name}_{category}_per_1000_words"] = _rate(hits, words)
        own = np.flatnonzero(mine)
        heads = np.array([m.head for m in markers])[own]
        variants = {half: own[first::2] for half, first in halves(lexicon).items()}
        for variant, gone in left_out(lexicon).items():
            variants[variant] = own[~np.isin(heads, gone)]
        for variant, kept in variants.items():
            rate = _rate(counts[:, kept].sum(1), words)
            values[f"f_{lexicon.name}_{variant}_per_1000_words"] = np.where(empty, np.nan, rate)
    wanted = list(columns(lexicons))
    return pd.DataFrame(values, index=responses.index, columns=wanted, dtype=np.float64)
