"""Marker counting: MB of text per CPU second and thread, all lexicons together.

    python benchmarks/markers.py [--text FILE.parquet] [--megabytes 20] [--repeats 5]

Three ways count the same markers in the same texts in the same run: ours (one alternation per
family in Polars, one thread), one Python alternation per family, one Python regular expression per
form. Counts of ours and of the Python alternation must be equal. Text: a column ``text`` of a
parquet file, by default made up from words and markers in the proportions of reasoning traces.
Then peak memory: all features of a file of two row groups of responses, and of one of sixteen, each
in a process of its own that reads row group by row group, as annotation does. What may grow is the
table of features itself, 8 bytes a value; the texts may not stay. The last line is one JSON object;
exits 1 where ours is slower than 60 MB/s, or where eight times the text take over a tenth more
memory.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from itc.features._all import compute_features
from itc.features._count import count_markers, longest_first, markers_of
from itc.features._lexicon import Lexicon, load
from itc.tables import stream, to_arrow

LIMIT = 60.0
GROUPS = 2, 16  # row groups; one is read while the one before is let go
GROWTH = 1.1  # of peak memory from the shorter file to the longer
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


def responses_file(texts: pl.Series, copies: int, path: Path) -> None:
    """Table ``responses`` of ``copies`` row groups that all hold ``texts``."""
    n = len(texts)
    cell = {"dataset": "d", "model": "m", "procedure": "sample", "draw": 0, "round": 0}
    frame = pd.DataFrame(
        cell
        | {
            "problem_id": [f"{i:05d}" for i in range(n)],
            "response_id": [str(i) for i in range(n)],
            "text": texts.to_list(),
            "thinking_end": texts.str.len_chars().to_numpy().astype(np.int32) // 2,
            "n_output_tokens": 1000,
            "n_thinking_tokens": 500,
        }
    )
    table = to_arrow(frame, "responses")
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(copies):
            writer.write_table(table, row_group_size=n)


def measure(path: Path) -> None:
    """Print the peak resident memory, in MB, of computing all features of one file."""
    done = [compute_features(piece) for piece in stream(path, "responses")]
    rows = sum(map(len, done))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "peak": peak}))


def peaks(texts: pl.Series) -> list[float]:
    """Peak memory in MB for files of GROUPS row groups of ``texts``."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for copies in GROUPS:
            path = Path(folder) / f"{copies}.parquet"
            responses_file(texts, copies, path)
            command = [sys.executable, __file__, "--measure", str(path)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found.append(float(json.loads(output)["peak"]))
    return found


def main() -> int:
    """Measure, print, compare with the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", help="parquet file with a column `text`")
    parser.add_argument("--megabytes", type=float, default=20.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return 0
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
    short, longer = peaks(texts)
    for groups, peak in zip(GROUPS, (short, longer), strict=True):
        print(f"peak memory of all features, {groups * megabytes:6.1f} MB of text {peak:5.0f} MB")
    print(
        json.dumps(
            {
                "name": "marker counting, all lexicons",
                "unit": "MB of text per CPU second",
                "ours": round(ours, 1),
                "baseline": round(python, 1),
                "ratio": round(ours / python, 2),
                "higher_is_better": True,
                "peak_mb": round(short),
                "peak_mb_longer": round(longer),
            }
        )
    )
    return 0 if ours >= LIMIT and longer <= GROWTH * short else 1


if __name__ == "__main__":
    sys.exit(main())
