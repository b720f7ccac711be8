"""What the study cost to run: Snakemake's benchmark files, and the sessions of generation jobs.

Neither is an input of the report's rule: a run time is no result, and must not remake a page.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from itc.timing import sessions

COLUMNS = ("s", "max_rss", "cpu_time")


def read_cost(
    jobs: Mapping[str, Mapping[str, Any]], folder: Path, base: Path
) -> list[dict[str, Any]]:
    """Rows of ``read_benchmarks`` for the study's own jobs, with GPU seconds and sessions.

    ``jobs``: ``{rule}/{batch}`` below ``folder`` -> ``gpu`` (GPUs one job holds) and ``timing``
    (files of its sessions, relative to ``base``). Jobs without a benchmark file are left out.
    """
    files = [f for name in jobs for f in (folder / name).glob("*.tsv")]
    rows = read_benchmarks(files, folder)
    for row in rows:
        job = jobs[f"{row['rule']}/{row['batch']}"]
        held = sessions(base / path for path in job["timing"])
        tokens = sum(s.output_tokens for s in held)
        seconds = sum(s.generating_seconds for s in held)
        row["gpu_seconds"] = row["seconds"] * job["gpu"] if job["gpu"] else None
        row["sessions"] = len(held) or None
        row["resumed"] = sum(s.requests_from_journal > 0 for s in held) if held else None
        row["requests"] = sum(s.requests_finished for s in held) if held else None
        row["tokens_per_second"] = tokens / seconds if seconds else None
    return rows


def read_benchmarks(files: Iterable[Path], folder: Path) -> list[dict[str, Any]]:
    """One row per rule and batch below ``folder`` ({rule}/{batch}/{shard}.tsv): jobs, runs (a rule
    with benchmark repeats has more than one line), seconds, CPU seconds (both summed), and the
    largest resident memory in MB. Unreadable values count as unknown.
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
