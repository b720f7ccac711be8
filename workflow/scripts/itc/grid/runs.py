"""Which runs a study consists of: generated, imported from recordings, replayed from archives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from itc import registry
from itc.config import ConfigError, selected
from itc.config.identity import digest
from itc.deposit.manifest import Responses
from itc.grid.identity import Identities


@dataclass(frozen=True)
class Run:
    """Responses of one model to one dataset by one procedure."""

    dataset: str
    model: str
    procedure: str
    folder: str  # {dataset}-{key}/{model}/{procedure}-{hash}


class Runs(Identities):
    """The runs of one study, their shards, and the strategies that they allow."""

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """All runs of the study: generated, imported, and replayed from archives."""
        found = []
        for dataset in self.study.datasets:
            key = f"{dataset}-{self.dataset_keys[dataset]}"
            for model in self.study.models:
                if model in self.imported:
                    if self.dataset(dataset).import_from != self.model(model).import_from:
                        continue
                    source = self.import_identity(str(self.model(model).import_from))
                    tag = digest([source, self.model(model).recorded_as])
                    found.append(Run(dataset, model, "sample", f"{key}/{model}/recorded-{tag}"))
                    continue
                if model in self.archived:
                    found += [
                        run for run in self.held if (run.dataset, run.model) == (dataset, model)
                    ]
                    continue
                for procedure in self.study.procedures:
                    if self.procedure(procedure).reasoning_only and not self.model(model).reasoning:
                        continue
                    tag = self.run_hash(dataset, model, procedure)
                    folder = f"{key}/{model}/{procedure}-{tag}"
                    found.append(Run(dataset, model, procedure, folder))
        return tuple(found)

    @cached_property
    def held(self) -> dict[Run, dict[str, Responses]]:
        """Runs that archives hold: their entries in the manifest by shard.

        Raises ConfigError where an archive does not hold a model or dataset of the study at all.
        """
        found = {}
        for dataset in self.study.datasets:
            for model in self.archived:
                entries = self.dataset(dataset), self.model(model)
                name = str(entries[1].import_from)
                if entries[0].loader != "archive" or entries[0].import_from != name:
                    continue
                shards = self.archives.responses(dataset, model, entries)
                for procedure in self.study.procedures:
                    if procedure in shards:
                        source = [self.archives.identity(name), entries[1].recorded_as or model]
                        tag = digest([*source, procedure])
                        folder = f"{dataset}-{self.dataset_keys[dataset]}/{model}"
                        run = Run(dataset, model, procedure, f"{folder}/{procedure}-{tag}")
                        found[run] = shards[procedure]
        return found

    def archive_of(self, run: Run) -> str:
        """Name of the `archives` entry that a replayed run comes from."""
        return str(self.model(run.model).import_from)

    def sealed(self, run: Run) -> bool:
        """Whether a run's text is not in its archive: its outcomes are replayed, not remade."""
        return any(entry.sealed for entry in self.held.get(run, {}).values())

    def shards_of(self, run: Run) -> tuple[str, ...]:
        """Shard names of a run; recordings are one shard."""
        if run in self.held:
            wanted = self.shards(run.procedure)
            return tuple(self.archives.shards(self.archive_of(run), self.held[run], wanted))
        return ("000",) if run.model in self.imported else self.shards(run.procedure)

    @cached_property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """Pairs (dataset, model) that have responses."""
        return tuple(dict.fromkeys((run.dataset, run.model) for run in self.runs))

    @property
    def probe_runs(self) -> tuple[Run, ...]:
        """What the probe asks again, one run per generated model: its first parentless one."""
        dataset = self.study.probe.dataset or self.study.datasets[0]
        found: dict[str, Run] = {}
        for run in self.runs:
            plain = run.model in self.generated and self.procedure(run.procedure).parent is None
            if plain and run.dataset == dataset:
                found.setdefault(run.model, run)
        return tuple(found.values())

    @cached_property
    def strategies(self) -> tuple[str, ...]:
        """Strategies of the study whose procedure the study runs."""
        available = {run.procedure for run in self.runs}
        kinds = {self.procedure(p).kind for p in available if p in self.config.procedures}
        kept = []
        for name in selected(self.study, "strategies"):
            module, _ = registry.strategy(name, self.study.strategy_options)
            needs = registry.constants("strategies", module).get("PROCEDURE", "sample")
            if needs in available | kinds:
                kept.append(name)
            elif self.study.strategies != "all":
                raise ConfigError(
                    f"study.strategies: {name!r} reads procedure {needs!r}, which is not in "
                    f"study.procedures ({', '.join(self.study.procedures)}); add it, or drop "
                    f"{name!r}"
                )
        return tuple(kept)
