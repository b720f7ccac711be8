"""Writing and reading a table of outcomes against pandas' own parquet, and JSON lines.

128,000 rows (one dataset and model at 256 draws) with a hundred features. `tables.write` checks
types, keys and missing values, sorts, and writes beside the target before it renames; the baseline
is `DataFrame.to_parquet` with the same compression, which checks nothing. JSON lines are what most
evaluation tools write, for comparison (on a tenth of the rows). CPU time, medians, sides in turns.
Exits 1 where writing and reading together take over 1.5 times the baseline.

    python benchmarks/table_io.py [--quick]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from itc import tables

BAR, FEATURES = 1.5, 100


def outcomes(problems: int, draws: int) -> pd.DataFrame:
    """A table ``outcomes`` of one cell, in key order."""
    rng = np.random.default_rng(0)
    n = problems * draws
    names = np.repeat([f"p{i:04d}" for i in range(problems)], draws)
    draw = np.tile(np.arange(draws, dtype=np.int32), problems)
    frame = {
        "dataset": "d",
        "model": "m",
        "procedure": "sample",
        "problem_id": names,
        "draw": draw,
        "round": np.int32(0),
        "response_id": [f"d/m/sample/{p}/{k}/0" for p, k in zip(names, draw, strict=True)],
        "answer_class": rng.integers(-1, 20, n).astype(np.int32),
        "answer": rng.integers(0, 1000, n).astype(str),
        "verdict": rng.choice(["right", "wrong", "undecided"], n, p=[0.6, 0.39, 0.01]),
        "n_output_tokens": rng.integers(1, 32_768, n).astype(np.int32),
    }
    counts = {f"f_{i:03d}": rng.poisson(i / 10, n).astype(float) for i in range(FEATURES)}
    return pd.DataFrame(frame | counts)


def seconds(action: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    action()
    return time.process_time() - start


def main() -> int:
    """Print a line per side and the result as one JSON object."""
    problems, draws = (50, 64) if "--quick" in sys.argv else (500, 256)
    frame = outcomes(problems, draws)
    tenth = frame.head(len(frame) // 10)
    with tempfile.TemporaryDirectory() as folder:
        ours, pandas, lines = (
            Path(folder) / name for name in ("o.parquet", "p.parquet", "j.jsonl")
        )
        actions = {
            ("ours", "write"): lambda: tables.write(frame, "outcomes", ours),
            ("ours", "read"): lambda: tables.read(ours, "outcomes"),
            ("pandas", "write"): lambda: frame.to_parquet(pandas, compression="zstd"),
            ("pandas", "read"): lambda: pd.read_parquet(pandas),
            ("JSON lines", "write"): lambda: tenth.to_json(lines, orient="records", lines=True),
            ("JSON lines", "read"): lambda: pd.read_json(lines, lines=True),
        }
        spent: dict[tuple[str, str], list[float]] = {key: [] for key in actions}
        for _ in range(5):
            for key, action in actions.items():
                spent[key].append(seconds(action))
        size = {"ours": ours, "pandas": pandas, "JSON lines": lines}
        megabytes = {side: path.stat().st_size / 1e6 for side, path in size.items()}
    median = {key: statistics.median(runs) for key, runs in spent.items()}
    for side in size:
        share = 10 if side == "JSON lines" else 1
        print(
            f"{side}: write {share * median[side, 'write']:.2f} s, "
            f"read {share * median[side, 'read']:.2f} s, {share * megabytes[side]:.1f} MB"
        )
    total = {side: median[side, "write"] + median[side, "read"] for side in ("ours", "pandas")}
    print(
        json.dumps(
            {
                "name": f"writing and reading {len(frame):,} outcomes of {frame.shape[1]} columns",
                "unit": "CPU seconds",
                "ours": round(total["ours"], 2),
                "baseline": round(total["pandas"], 2),
                "ratio": round(total["ours"] / total["pandas"], 2),
                "higher_is_better": False,
            }
        )
    )
    return int(total["ours"] > BAR * total["pandas"])


if __name__ == "__main__":
    sys.exit(main())
