"""Which jobs a study's responses and annotations take: one load of one model serves many runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from itc.config.identity import digest
from itc.grid.paths import Paths
from itc.grid.runs import Run


@dataclass(frozen=True)
class Batch:
    """Runs one generation job serves for each of its shards: one load of one model."""

    model: str
    depth: int
    runs: tuple[Run, ...]
    shards: tuple[str, ...]

    @property
    def name(self) -> str:
        """Rule suffix, unique in a study."""
        plain = "".join(c if c.isalnum() else "_" for c in self.model)
        first = "" if self.shards[0] == "000" else f"_from_shard{self.shards[0]}"
        return f"{plain}_depth{self.depth}{first}"


class Batches(Paths):
    """Jobs of one study that generate or annotate responses."""

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """Generation jobs grouped by equal outputs, so that one rule serves several shards."""
        return self._batches(
            lambda run, shard: run.model in self.generated and self._made(run, shard)
        )

    @cached_property
    def annotation_batches(self) -> tuple[Batch, ...]:
        """Annotation jobs: as generation jobs, with imported, given and replayed responses."""
        return self._batches(lambda run, shard: not self.sealed(run))

    def _batches(self, wanted: Callable[[Run, str], bool]) -> tuple[Batch, ...]:
        by_cell: dict[tuple[str, int, str], list[Run]] = {}
        for run in self.runs:
            depth = 0 if run.model in self.imported else self.depth(run.procedure)
            for shard in self.shards_of(run):
                if wanted(run, shard):
                    by_cell.setdefault((run.model, depth, shard), []).append(run)
        groups: dict[tuple[str, int, tuple[Run, ...]], list[str]] = {}
        for (model, depth, shard), runs in by_cell.items():
            groups.setdefault((model, depth, tuple(runs)), []).append(shard)
        return tuple(Batch(m, d, runs, tuple(s)) for (m, d, runs), s in groups.items())

    def _made(self, run: Run, shard: str) -> bool:
        """False for responses without a journal: given files, which no rule may touch.

        Snakemake deletes a job's outputs before it runs; where the journal cannot rebuild them (a
        fresh clone with downloaded responses), they must not be anybody's output.
        """
        given = Path(self.response_path(run, shard)).exists()
        return not given or Path(self.journal_path(run, shard)).exists()

    @cached_property
    def first_batches(self) -> tuple[Batch, ...]:
        """Per model, all runs whose prompts follow from the datasets, if its tokenizer is here."""
        runs: dict[str, list[Run]] = {}
        for batch in self.batches:
            if not batch.depth and self.model(batch.model).engine == "vllm":
                runs.setdefault(batch.model, []).extend(batch.runs)
        return tuple(Batch(m, 0, tuple(dict.fromkeys(r)), ("000",)) for m, r in runs.items())

    def prompt_checks(self, batch: Batch) -> list[str]:
        """What must have been looked at before ``batch`` may ask for a GPU."""
        first = [b for b in self.first_batches if b.model == batch.model and not batch.depth]
        return [self.prompt_check_path(found) for found in first]

    def prompt_check_path(self, batch: Batch) -> str:
        """Sizes of the prompts of a batch without parents; its runs' hashes are in the name."""
        return f"{self.results}/prompts/{batch.model}-{digest([r.folder for r in batch.runs])}.json"

    def parents(self, batch: Batch) -> tuple[Run, ...]:
        """Runs whose responses the runs of ``batch`` read."""
        wanted = {(run.dataset, self.procedure(run.procedure).parent) for run in batch.runs}
        return tuple(
            run
            for run in self.runs
            if run.model == batch.model and (run.dataset, run.procedure) in wanted
        )

    @cached_property
    def _places(self) -> dict[tuple[str, str, str], Run]:
        return {(run.dataset, run.model, run.procedure): run for run in self.runs}

    def parent_of(self, run: Run) -> Run | None:
        """The run whose responses ``run`` reads, or None."""
        parent = self.procedure(run.procedure).parent
        return self._places.get((run.dataset, run.model, parent)) if parent else None

    def timed_jobs(self) -> dict[str, dict[str, Any]]:
        """Per folder of benchmark files: GPUs of one job, and the timing files of its sessions."""
        found: dict[str, dict[str, Any]] = {}
        for batch in self.batches:
            timing = [
                self.journal_path(run, shard).removesuffix(".jsonl") + ".timing.json"
                for run in batch.runs
                for shard in batch.shards
            ]
            gpu = self.model(batch.model).gpu
            found[f"generate/{batch.name}"] = {"gpu": gpu, "timing": sorted(set(timing))}
        for batch in self.annotation_batches:
            found[f"annotate/{batch.name}"] = {"gpu": 0, "timing": []}
        return found
