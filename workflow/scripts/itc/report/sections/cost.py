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
    Column("batch", "batch", help="model and depth of its procedures"),
    Column("jobs", "jobs", "integer", "with a benchmark file"),
    Column("sessions", "sessions", "integer", "starts of generation jobs, retries included"),
    Column("resumed", "resumed", "integer", "sessions that found finished requests in the journal"),
    Column("requests", "requests", "integer", "finished, over all sessions"),
    Column("seconds", "wall seconds", "tokens", "summed over jobs"),
    Column("cpu_seconds", "CPU seconds", "tokens", "summed over jobs"),
    Column("gpu_seconds", "GPU seconds", "tokens", "wall seconds times GPUs held"),
    Column("tokens_per_second", "tokens per second", "tokens", "output, without the start"),
    Column("max_rss_mb", "peak memory, MB", "tokens", "largest resident memory of one job"),
]
READ = "benchmark files of the jobs, summed"
HELD = "session records beside the journal, summed"
NOTE = (
    "From Snakemake’s benchmark files and the records of generation sessions. The newest run of "
    "each job counts; a session is one start of a generation job, so more sessions than jobs are "
    "retries or later additions."
)


def build(context: Context) -> Blocks | None:
    """Tokens from table ``quality``, jobs from the benchmark files in the provenance record."""
    cards, blocks = [], []
    quality = context.table("quality", "output_tokens", "n_responses")
    if quality is not None:
        total = quality["n_responses"].sum()
        cards.append(Card("responses", count(total, "sum of quality.n_responses")))
        for column, label in (
            ("output_tokens", "output tokens"),
            ("prompt_tokens", "prompt tokens"),
        ):
            if column in quality and quality[column].notna().any():
                tokens = count(quality[column].sum(), f"sum of quality.{column}")
                cards.append(Card(label, tokens, ("on record",)))
    jobs = pd.DataFrame(context.provenance.get("cost", ()))
    if len(jobs):
        cards.append(Card("jobs", count(jobs["jobs"].sum(), READ), ("with a benchmark",)))
        hours = count(jobs["seconds"].sum() / 3600, READ, "number")
        cards.append(Card("job hours", hours, ("wall clock",)))
        if "gpu_seconds" in jobs and jobs["gpu_seconds"].notna().any():
            used = count(jobs["gpu_seconds"].sum() / 3600, READ, "number")
            cards.append(Card("GPU hours", used, ("of generation jobs",)))
        if "sessions" in jobs and jobs["sessions"].notna().any():
            resumed = count(jobs["resumed"].sum(), HELD)
            detail = ("of ", count(jobs["sessions"].sum(), HELD), " sessions")
            cards.append(Card("resumed", resumed, detail))
        jobs = jobs.loc[:, jobs.notna().any()]
        blocks.append(TableBlock.of("jobs", "Jobs by rule and batch", jobs, JOBS, note=NOTE))
    return Blocks((Cards(tuple(cards)), *blocks)) if cards else None
