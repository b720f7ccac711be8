"""What the study cost: tokens on record, jobs, hours and memory."""

from __future__ import annotations

import pandas as pd

from itc.report.context import Context
from itc.report.page import Blocks, Card, Cards, Column, TableBlock, count

TITLE = "Cost of the study"
ORDER = 95
TABLES = ("quality", "models", "dataset_cards")

JOBS = [
    Column("rule", "rule", choose=True),
    Column("batch", "batch"),
    Column("jobs", "jobs", "integer"),
    Column("runs", "runs", "integer", "more runs than jobs: some ran again"),
    Column("seconds", "seconds", "tokens", "wall clock, summed over runs"),
    Column("cpu_seconds", "CPU seconds", "tokens"),
    Column("gpu_seconds", "GPU seconds", "tokens"),
    Column("max_rss_mb", "peak memory, MB", "tokens", "largest resident memory of one run"),
]


def build(context: Context) -> Blocks | None:
    """Tokens from table ``quality``, jobs from the benchmark files in the provenance record."""
    cards, blocks = [], []
    quality = context.table("quality", "output_tokens", "n_responses")
    if quality is not None:
        total = quality["n_responses"].sum()
        cards.append(Card("responses", count(total, "sum of quality.n_responses")))
        if quality["output_tokens"].notna().any():
            tokens = count(quality["output_tokens"].sum(), "sum of quality.output_tokens")
            cards.append(Card("output tokens on record", tokens))
    jobs = pd.DataFrame(context.provenance.get("cost", ()))
    if len(jobs):
        source = "benchmark files of the jobs, summed"
        cards.append(Card("jobs with a benchmark", count(jobs["jobs"].sum(), source)))
        hours = count(jobs["seconds"].sum() / 3600, source, "number")
        cards.append(Card("job hours", hours, ("wall clock",)))
        if "gpu_seconds" in jobs and jobs["gpu_seconds"].notna().any():
            used = count(jobs["gpu_seconds"].sum() / 3600, source, "number")
            cards.append(Card("GPU hours", used))
        blocks.append(TableBlock.of("jobs", "Jobs by rule and batch", jobs, JOBS))
    return Blocks((Cards(tuple(cards)), *blocks)) if cards else None
