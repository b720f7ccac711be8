"""Marker counting: MB of text per CPU second and thread, all lexicons together.

    python benchmarks/markers.py [--text FILE.parquet] [--megabytes 20] [--repeats 5]

Three ways count the same markers in the same texts in the same run: ours (one alternation per
family in Polars, one thread), one Python alternation per family, one Python regular expression per
form. Counts of ours and of the Python alternation must be equal. Text: a column ``text`` of a
parquet file, by default made up from words and markers in the proportions of reasoning traces.
The last line is one JSON object; exits 1 where ours is slower than 60 MB/s.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from itc.features._count import count_markers, longest_first, markers_of
from itc.features._lexicon import Lexicon, load

LIMIT = 60.0
PLAIN = """
the of and we have is that x to equation n equals value number for triangle point with can be this
which are side angle sum \\frac{1}{2} $a^2$ = 3x + 5 12 total solve given let each
"""


def made_up(megabytes: float, lexicons: tuple[Lexicon, ...]) -> pl.Series:
    """Texts of about 25 kB in which one word in seven is a marker, twice as many as in traces."""
    rng = np.random.default_rng(0)
    forms = [form for marker in markers_of(lexicons) for form in marker.forms]
    frequent = ["so", "wait", "then", "but", "therefore", "maybe", "let me check", "because"]
    texts = []
    for _ in range(max(int(megabytes * 45), 1)):
        words = rng.choice(PLAIN.split(), 4500).astype(object)
        spots = np.flatnonzero(rng.random(4500) < 0.14)
        common = rng.random(len(spots)) < 0.9
        rare = rng.choice(forms, len(spots))
        words[spots] = np.where(common, rng.choice(frequent, len(spots)), rare)
        gaps = np.where(rng.random(4500) < 0.03, "\n\n", " ")
        texts.append("".join(word + gap for word, gap in zip(words, gaps, strict=True)))
    return pl.Series("text", texts)


def escape(form: str) -> str:
    """The same language as ours, in Python's syntax."""
    return re.escape(form).replace(r"\ ", r"\s+").replace("'", "['\u2019]")


def one_alternation(texts: list[str], lexicons: tuple[Lexicon, ...]) -> int:
    """Total hits by one compiled Python alternation per family."""
    total = 0
    for family in sorted({x.family for x in lexicons}):
        own = [x for x in lexicons if x.family == family]
        blocked = {b for x in own for b in x.blocked}
        forms = [f for x in own for m in x.markers for f in m.forms]
        body = "|".join(escape(f) for f in longest_first([*forms, *blocked]))
        pattern = re.compile(rf"\b(?:{body})\b", re.IGNORECASE | re.ASCII)
        hidden = re.compile("|".join(map(escape, blocked)) or "(?!)", re.IGNORECASE | re.ASCII)
        total += sum(not hidden.fullmatch(hit) for text in texts for hit in pattern.findall(text))
    return total


def one_per_form(texts: list[str], lexicons: tuple[Lexicon, ...]) -> int:
    """Total hits by one Python regular expression per form; overlapping hits count twice."""
    forms = [f for x in lexicons for m in x.markers for f in m.forms]
    patterns = [re.compile(rf"\b{escape(f)}\b", re.IGNORECASE | re.ASCII) for f in forms]
    return sum(len(pattern.findall(text)) for text in texts for pattern in patterns)


def speed(count: Callable[[], object], megabytes: float, repeats: int) -> tuple[float, object]:
    """MB per CPU second, best of ``repeats``, and what was counted."""
    best, result = np.inf, None
    for _ in range(repeats):
        begin = time.process_time()
        result = count()
        best = min(best, time.process_time() - begin)
    return megabytes / best, result


def main() -> int:
    """Measure, print, compare with the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", help="parquet file with a column `text`")
    parser.add_argument("--megabytes", type=float, default=20.0)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    lexicons = load()
    if options.text:
        texts = pl.read_parquet(options.text, columns=["text"])["text"].drop_nulls()
        size = texts.str.len_bytes()
        texts = texts.filter(size.cum_sum() <= options.megabytes * 1e6)
    else:
        texts = made_up(options.megabytes, lexicons)
    megabytes = float(texts.str.len_bytes().sum()) / 1e6
    ours, hits = speed(lambda: count_markers(texts, lexicons), megabytes, options.repeats)
    some = texts.head(max(len(texts) // 10, 1))
    some_mb = float(some.str.len_bytes().sum()) / 1e6
    plain = some.to_list()
    python, python_hits = speed(lambda: one_alternation(plain, lexicons), some_mb, 1)
    few = plain[: max(len(plain) // 10, 1)]
    few_mb = sum(len(t.encode()) for t in few) / 1e6
    per_form, _ = speed(lambda: one_per_form(few, lexicons), few_mb, 1)
    mine = int(count_markers(some, lexicons).sum())
    print(f"{megabytes:.1f} MB, {len(texts)} texts, {int(hits.sum())} hits, one thread")
    print(f"ours                     {ours:8.1f} MB/s")
    print(f"one Python alternation   {python:8.1f} MB/s (on {some_mb:.1f} MB, {python_hits} hits)")
    print(f"one regex per form       {per_form:8.1f} MB/s (on {few_mb:.1f} MB)")
    if mine != python_hits:
        print(f"counts differ: {mine} and {python_hits}", file=sys.stderr)
        return 1
    print(
        json.dumps(
            {
                "name": "marker counting, all lexicons",
                "unit": "MB of text per CPU second",
                "ours": round(ours, 1),
                "baseline": round(python, 1),
                "ratio": round(ours / python, 2),
                "higher_is_better": True,
            }
        )
    )
    return 0 if ours >= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
