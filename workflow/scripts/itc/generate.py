"""The generate job: one model, one shard of draws, every dataset and procedure of one depth.

The model is loaded once, and only if the journal lacks an answer. All requests share one continuous
batch. Each answer is journalled as it arrives; at the end the parquet shards are written as views
of the journal, so a job that was killed, resumed or run again gives the same bytes.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from itc import migration, registry, tables, timing
from itc.config import identity
from itc.config.model import Model
from itc.config.procedure import Settings
from itc.contents import MEMORY, Contents
from itc.engines import _base as engines
from itc.engines._vllm_options import bounded
from itc.generation_progress import Counts, Progress
from itc.generation_stream import Live, Stream
from itc.generation_table import table
from itc.journal import Journal
from itc.journal_index import Elsewhere
from itc.procedures._base import Response, Work
from itc.procedures._continues import check_engine
from itc.procedures._options import ProcedureError

TERMINATED = 128 + signal.SIGTERM  # exit code of a job that was asked to stop and can be requeued


@dataclass
class Job:
    """One output of a generate job.

    dataset: its name. problems: table ``datasets``. procedure: entry name. settings: the entry
    with its template texts and system message. procedure_hash: of all generation settings, part of
    the journal's path. parents: table ``responses`` of the parent procedure and shard, with columns
    answer and score of its annotations, or None. output: path of the parquet shard; its stem names
    the shard. block: only that many of the shard's draws, None for all. identity:
    what ``procedure_hash`` is the hash of, kept beside the journal for people and `identity`.
    """

    dataset: str
    problems: pd.DataFrame
    procedure: str
    settings: Settings
    procedure_hash: str
    parents: pd.DataFrame | None
    output: Path
    block: int | None = None
    identity: Mapping[str, Any] | None = None


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
    contents: Contents | None = None,
) -> dict[str, Any]:
    """Generate what the journals lack, write every job's table, return the session's timing.

    model: entry of config/models.yaml. seed: the study's. draws: the shard's block.
    on_progress: called between engine steps; default writes lines to stderr. lock_wait: seconds to
    wait for another job on the same shard, None for ever, 0 refuses. contents: digests of weights,
    by default remembered beside the journal. The timing goes to
    ``{shard}.timing.json`` beside each journal, never into a table. Raises EngineError,
    ProcedureError, JournalError, TableError; Terminated (exit code 143) after a SIGTERM.
    """
    for job in jobs:
        check(job.procedure, job.settings)
        check_engine(job.procedure, job.settings, model_name, model)
    engines.check(model_name, model)
    works = [work_of(model, model_name, job, seed, draws) for job in jobs]
    total = sum(_kind(work).requests(work) for work in works)
    progress = Progress(total, f"generate {model_name}")
    with ExitStack() as stack:
        stop = stack.enter_context(_termination())
        opened = _open_journals(stack, journal_root, model_name, jobs, lock_wait)
        journals = [opened[journal_path(journal_root, model_name, job)] for job in jobs]
        for job in jobs:
            if job.identity is not None:
                migration.write(journal_path(journal_root, model_name, job).parent, job.identity)
        engine = registry.load("engines", model.engine)
        started = bounded(model, [job.settings.entry for job in jobs])
        contents = contents or Contents(Path(journal_root) / MEMORY)
        stream = Stream(
            identity.of_model(model, contents.of_model(model)),
            lambda: _opened(engine, started, model_name, jobs, journal_root),
            tell=on_progress or progress,
            stop=stop.requested,
            secrets=(model.api_key_env,),
        )
        clock = timing.Clock()
        try:
            elsewhere = _elsewhere(journal_root, model_name, jobs, set(opened))
            finished = stream.run(_lives(works, journals, elsewhere, stop))
        except Exception:
            if stop.requested():  # the engine's processes got the signal too and died of it
                raise Terminated() from None
            raise
        finally:
            _tell_origins(stream)
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
            tables.write(table(work, _rows(stream, work, journal)), "responses", job.output)
    return session


def parents_of(responses: str | Path, annotations: str | Path) -> pd.DataFrame:
    """Responses with the answers and scores that were read out of them."""
    names = ["response_id", "answer", "answer_how", "score"]
    read = tables.read(annotations, "annotations", names)
    return tables.read(responses, "responses").merge(read, on="response_id", validate="1:1")


def work_of(model: Model, model_name: str, job: Job, seed: int, draws: range) -> Work:
    """What a procedure may know of ``job``: the rows of its tables in the order they are asked.

    Raises ProcedureError for a dataset without problems or a parent that is missing.
    """
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
        thinking=engines.active_thinking(model, job.settings),
        logprobs=model.logprobs,
        resample=model.resample,
    )


def _kind(work: Work) -> Any:
    return registry.load("procedures", work.settings.entry.kind)


def _lives(
    works: list[Work], journals: list[Journal], elsewhere: dict[str, Elsewhere], stop: _Termination
) -> Iterator[Live]:
    for work, journal in zip(works, journals, strict=True):
        for chain in _kind(work).chains(work):
            if stop.requested():
                return
            yield Live(chain, work, journal, elsewhere=elsewhere[work.procedure])


def _opened(
    engine: Any, model: Model, model_name: str, jobs: list[Job], root: str | Path
) -> AbstractContextManager[engines.Engine]:
    """Open the engine; first say what is sampled again for one changed key."""
    for job in {job.procedure_hash: job for job in jobs if job.identity is not None}.values():
        own = journal_path(root, model_name, job).parent
        line = migration.warning(root, model_name, job.procedure, own.name, job.identity or {})
        if line and not any(path.stat().st_size for path in own.glob("*.jsonl")):
            print(line, file=sys.stderr, flush=True)
    opened: AbstractContextManager[engines.Engine] = engine.open_engine(model)
    return opened


def _tell_origins(stream: Stream) -> None:
    for (procedure, origin), count in sorted(stream.origins.items()):
        print(
            f"{count} answers to {procedure} were found in {origin} and taken over from there; "
            "none of them is asked again",
            file=sys.stderr,
            flush=True,
        )


def _elsewhere(
    root: str | Path, model_name: str, jobs: list[Job], own: set[Path]
) -> dict[str, Elsewhere]:
    """Per procedure, the journals of other paths that may hold its answers."""
    return {
        name: Elsewhere(root, model_name, name, own)
        for name in dict.fromkeys(job.procedure for job in jobs)
    }


def _rows(stream: Stream, work: Work, journal: Journal) -> list[Response]:
    rows: list[Response] = []
    for chain in _kind(work).chains(work):
        start = len(rows)
        stream.replay(Live(chain, work, journal, rows))
        for row in rows[start:]:  # lists of ints would take ten times the memory
            row.token_ids = np.asarray(row.token_ids, dtype=np.int32)
    return rows


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
