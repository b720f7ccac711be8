"""The generate job: one model, one shard of draws, every dataset and procedure of one depth.

The model is loaded once, and only if the journal lacks an answer. All requests share one continuous
batch. Each answer is journalled as it arrives; at the end the parquet shards are written as views
of the journal, so a job that was killed, resumed or run again gives the same bytes.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from itc import registry, schemas, tables, timing
from itc.config.model import Model
from itc.config.procedure import Settings
from itc.engines import _base as engines
from itc.generation_stream import Counts, Live, Progress, Stream
from itc.journal import Journal
from itc.procedures._base import Response, Work
from itc.procedures._options import ProcedureError

TERMINATED = 128 + signal.SIGTERM  # exit code of a job that was asked to stop and can be requeued

_OF_ROW = (  # columns that a Response has under the same name
    "problem_id",
    "draw",
    "round",
    "parents",
    "prompt_sha256",
    "text",
    "thinking_end",
    "n_prompt_tokens",
    "n_output_tokens",
    "n_thinking_tokens",
    "finish_reason",
    "token_ids",
    "seed",
)
_NULLABLE = {
    "thinking_end": "Int32",
    "n_prompt_tokens": "Int32",
    "n_output_tokens": "Int32",
    "n_thinking_tokens": "Int32",
    "tensor_parallel": "Int32",
    "draw": "int32",
    "round": "int32",
    "seed": "int64",
}


@dataclass
class Job:
    """One output of a generate job.

    dataset: its name. problems: table ``datasets``. procedure: entry name. settings: the entry
    with its template texts and system message. procedure_hash: of all generation settings, part of
    the journal's path. parents: table ``responses`` of the parent procedure and shard, with columns
    answer and score of its annotations, or None. output: path of the parquet shard; its stem names
    the shard. block: only that many of the shard's draws, None for all.
    """

    dataset: str
    problems: pd.DataFrame
    procedure: str
    settings: Settings
    procedure_hash: str
    parents: pd.DataFrame | None
    output: Path
    block: int | None = None


class Terminated(SystemExit):
    """SIGTERM arrived: everything finished is in the journal, the job can be requeued."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


def journal_path(root: str | Path, model_name: str, job: Job) -> Path:
    """``{root}/{model}/{procedure}-{hash}/{shard}.jsonl``."""
    folder = f"{job.procedure}-{job.procedure_hash}"
    return Path(root) / model_name / folder / f"{Path(job.output).stem}.jsonl"


def check(procedure: str, settings: Settings) -> None:
    """Raise ProcedureError for a procedure entry that cannot run; loads no engine, no data."""
    registry.load("procedures", settings.entry.kind).check(procedure, settings)


def generate_shard(
    model: Model,
    model_name: str,
    jobs: list[Job],
    journal_root: str | Path,
    seed: int,
    draws: range,
    on_progress: Callable[[Counts], None] | None = None,
    *,
    lock_wait: float | None = None,
) -> dict[str, Any]:
    """Generate what the journals lack, write every job's table, return the session's timing.

    model: entry of config/models.yaml. seed: the study's. draws: the shard's block.
    on_progress: called between engine steps; default writes lines to stderr. lock_wait: seconds to
    wait for another job on the same shard, None for ever, 0 refuses. The timing goes to
    ``{shard}.timing.json`` beside each journal, never into a table. Raises EngineError,
    ProcedureError, JournalError, TableError; Terminated (exit code 143) after a SIGTERM.
    """
    for job in jobs:
        check(job.procedure, job.settings)
    engines.check(model_name, model)
    works = [_work(model, model_name, job, seed, draws) for job in jobs]
    total = sum(_kind(work).requests(work) for work in works)
    progress = Progress(total, f"generate {model_name}")
    with ExitStack() as stack:
        stop = stack.enter_context(_termination())
        opened = _open_journals(stack, journal_root, model_name, jobs, lock_wait)
        journals = [opened[journal_path(journal_root, model_name, job)] for job in jobs]
        engine = registry.load("engines", model.engine)
        stream = Stream(
            engines.identity(model),
            lambda: engine.open_engine(model),
            tell=on_progress or progress,
            stop=stop.requested,
        )
        clock = timing.Clock()
        try:
            finished = stream.run(_lives(works, journals, stop))
        except Exception:
            if stop.requested():  # the engine's processes got the signal too and died of it
                raise Terminated() from None
            raise
        platform = stream.engine.platform if stream.engine else None
        session = clock.session(stream.counts.told(), stream.start_seconds, platform)
        if on_progress is None:
            progress(stream.counts, last=True)
        for path, journal in opened.items():
            journal.sync()
            timing.add(path, session)
        if not finished:
            raise Terminated()
        for job, work, journal in zip(jobs, works, journals, strict=True):
            tables.write(_table(work, _rows(stream, work, journal)), "responses", job.output)
    return session


def _work(model: Model, model_name: str, job: Job, seed: int, draws: range) -> Work:
    needs_parent = registry.constants("procedures", job.settings.entry.kind).get("PARENT")
    if needs_parent and job.parents is None:
        raise ProcedureError(
            f"procedures.{job.procedure}.parent: missing; kind {job.settings.entry.kind!r} reads "
            f"the responses of a {needs_parent!r} procedure, so name one"
        )
    if job.problems.empty:
        raise ProcedureError(f"dataset {job.dataset!r} has no problems; correct its definition")
    parents = None
    if job.parents is not None:
        keys = ["problem_id", "draw", "round"]
        own = job.parents
        if len(draws[: job.block]) < len(draws):
            own = own[own["draw"].isin(draws[: job.block])]
        parents = own.sort_values(keys, kind="stable").to_dict("records")
    draws = draws[: job.block]
    return Work(
        dataset=job.dataset,
        model=model_name,
        procedure=job.procedure,
        settings=job.settings,
        problems=job.problems.sort_values("problem_id", kind="stable").to_dict("records"),
        parents=parents,
        draws=draws,
        seed=seed,
        thinking=engines.thinking(model),
        logprobs=model.logprobs,
    )


def _kind(work: Work) -> Any:
    return registry.load("procedures", work.settings.entry.kind)


def _lives(works: list[Work], journals: list[Journal], stop: _Termination) -> Iterator[Live]:
    for work, journal in zip(works, journals, strict=True):
        for chain in _kind(work).chains(work):
            if stop.requested():
                return
            yield Live(chain, work, journal)


def _rows(stream: Stream, work: Work, journal: Journal) -> list[Response]:
    rows: list[Response] = []
    for chain in _kind(work).chains(work):
        start = len(rows)
        stream.replay(Live(chain, work, journal, rows))
        for row in rows[start:]:  # lists of ints would take ten times the memory
            row.token_ids = np.asarray(row.token_ids, dtype=np.int32)
    return rows


def _table(work: Work, rows: list[Response]) -> pd.DataFrame:
    """Rows of one job as a frame of table ``responses``."""
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _OF_ROW}
    columns["dataset"] = [work.dataset] * len(rows)
    columns["model"] = [work.model] * len(rows)
    columns["procedure"] = [work.procedure] * len(rows)
    columns["response_id"] = [work.response_id(r.problem_id, r.draw, r.round) for r in rows]
    for name in ("engine", "engine_version", "dtype", "gpu", "tensor_parallel"):
        columns[name] = [row.platform.get(name) for row in rows]
    settings = [row.platform.get("settings") for row in rows]
    columns["engine_settings"] = [json.dumps(s, sort_keys=True) if s else None for s in settings]
    for name in schemas.LOGPROBS:
        columns[name] = [row.logprobs.get(name) for row in rows]
    for name, kind in _NULLABLE.items():
        columns[name] = pd.array(columns[name], dtype=kind)
    for name in schemas.LOGPROBS:
        columns[name] = pd.array(columns[name], dtype="Float64")
    return pd.DataFrame(columns)


def _open_journals(
    stack: ExitStack, root: str | Path, model_name: str, jobs: list[Job], wait: float | None
) -> dict[Path, Journal]:
    """Every journal once, locked in the order of their paths so that two jobs cannot deadlock."""

    def tell(message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    paths = sorted({journal_path(root, model_name, job) for job in jobs})
    return {p: stack.enter_context(Journal(p, wait=wait, tell=tell)) for p in paths}


class _Termination:
    def __init__(self) -> None:
        self._requested = False

    def requested(self) -> bool:
        return self._requested

    def __call__(self, *_: object) -> None:
        print(
            "SIGTERM: finishing the journal; start the same command again to go on from here",
            file=sys.stderr,
            flush=True,
        )
        self._requested = True


@contextmanager
def _termination() -> Iterator[_Termination]:
    """Turn SIGTERM into a flag while the block runs; only the main thread may do that."""
    stop = _Termination()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
