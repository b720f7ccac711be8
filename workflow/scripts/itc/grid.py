"""Every cell of a study and the path of every file: the DAG's shape, from the config alone.

Identity is in the path. A dataset's key hashes its definition, a run's hash covers all that decides
what a model writes (weights, prompts, decoding, seed, parent); so another prompt is another file, a
fresh clone finds what exists, and two studies never overwrite each other. Light imports only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from itc import registry
from itc.claims import _settings as claim_settings
from itc.config import Config, ConfigError, Dataset, Model, Procedure, budgets, selected
from itc.deposit.archives import Archives
from itc.deposit.manifest import Responses
from itc.engines import _base as engines
from itc.fingerprint import of_file
from itc.procedures._base import ProcedureError

# What analyses may know of a model's entry.
SHOWN_OF_MODELS = frozenset(
    ("title", "reasoning", "parameters", "shape", "price", "model", "gpu_seconds_per_token")
)


def digest(value: Any) -> str:
    """Short content hash (10 hex digits) of a JSON-like value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Run:
    """Responses of one model to one dataset by one procedure."""

    dataset: str
    model: str
    procedure: str
    folder: str  # {dataset}-{key}/{model}/{procedure}-{hash}


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


class Grid:
    """Cells and paths of one study. ``base`` is the checkout that local paths are relative to."""

    def __init__(self, config: Config, base: Path):
        self.config, self.study, self.base = config, config.study, base
        self.results, self.journal = config.results, config.journal
        self.home = f"{self.results}/{self.study.name}"
        self.grading_cache = f"{self.results}/cache/grading"  # no output: may go at any time
        self.budgets = budgets(self.study)
        self.archives = Archives(config)

    # -- definitions -----------------------------------------------------------------------------

    def dataset(self, name: str) -> Dataset:
        """Entry of a dataset."""
        return self.config.datasets[name]

    def model(self, name: str) -> Model:
        """Entry of a model."""
        return self.config.models[name]

    def procedure(self, name: str) -> Procedure:
        """Entry of a procedure."""
        return self.config.procedures[name]

    @cached_property
    def imported(self) -> tuple[str, ...]:
        """Models whose responses come from recordings."""
        return tuple(m for m in self.study.models if self.model(m).source == "import")

    @cached_property
    def archived(self) -> tuple[str, ...]:
        """Models whose responses come from archives."""
        return tuple(m for m in self.study.models if self.model(m).source == "archive")

    @cached_property
    def generated(self) -> tuple[str, ...]:
        """Models that are sampled here."""
        return tuple(m for m in self.study.models if self.model(m).source == "generate")

    @cached_property
    def prepared(self) -> tuple[str, ...]:
        """Datasets that a loader prepares; the others come with their recording or archive."""
        given = ("recording", "archive")
        return tuple(d for d in self.study.datasets if self.dataset(d).loader not in given)

    def depth(self, procedure: str) -> int:
        """Number of ancestors; a procedure without parent has depth 0."""
        depth, name = 0, procedure
        while (parent := self.procedure(name).parent) is not None:
            depth, name = depth + 1, parent
            if depth > len(self.config.procedures):
                raise ConfigError(f"procedures.{procedure}.parent: the parents form a circle")
        return depth

    # -- identity --------------------------------------------------------------------------------

    def prompt_texts(self, dataset: str, procedure: str) -> dict[str, str]:
        """Template texts of a procedure by role, with the dataset's replacements."""
        entry = self.procedure(procedure)
        chosen = entry.prompt if isinstance(entry.prompt, dict) else {"prompt": entry.prompt}
        texts = {}
        for role, stem in chosen.items():
            if stem is None:
                continue
            stem = self.dataset(dataset).prompts.get(stem, stem)
            file = self.base / "config" / "prompts" / f"{stem}.j2"
            if not file.is_file():
                known = sorted(p.stem for p in file.parent.glob("*.j2"))
                raise ConfigError(
                    f"procedures.{procedure}.prompt: no template {stem!r}; allowed: "
                    f"{', '.join(known)} (files of config/prompts)"
                )
            texts[role] = file.read_text(encoding="utf-8")
        return texts

    def _import_identity(self, name: str) -> dict[str, Any]:
        entry = self.config.imports[name].model_dump(exclude={"credit"}, exclude_defaults=True)
        files = [*self.recordings(name), *self.companions(name).values()]
        return {**entry, "bytes": [file.stat().st_size for file in files]}

    def recordings(self, name: str) -> list[Path]:
        """Files of an `imports` entry: one, or in order of their names all that a pattern fits."""
        return self._recorded(self.config.imports[name].file)

    def companions(self, name: str) -> dict[str, Path]:
        """Further files that the keys of an `imports` entry name (FILES of its format), by key."""
        entry = self.config.imports[name]
        keys = registry.constants("archive", entry.format).get("FILES", ())
        extra = entry.model_extra or {}
        return {key: self._recorded(extra[key])[0] for key in keys if key in extra}

    def _recorded(self, pattern: str) -> list[Path]:
        if self.config.recordings is None:
            raise ConfigError(
                "recordings: not given; this study replays recorded responses, so name the folder "
                "that holds them: --config recordings=PATH"
            )
        folder = Path(self.config.recordings)
        file = folder / pattern  # a name may hold the signs of a pattern
        files = [file] if file.is_file() else sorted(f for f in folder.glob(pattern) if f.is_file())
        if not files:
            raise ConfigError(
                f"recordings: {str(file)!r} does not exist; give the folder that holds "
                f"{pattern!r} with --config recordings=PATH"
            )
        return files

    @cached_property
    def _dataset_keys(self) -> dict[str, str]:
        return {name: self._dataset_key(name) for name in self.study.datasets}

    def _dataset_key(self, name: str) -> str:
        entry = self.dataset(name)
        if entry.loader == "archive":
            _, recorded = self.archives.dataset(name, entry)
            return digest([self.archives.identity(str(entry.import_from)), recorded])
        shown = {"title", "system_prompt", "prompts", "redistribute", "problems"}
        identity = entry.model_dump(exclude=shown)
        if entry.import_from:
            identity["import"] = self._import_identity(entry.import_from)
        local = identity.get("path")
        if local and (self.base / local).is_file():
            identity["bytes"] = of_file(self.base / local)
        return digest(identity)

    @cached_property
    def _identities(self) -> dict[str, Any]:
        """What of each model decides what it writes: local weights count by content."""
        return {
            name: engines.identity(self.model(name).model_dump(mode="json"))
            for name in self.generated
        }

    def check(self) -> None:
        """Refuse models and procedures that cannot run, before any job is submitted.

        Raises ConfigError for a missing model folder or weights, an unknown prompt variable, a
        fault of config/claims.yaml, and whatever else an engine or procedure checks of its entry;
        keys are asked for by check_keys.
        """
        try:
            for name in self.generated:
                entry = self.model(name).model_dump(mode="json")
                engines.check(name, {**entry, "api_key_env": None})
            for run in self.runs:
                if run.model in self.generated:
                    settings = self.generation_cell(run)["settings"]
                    module = registry.load("procedures", settings["kind"])
                    module.check(run.procedure, settings)
                    self._check_asked(run)
            for run in self.held:
                self.shards_of(run)
            self.archives.check_features({self._archive(run) for run in self.held})
            claim_settings.load()
        except (engines.EngineError, ProcedureError, claim_settings.ClaimConfigError) as error:
            raise ConfigError(str(error)) from error

    def _check_asked(self, run: Run) -> None:
        """Refuse to ask a model what an archive withholds."""
        entry = self.dataset(run.dataset)
        if entry.loader == "archive" and self.archives.withheld(run.dataset, entry):
            raise ConfigError(
                f"datasets.{run.dataset}: archive {entry.import_from!r} holds no questions of it, "
                f"so {run.model!r} cannot be asked; give the dataset its own loader or drop it"
            )

    def check_keys(self, rules: set[str]) -> None:
        """Refuse to start ``rules`` (names) that sample a served model without its API key.

        Plans, estimates and the report of finished responses need no key. Raises ConfigError.
        """
        wanted = {b.model for b in self.batches if f"generate_{b.name}" in rules}
        try:
            for name in sorted(wanted):
                engines.check(name, self.model(name).model_dump(mode="json"))
        except engines.EngineError as error:
            raise ConfigError(str(error)) from error

    def run_hash(self, dataset: str, model: str, procedure: str) -> str:
        """Hash of all that decides what ``model`` writes, the problems themselves aside."""
        entry = self.procedure(procedure)
        identity = {
            "seed": self.study.seed,
            "model": self._identities[model],
            "procedure": entry.model_dump(exclude={"title", "draws", "parent", "reasoning_only"}),
            "prompts": self.prompt_texts(dataset, procedure),
            "system_prompt": self.dataset(dataset).system_prompt,
            "parent": self.run_hash(dataset, model, entry.parent) if entry.parent else None,
        }
        if entry.parent:  # children see all draws of a block, so its size is part of what they saw
            identity["shard_size"] = self.block(procedure)
        return digest(identity)

    # -- runs and batches ------------------------------------------------------------------------

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """All runs of the study: generated, imported, and replayed from archives."""
        found = []
        for dataset in self.study.datasets:
            key = f"{dataset}-{self._dataset_keys[dataset]}"
            for model in self.study.models:
                if model in self.imported:
                    if self.dataset(dataset).import_from != self.model(model).import_from:
                        continue
                    source = self._import_identity(str(self.model(model).import_from))
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
                        folder = f"{dataset}-{self._dataset_keys[dataset]}/{model}"
                        run = Run(dataset, model, procedure, f"{folder}/{procedure}-{tag}")
                        found[run] = shards[procedure]
        return found

    def _archive(self, run: Run) -> str:
        return str(self.model(run.model).import_from)

    def sealed(self, run: Run) -> bool:
        """Whether a run's text is not in its archive: its outcomes are replayed, not remade."""
        return any(entry.sealed for entry in self.held.get(run, {}).values())

    def draws(self, procedure: str) -> int:
        """Draws of a procedure: its own number, else the study's for its kind.

        Raises ConfigError for more draws than its parent has, or for a torn shard.
        """
        entry, study = self.procedure(procedure), self.study
        derived = study.derived_draws if entry.parent else None
        draws = entry.draws or derived or study.draws
        key = f"procedures.{procedure}.draws" if entry.draws else "study.derived_draws"
        most = self.draws(entry.parent) if entry.parent else study.draws
        if draws > most:
            raise ConfigError(
                f"{key}: {draws}, but {entry.parent or 'the study'} has {most} draws; ask for at "
                f"most {most}"
            )
        if draws > study.shard_size and draws % study.shard_size:
            raise ConfigError(
                f"{key}: {draws} must be a multiple of study.shard_size {study.shard_size}, or "
                f"smaller than it; use {draws // study.shard_size * study.shard_size}"
            )
        return draws

    def block(self, procedure: str) -> int:
        """Draws of a procedure in one shard: all of the shard's, or fewer in its only shard."""
        return min(self.study.shard_size, self.draws(procedure))

    def shards(self, procedure: str) -> tuple[str, ...]:
        """Shard names of a procedure: fixed blocks of draws."""
        return tuple(f"{i:03d}" for i in range(self.draws(procedure) // self.block(procedure)))

    def shards_of(self, run: Run) -> tuple[str, ...]:
        """Shard names of a run; recordings are one shard."""
        if run in self.held:
            wanted = self.shards(run.procedure)
            return tuple(self.archives.shards(self._archive(run), self.held[run], wanted))
        return ("000",) if run.model in self.imported else self.shards(run.procedure)

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

    def parents(self, batch: Batch) -> tuple[Run, ...]:
        """Runs whose responses the runs of ``batch`` read."""
        wanted = {(run.dataset, self.procedure(run.procedure).parent) for run in batch.runs}
        return tuple(
            run
            for run in self.runs
            if run.model == batch.model and (run.dataset, run.procedure) in wanted
        )

    # -- paths -----------------------------------------------------------------------------------

    def dataset_path(self, name: str) -> str:
        """Table of problems."""
        return f"{self.results}/datasets/{name}-{self._dataset_keys[name]}.parquet"

    def response_path(self, run: Run, shard: str) -> str:
        """Table of responses; ``shard`` may be a Snakemake wildcard."""
        return f"{self.results}/responses/{run.folder}/{shard}.parquet"

    def journal_path(self, run: Run, shard: str) -> str:
        """Journal of one run's shard; shared by studies and datasets with equal settings."""
        return f"{self.journal}/{run.model}/{run.folder.rpartition('/')[2]}/{shard}.jsonl"

    @property
    def journals(self) -> set[str]:
        """Journals of the study's runs, below the journal's folder and without suffix."""
        return {
            str(Path(self.journal_path(run, shard)).relative_to(self.journal).with_suffix(""))
            for run in self.runs
            if run.model in self.generated
            for shard in self.shards_of(run)
        }

    def annotation_path(self, run: Run, shard: str) -> str:
        """Table of grades and features of the same responses."""
        return f"{self.results}/annotations/{run.folder}/{shard}.parquet"

    def prompt_check_path(self, batch: Batch) -> str:
        """Sizes of the prompts of a batch without parents; its runs' hashes are in the name."""
        return f"{self.results}/prompts/{batch.model}-{digest([r.folder for r in batch.runs])}.json"

    def probe_path(self, model: str) -> str:
        """Table of one model's reproducibility probe; ``model`` may be a Snakemake wildcard."""
        return f"{self.home}/probes/{model}.parquet"

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

    def shard_files(self, kind: str, dataset: str, model: str) -> list[str]:
        """All shard files (``responses`` or ``annotations``) of one dataset and model."""
        path = self.response_path if kind == "responses" else self.annotation_path
        return [
            path(run, shard)
            for run in self.runs
            if (run.dataset, run.model) == (dataset, model)
            and not (kind == "annotations" and self.sealed(run))
            for shard in self.shards_of(run)
        ]

    @cached_property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """Pairs (dataset, model) that have responses."""
        return tuple(dict.fromkeys((run.dataset, run.model) for run in self.runs))

    def outcome_path(self, dataset: str, model: str) -> str:
        """Compact table of one dataset and model, no text."""
        return f"{self.home}/outcomes/{dataset}/{model}.parquet"

    def outcomes(self, dataset: str | None = None) -> list[str]:
        """Outcome tables of one dataset, or of all."""
        return [self.outcome_path(d, m) for d, m in self.cells if dataset in (None, d)]

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

    def evaluation_path(self, dataset: str, strategy: str) -> str:
        """Per-problem results of one strategy on one dataset, all models."""
        return f"{self.home}/evaluations/{dataset}/{strategy}.parquet"

    def evaluations(self) -> list[str]:
        """All evaluation tables."""
        return [self.evaluation_path(d, s) for d in self.study.datasets for s in self.strategies]

    def table_path(self, name: str) -> str:
        """One analysis table."""
        return f"{self.home}/tables/{name}.parquet"

    def figure_paths(self, name: str) -> dict[str, str]:
        """One figure as picture, paper picture, and the data drawn."""
        return {kind: f"{self.home}/figures/{name}.{kind}" for kind in ("svg", "pdf", "csv")}

    @property
    def explored(self) -> tuple[str, ...]:
        """Datasets whose responses can be read in the report and in an explorer of their own."""
        shown = "explorer" in selected(self.study, "sections")
        return tuple(self.study.datasets) if shown else ()

    def example_path(self, dataset: str) -> str:
        """Sampled responses of one dataset, with their texts."""
        return f"{self.home}/examples/{dataset}.parquet"

    def explorer_path(self, dataset: str) -> str:
        """The page of one dataset's responses, beside the report."""
        return f"{self.home}/explorer-{dataset}.html"

    def responses_of(self, dataset: str) -> list[str]:
        """Response tables of one dataset, all models."""
        return [
            f for d, m in self.cells if d == dataset for f in self.shard_files("responses", d, m)
        ]

    @property
    def sheet_tables(self) -> tuple[str, ...]:
        """Analysis tables that ``sheets`` are written from."""
        return ("curves", "claims", "claim_evidence", "models", "dataset_cards")

    @cached_property
    def sheets(self) -> dict[str, str]:
        """What leaves the page for papers and programs: claims, LaTeX tables."""
        return {
            "claims": f"{self.home}/claims.json",
            "main_results_tex": f"{self.home}/latex/main_results.tex",
            "claims_tex": f"{self.home}/latex/claims.tex",
        }

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

    @property
    def figures(self) -> list[str]:
        """Figures of the study."""
        return selected(self.study, "figures")

    def inputs_of_table(self, name: str) -> dict[str, list[str]]:
        """Files that analysis ``name`` reads, by the label its INPUTS use."""
        return {
            label: self._files(label) for label in registry.constants("analyses", name)["INPUTS"]
        }

    def generation_cell(self, run: Run) -> dict[str, Any]:
        """What a job must know to generate or judge the responses of ``run``; JSON-like, stable."""
        entry = self.procedure(run.procedure).model_dump()
        return {
            "dataset": run.dataset,
            "procedure": run.procedure,
            "hash": run.folder.rpartition("-")[2],
            "block": self.block(run.procedure),
            "settings": {
                **entry,
                # Judging what was recorded elsewhere needs none of this checkout's templates.
                "prompts": {}
                if run in self.held
                else self.prompt_texts(run.dataset, run.procedure),
                "system_prompt": self.dataset(run.dataset).system_prompt or entry["system_prompt"],
            },
        }

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
            tables = found[self._archive(run)]
            names = {"dataset": run.dataset, "model": run.model}
            for shard in self.shards_of(run):
                response = self.held[run][shard]
                tables[self.response_path(run, shard)] = {
                    "table": "sealed_responses" if response.sealed else "responses",
                    "file": response.file,
                    **names,
                }
            if self.sealed(run):
                manifest = self.archives.manifest(self._archive(run))
                first = next(iter(self.held[run].values()))
                tables[self.outcome_path(run.dataset, run.model)] = {
                    "table": "outcomes",
                    "file": manifest.outcome(first.dataset, first.model),
                    **names,
                }
        return found

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
                d: {"title": self.dataset(d).title, "licence": self.dataset(d).licence}
                for d in self.study.datasets
            },
            "procedures": {p: self.procedure(p).model_dump() for p in self.study.procedures},
        }
