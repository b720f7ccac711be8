"""What a study will cost before it runs: jobs, requests, tokens, GPU hours, storage per model.

Counts follow from the config and are exact upper bounds (a skipped or unnecessary call is not
known beforehand). Tokens, speed and bytes are measured on what exists already (responses, journals
and their timing files) and assumed otherwise; each figure says which. Light imports only, apart
from pyarrow, which reads existing responses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from itc import registry
from itc.engines import _base as engines
from itc.estimate.measured import Measured, measure
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
        settings = self.grid.settings_of(run)
        draws = range(self.grid.block(run.procedure))
        model = self.grid.model(run.model)
        parents = None
        if settings.entry.parent:
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
            thinking=engines.active_thinking(model, settings),
        )
        calls = registry.load("procedures", settings.entry.kind).requests(work)
        return int(calls * self.problems[run.dataset])

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
        measured = measure(self.grid, self.base, name)
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


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)
