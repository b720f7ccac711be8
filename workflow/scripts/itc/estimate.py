"""What a study will cost before it runs: jobs, requests, tokens, GPU hours, storage per model.

Counts follow from the config and are exact upper bounds (a skipped or unnecessary call is not
known beforehand). Tokens, speed and bytes are measured on what exists already (responses, journals
and their timing files) and assumed otherwise; each figure says which. Light imports only, apart
from pyarrow, which reads existing responses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from itc import registry
from itc.grid import Grid
from itc.grid.runs import Run
from itc.procedures._base import Work

# Assumed where nothing is measured. Output tokens of one call, by kind of procedure: of a model
# that thinks, and of one that does not; the procedure's own cap holds on top.
TOKENS = {
    "sample": (8000, 600),
    "judge": (2000, 250),
    "revise": (5000, 600),
    "aggregate": (4000, 500),
    "truncate": (300, 300),
    "extend": (2500, 600),
}
OTHER_TOKENS = (4000, 600)
# A GPU of 990 TFLOP/s (H100, bfloat16) at a tenth of its peak, 2 FLOPs per parameter and token.
TOKENS_PER_GPU_SECOND = 0.1 * 990e12 / 2e9  # divided by the active parameters in billions
# Minutes until an engine serves: loading weights, compiling, capturing graphs.
START_MINUTES = 6.0
# Bytes of an output token on disk: in the journal, and in responses and annotations.
JOURNAL_BYTES = 11.0
RESULT_BYTES = 4.0


@dataclass
class Measured:
    """What existing files of one model say; None or empty where there are none."""

    tokens: dict[str, tuple[int, int]] = field(default_factory=dict)  # kind: responses, tokens
    rate: float | None = None  # output tokens per second of a job, engine start apart
    start_minutes: float | None = None
    journal_bytes: float | None = None  # per output token
    result_bytes: float | None = None

    def mean(self, kind: str) -> float | None:
        """Mean output tokens of the responses of one kind of procedure."""
        count, total = self.tokens.get(kind, (0, 0))
        return total / count if count else None


@dataclass
class Row:
    """The estimate of one model; ``done`` of its ``jobs`` need not run again."""

    model: str
    gpus: int
    jobs: int = 0
    done: int = 0
    requests: int = 0
    tokens: float = 0.0
    gpu_hours: float = 0.0
    bytes: float = 0.0
    dollars: float | None = None
    measured: set[str] = field(default_factory=set)
    longest_hours: float = 0.0  # of one job
    gpu_seconds_per_token: float | None = None  # measured by finished jobs, engine start apart


class Estimate:
    """Rows per generated model of ``grid``, all paths relative to ``base``."""

    def __init__(self, grid: Grid, base: Path):
        self.grid, self.base = grid, base
        self.unknown: set[str] = set()  # datasets whose number of problems nobody knows yet

    # -- counts ----------------------------------------------------------------------------------

    @cached_property
    def problems(self) -> dict[str, int]:
        """Problems per dataset: from its table if made, else from its definition."""
        found = {}
        for name in self.grid.study.datasets:
            count = self._problems(name)
            if count is None:
                self.unknown.add(name)
            found[name] = count or 0
        return found

    def _problems(self, name: str) -> int | None:
        table = self.base / self.grid.dataset_path(name)
        if table.is_file():
            return _rows(table)
        spec = self.grid.dataset(name).model_dump()
        if spec.get("levels"):
            return sum(int(level["size"]) for level in spec["levels"])
        if spec.get("size"):
            return int(spec["size"])
        if spec.get("path"):
            return len(registry.load("datasets", spec["loader"]).load(spec, self.grid.base))
        return spec.get("problems")

    def requests(self, run: Run) -> int:
        """Calls of one shard of ``run`` at most."""
        settings = self.grid.generation_cell(run)["settings"]
        draws = range(self.grid.block(run.procedure))
        model = self.grid.model(run.model)
        parents = None
        if settings.get("parent"):
            parents = [
                {"problem_id": "0", "draw": draw, "round": 0, "text": "", "thinking_end": None}
                for draw in draws
            ]
        work = Work(
            dataset=run.dataset,
            model=run.model,
            procedure=run.procedure,
            settings=settings,
            problems=[{"problem_id": "0", "question": ""}],
            parents=parents,
            draws=draws,
            seed=0,
            thinking=model.thinking,
        )
        calls = registry.load("procedures", settings["kind"]).requests(work)
        return calls * self.problems[run.dataset]

    # -- estimates -------------------------------------------------------------------------------

    def tokens_per_call(self, run: Run, measured: Measured) -> tuple[float, bool]:
        """Expected output tokens of one call, and whether they are measured."""
        entry = self.grid.procedure(run.procedure)
        mean = measured.mean(entry.kind)
        if mean is not None:
            return mean, True
        thinking, plain = TOKENS.get(entry.kind, OTHER_TOKENS)
        typical = thinking if self.grid.model(run.model).reasoning else plain
        return min(typical, entry.max_tokens), False

    def row(self, name: str) -> Row:
        """The estimate of one model, over all its shards that are not there yet."""
        model = self.grid.model(name)
        measured = self.measure(name)
        row = Row(name, model.gpu, dollars=0.0 if model.price else None)
        rate = measured.rate or self._rate(name)
        start = measured.start_minutes if measured.start_minutes is not None else START_MINUTES
        journal = measured.journal_bytes or JOURNAL_BYTES
        result = measured.result_bytes or RESULT_BYTES
        row.measured |= {"speed"} if measured.rate else set()
        if measured.rate and model.gpu:
            row.gpu_seconds_per_token = model.gpu / measured.rate
        row.measured |= {"bytes"} if measured.journal_bytes else set()
        for batch in self.grid.batches:
            if batch.model != name:
                continue
            calls = {run: self.requests(run) for run in batch.runs}
            tokens = 0.0
            for run, count in calls.items():
                mean, known = self.tokens_per_call(run, measured)
                tokens += count * mean
                row.measured |= {"tokens"} if known else set()
            hours = tokens / rate / 3600 + start / 60 if rate else 0.0
            for shard in batch.shards:
                row.jobs += 1
                paths = (self.grid.response_path(run, shard) for run in batch.runs)
                if all((self.base / path).is_file() for path in paths):
                    row.done += 1
                    continue
                row.requests += sum(calls.values())
                row.tokens += tokens
                row.gpu_hours += hours * model.gpu
                row.bytes += tokens * (journal + result)
                row.longest_hours = max(row.longest_hours, hours)
                if model.price:
                    row.dollars = (row.dollars or 0.0) + tokens * model.price.output / 1e6
        return row

    def _rate(self, name: str) -> float | None:
        model = self.grid.model(name)
        if not model.gpu or not model.parameters:
            return None
        return TOKENS_PER_GPU_SECOND * model.gpu / model.parameters

    def rows(self) -> list[Row]:
        """Every generated model, in the order of the study."""
        return [self.row(name) for name in self.grid.generated]

    # -- measurements ----------------------------------------------------------------------------

    def measure(self, name: str) -> Measured:
        """What the model's existing responses and journals of any study say."""
        found = Measured()
        kinds = {p: self.grid.procedure(p).kind for p in self.grid.study.procedures}
        result_bytes = tokens = 0
        for path in (self.base / self.grid.results / "responses").glob(f"*/{name}/*/*.parquet"):
            kind = kinds.get(path.parent.name.rpartition("-")[0])
            if kind is None:
                continue
            count, total = _output_tokens(path)
            before = found.tokens.get(kind, (0, 0))
            found.tokens[kind] = before[0] + count, before[1] + total
            tokens += total
            other = self.base / self.grid.results / "annotations" / Path(*path.parts[-4:])
            result_bytes += path.stat().st_size + (other.stat().st_size if other.is_file() else 0)
        if tokens:
            found.result_bytes = result_bytes / tokens
        self._measure_journal(name, found)
        return found

    def _measure_journal(self, name: str, found: Measured) -> None:
        sessions: list[dict[str, Any]] = []
        size = 0
        for path in (self.base / self.grid.journal / name).rglob("*.timing.json"):
            sessions.extend(_sessions(path))
            journal = path.with_name(path.name.replace(".timing.json", ".jsonl"))
            size += journal.stat().st_size if journal.is_file() else 0
        # One job writes the same session beside each of its journals.
        distinct = {json.dumps(s, sort_keys=True): s for s in sessions}.values()
        unique = [s for s in distinct if s.get("output_tokens") and s.get("seconds")]
        tokens = sum(s["output_tokens"] for s in unique)
        if not tokens:
            return
        engine = sum(s.get("engine_seconds", 0.0) for s in unique)
        busy = sum(s["seconds"] for s in unique) - engine
        found.rate = tokens / max(busy, 1e-9)
        found.start_minutes = engine / len(unique) / 60
        if size:
            found.journal_bytes = size / tokens


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return pq.read_metadata(path).num_rows


def _output_tokens(path: Path) -> tuple[int, int]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    column = pq.read_table(path, columns=["n_output_tokens"]).column(0)
    return len(column) - column.null_count, pc.sum(column).as_py() or 0


def _sessions(path: Path) -> list[dict[str, Any]]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []  # the next job of that shard begins it anew


def _short(number: float) -> str:
    """Three digits and a unit: 12.3 M."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            return f"{number / limit:.3g} {unit}"
    return f"{number:.3g}"


HEAD = (
    *("model", "GPUs", "jobs", "done", "requests", "tokens", "GPU hours", "longest job"),
    *("storage", "price", "measured"),
)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.model,
        str(row.gpus),
        str(row.jobs),
        str(row.done),
        _short(row.requests),
        _short(row.tokens),
        f"{row.gpu_hours:,.1f}" if row.gpus else "-",
        f"{row.longest_hours:.1f} h" if row.longest_hours else "-",
        f"{_short(row.bytes)}B",
        "-" if row.dollars is None else f"${row.dollars:,.0f}",
        ", ".join(sorted(row.measured)) or "nothing",
    )


def _aligned(lines: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(lines)
    widths = [max(len(line[i]) for line in table) for i in range(len(HEAD))]
    last = len(HEAD) - 1
    return [
        "  ".join(
            cell.ljust(width) if i in (0, last) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in table
    ]


def render(estimate: Estimate) -> str:
    """The estimate as a text table with a total and what it rests on."""
    rows = estimate.rows()
    total = Row(
        "all",
        max((row.gpus for row in rows), default=0),
        sum(row.jobs for row in rows),
        sum(row.done for row in rows),
        sum(row.requests for row in rows),
        sum(row.tokens for row in rows),
        sum(row.gpu_hours for row in rows),
        sum(row.bytes for row in rows),
        sum(row.dollars or 0.0 for row in rows) if any(row.dollars for row in rows) else None,
        longest_hours=max((row.longest_hours for row in rows), default=0.0),
    )
    lines = _aligned([HEAD, *(_cells(row) for row in rows), (*_cells(total)[:-1], "")])
    problems = sum(estimate.problems.values())
    notes = [
        f"Study {estimate.grid.study.name}: {problems:,} problems of "
        f"{len(estimate.problems)} datasets, {estimate.grid.study.draws} draws, shards of "
        f"{estimate.grid.study.shard_size}.",
        "Jobs are generation jobs; requests are an upper bound. Requests, tokens, hours and bytes "
        "are of the jobs that are not done; tokens are output tokens, the price is theirs alone.",
        f"Where nothing is measured: tokens per call typical of the kind of procedure, an H100 at "
        f"a tenth of its peak, {START_MINUTES:.0f} minutes to start, "
        f"{JOURNAL_BYTES + RESULT_BYTES:.0f} bytes per token. One finished shard of each model "
        f"replaces these by its own figures.",
    ]
    notes += [
        f"models.{row.model}.gpu_seconds_per_token: {row.gpu_seconds_per_token:.3g} is what its "
        f"finished jobs took; set it there to price strategies in GPU seconds."
        for row in rows
        if row.gpu_seconds_per_token
    ]
    if estimate.unknown:
        notes.append(
            f"LEFT OUT, number of problems unknown until prepared: "
            f"{', '.join(sorted(estimate.unknown))}. Make their tables first."
        )
    return "\n".join([*lines, "", *notes])
