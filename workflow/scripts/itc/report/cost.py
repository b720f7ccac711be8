"""What the study cost to run, from Snakemake's benchmark files."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

COLUMNS = ("s", "max_rss", "cpu_time")


def read_benchmarks(files: Iterable[Path], folder: Path) -> list[dict[str, Any]]:
    """One row per rule and batch below ``folder`` ({rule}/{batch}/{shard}.tsv): jobs, runs (a rule
    with benchmark repeats or a job that ran again has more than one line), seconds, CPU seconds
    (both summed), and the largest resident memory in MB. Unreadable values count as unknown.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for file in sorted(files):
        parts = file.relative_to(folder).parts
        rule, batch = parts[0], "/".join(parts[1:-1])
        row = rows.setdefault(
            (rule, batch),
            {
                "rule": rule,
                "batch": batch,
                "jobs": 0,
                "runs": 0,
                "seconds": 0.0,
                "cpu_seconds": 0.0,
                "max_rss_mb": None,
            },
        )
        row["jobs"] += 1
        with file.open(encoding="utf-8", newline="") as stream:
            for line in csv.DictReader(stream, delimiter="\t"):
                seconds, memory, cpu = (_number(line.get(c)) for c in COLUMNS)
                row["runs"] += 1
                row["seconds"] += seconds or 0.0
                row["cpu_seconds"] += cpu or 0.0
                if memory is not None:
                    row["max_rss_mb"] = max(memory, row["max_rss_mb"] or 0.0)
    return [rows[key] for key in sorted(rows)]


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None  # Snakemake writes NA or - for jobs too short to be measured
