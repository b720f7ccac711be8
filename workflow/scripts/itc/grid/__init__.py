"""Every cell of a study and the path of every file: the DAG's shape, from the config alone.

Each module is one layer over the one before: ``identity``, ``runs``, ``paths``, ``batches``, and
here what the jobs are given; ``checks`` refuses what cannot run. Light imports only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from itc import registry
from itc.config import budgets, selected
from itc.config.procedure import Settings
from itc.config.schema import Config
from itc.grid.batches import Batches
from itc.grid.runs import Run

# What analyses may know of a model's entry.
SHOWN_OF_MODELS = frozenset(
    (
        *("title", "reasoning", "parameters", "shape", "price", "model", "gpu_seconds_per_token"),
        *("effort_of", "effort", "released", "cutoff"),
    )
)


class Grid(Batches):
    """Cells, paths and jobs of one study: the inputs and parameters of each job.

    ``base`` is the checkout that local paths of the configuration are relative to.
    """

    def __init__(self, config: Config, base: Path):
        super().__init__(config, base)
        self.budgets = budgets(self.study)

    def generation_cell(self, run: Run) -> dict[str, Any]:
        """What a job must know to generate or judge the responses of ``run``; JSON-like, stable."""
        return {
            "dataset": run.dataset,
            "procedure": run.procedure,
            "hash": run.folder.rpartition("-")[2],
            "block": self.block(run.procedure),
            "settings": self.settings_of(run).plain(),
        }

    def settings_of(self, run: Run) -> Settings:
        """The procedure of ``run`` as its dataset is asked by it."""
        # Judging what was recorded elsewhere needs none of this checkout's templates.
        return self.asked(run.dataset, run.procedure, texts=run not in self.held)

    def unsandboxed(self, runs: Iterable[Run]) -> list[str]:
        """Datasets among ``runs`` whose programs and scorers the user runs without a sandbox.

        None of an archive: neither its problems nor its responses, whatever the configuration says.
        """
        if self.config.sandbox != "none":
            return []
        own = [run.dataset for run in runs if self.model(run.model).source != "archive"]
        return sorted({name for name in own if self.dataset(name).loader != "archive"})

    @cached_property
    def imports(self) -> dict[str, dict[str, dict[Any, str]]]:
        """Per `imports` entry in use: paths of the datasets and of the responses it provides."""
        found: dict[str, dict[str, dict[Any, str]]] = {}
        for run in self.runs:
            if run.model in self.imported:
                name = str(self.model(run.model).import_from)
                cell = found.setdefault(name, {"datasets": {}, "responses": {}})
                if run.dataset not in self.prepared:
                    cell["datasets"][run.dataset] = self.dataset_path(run.dataset)
                cell["responses"][run.dataset, run.model] = self.response_path(run, "000")
        return found

    @cached_property
    def replays(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Per archive in use: path of every table it provides -> the table and its file there."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for name in self.study.datasets:
            entry = self.dataset(name)
            if entry.loader == "archive":
                manifest, recorded = self.archives.dataset(name, entry)
                held = manifest.datasets[recorded]
                found.setdefault(str(entry.import_from), {})[self.dataset_path(name)] = {
                    "table": "withheld_problems" if held.withheld else "datasets",
                    "file": held.file,
                }
        for run in self.held:
            tables = found[self.archive_of(run)]
            names = {"dataset": run.dataset, "model": run.model}
            for shard in self.shards_of(run):
                response = self.held[run][shard]
                tables[self.response_path(run, shard)] = {
                    "table": "sealed_responses" if response.sealed else "responses",
                    "file": response.file,
                    **names,
                }
            if self.sealed(run):
                manifest = self.archives.manifest(self.archive_of(run))
                first = next(iter(self.held[run].values()))
                tables[self.outcome_path(run.dataset, run.model)] = {
                    "table": "outcomes",
                    "file": manifest.outcome(first.dataset, first.model),
                    **names,
                }
        return found

    def inputs_of_table(self, name: str) -> dict[str, list[str]]:
        """Files that analysis ``name`` is made of, by the label its INPUTS use; ``parts`` are its
        own rows of each model, where it has a job per model.
        """
        about = registry.constants("analyses", name)
        if "JOB_PER" in about:
            return {"parts": [self.table_part_path(name, m) for m in self.study.models]}
        return {label: self._files(label) for label in about["INPUTS"]}

    def _files(self, label: str) -> list[str]:
        if label == "datasets":
            return [self.dataset_path(d) for d in self.study.datasets]
        if label == "outcomes":
            return self.outcomes()
        if label == "evaluations":
            return self.evaluations()
        if label == "probes":  # those somebody asked for; a report needs none
            paths = [self.probe_path(run.model) for run in self.probe_runs]
            return [path for path in paths if Path(path).is_file()]
        if label in ("annotations", "responses"):
            return [f for d, m in self.cells for f in self.shard_files(label, d, m)]
        return [self.table_path(label)]

    def tables_of_figure(self, name: str) -> dict[str, str]:
        """Analysis tables that a figure draws."""
        wanted = registry.constants("figures", name)["TABLES"]
        return {table: self.table_path(table) for table in wanted}

    @cached_property
    def report_tables(self) -> tuple[str, ...]:
        """Analysis tables that the report's sections read, and those that name things."""
        wanted = {"models", "dataset_cards"} & set(registry.names("analyses"))
        for section in selected(self.study, "sections"):
            wanted.update(registry.constants("sections", section).get("TABLES", ()))
        return tuple(sorted(wanted & set(registry.names("analyses"))))

    def origins(self) -> dict[str, dict[str, dict[str, Any]]]:
        """For each figure and table of the report: its rule, output, script and input files."""
        where = "workflow/scripts/itc"
        return {
            "figures": {
                name: {
                    "rule": "plot_figure",
                    "output": self.figure_paths(name)["svg"],
                    "script": f"{where}/figures/{name}.py",
                    "inputs": list(self.tables_of_figure(name).values()),
                }
                for name in self.figures
            },
            "tables": {
                name: {
                    "rule": "analyse",
                    "output": self.table_path(name),
                    "script": f"{where}/analyses/{name}.py",
                    "inputs": [f for files in self.inputs_of_table(name).values() for f in files],
                }
                for name in self.report_tables
            },
        }

    def relevant(self) -> dict[str, Any]:
        """The part of the configuration this study uses: what its hash is taken of."""
        config = self.config.model_dump(mode="json", exclude={"recordings", "archive"})
        for entry in config["archives"].values():
            del entry["path"]
        for kind in ("datasets", "models", "procedures"):
            config[kind] = {name: config[kind][name] for name in getattr(self.study, kind)}
        return config

    def settings(self) -> dict[str, Any]:
        """What analyses may know of the config; JSON-like and stable, so it can be a param."""
        return {
            "study": self.study.name,
            "seed": self.study.seed,
            "budgets": self.budgets,
            "strategies": list(self.strategies),
            "strategy_options": self.study.strategy_options,
            "bootstrap": self.study.bootstrap,
            "claims": selected(self.study, "claims"),
            "models": {
                m: {
                    key: value
                    for key, value in self.model(m).model_dump().items()
                    if key in SHOWN_OF_MODELS
                }
                for m in self.study.models
            },
            "datasets": {
                d: {
                    "title": self.dataset(d).title,
                    "licence": self.dataset(d).licence,
                    "published": self.dataset(d).published,
                }
                for d in self.study.datasets
            },
            "procedures": {p: self.procedure(p).model_dump() for p in self.study.procedures},
        }
