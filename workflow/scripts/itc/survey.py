"""What of a study's responses is there, and what would be sampled anew because of which key.

Every request that can be known without a model is built and looked for in the journals, as the
generation job does. Nothing is asked, and nothing is written but the journals' files of keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from itc import migration, registry, tables
from itc.engines._base import Completion
from itc.generate import Job, parents_of, work_of
from itc.generation_stream import key_of, recorded_as
from itc.grid import Grid
from itc.grid.runs import Run
from itc.journal_index import Elsewhere
from itc.procedures._base import Ask, Response, Work

LOOKED = 2000  # requests of a run that are looked for; the first ones


@dataclass(frozen=True)
class Found:
    """One run: how many of its requests a journal answers, and why it answers no others.

    looked: requests looked for, `there` of them answered, `moved` of these under another path; all
    None where the requests are not known yet. folder: the nearest folder under another hash, and
    changes: the keys in which it differs.
    """

    run: Run
    looked: int | None
    there: int
    moved: int
    folder: Path | None
    changes: tuple[migration.Change, ...]


def survey(grid: Grid) -> list[Found]:
    """One row per run that this study samples itself, in the study's order."""
    return [_run(grid, run) for run in grid.runs if run.model in grid.generated]


def render(found: list[Found]) -> str:
    """The survey as text for a terminal."""
    if not found:
        return "This study samples no model itself, so no change can sample anything anew."
    width = max(len(_label(row.run)) for row in found)
    lines = [f"{'responses':<{width}}  {'answered':>13}  what a run would do"]
    for row in found:
        counts = "?" if row.looked is None else f"{row.there} of {row.looked}"
        lines.append(f"{_label(row.run):<{width}}  {counts:>13}  {_verdict(row)}")
        if row.looked is None or row.there < row.looked:
            lines += [f"{'':<{width}}  {'':>13}    because of {change}" for change in row.changes]
    if any((row.looked or 0) >= LOOKED for row in found):
        lines.append(f"Of each run at most {LOOKED} requests were looked for, the first ones.")
    return "\n".join(lines)


def _label(run: Run) -> str:
    return f"{run.model}, {run.procedure}, {run.dataset}"


def _verdict(row: Found) -> str:
    if row.looked is None:
        waits = "not known yet: its dataset or its parent's responses are to be made first"
        return waits if row.folder is None else f"{waits}; others lie in {row.folder}"
    if row.there == row.looked:
        moved = f" ({row.moved} answers are taken over from other paths)" if row.moved else ""
        return f"nothing is asked{moved}"
    if row.folder is None or row.there:
        return "what is missing is sampled"
    return f"sampled anew; others lie in {row.folder}"


def _run(grid: Grid, run: Run) -> Found:
    own = Path(grid.journal_path(run, "000")).parent
    identity = grid.run_identity(run.dataset, run.model, run.procedure)
    known = migration.others(grid.journal, run.model, run.procedure, own.name)
    near = migration.nearest(known, identity, run.procedure)
    everywhere = Elsewhere(grid.journal, run.model, run.procedure, set())
    model = grid.model_identities[run.model]
    looked, there, moved = None, 0, 0
    for shard in grid.shards_of(run):
        work = _work(grid, run, shard)
        if work is None or (looked or 0) >= LOOKED:
            break
        looked = looked or 0
        for origin in islice(_answers(work, model, everywhere), LOOKED - looked):
            looked += 1
            there += origin is not None
            moved += origin is not None and origin.parent != own
    folder, changes = (near[0].folder, tuple(near[1])) if near else (None, ())
    return Found(run, looked, there, moved, folder, changes)


def _answers(work: Work, model: dict[str, Any], journals: Elsewhere) -> Iterator[Path | None]:
    """Per request of ``work`` the journal that answers it, or None.

    A chain is followed until an answer is missing, since its later requests depend on that.
    """
    for chain in registry.load("procedures", work.settings.entry.kind).chains(work):
        value: Any = None
        while True:
            try:
                step = chain.send(value)
            except StopIteration:
                break
            if isinstance(step, Response):
                value = None
                continue
            asks = step if isinstance(step, list) else [step]
            found = [_find(work, ask, model, journals) for ask in asks]
            yield from (pair[1] if pair else None for pair in found)
            done = [pair[0] for pair in found if pair is not None]
            if len(done) < len(asks):
                break
            value = done if isinstance(step, list) else done[0]


def _find(
    work: Work, ask: Ask, model: dict[str, Any], journals: Elsewhere
) -> tuple[Completion, Path] | None:
    key = key_of(model, work, work.request(ask))
    for name in recorded_as(key, work):
        found = journals.get(name)
        if found is not None:
            return Completion(**found[0], key=key), found[1]
    return None


def _work(grid: Grid, run: Run, shard: str) -> Work | None:
    """The work of one shard; None before the tables that it reads are made."""
    parent = grid.procedure(run.procedure).parent
    needed = [Path(grid.dataset_path(run.dataset))]
    for given in grid.runs if parent else ():
        if (given.dataset, given.model, given.procedure) == (run.dataset, run.model, parent):
            needed.append(Path(grid.response_path(given, shard)))
            needed.append(Path(grid.annotation_path(given, shard)))
    if not all(path.is_file() for path in needed):
        return None
    job = Job(
        dataset=run.dataset,
        problems=tables.read(needed[0], "datasets"),
        procedure=run.procedure,
        settings=grid.settings_of(run),
        procedure_hash=run.folder.rpartition("-")[2],
        parents=parents_of(needed[1], needed[2]) if parent else None,
        output=Path(grid.response_path(run, shard)),
        block=grid.block(run.procedure),
    )
    size, number = grid.study.shard_size, int(shard)
    draws = range(number * size, (number + 1) * size)
    return work_of(grid.model(run.model), run.model, job, grid.study.seed, draws)
