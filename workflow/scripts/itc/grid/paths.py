"""The path of every file of a study.

Identity is in the path: another prompt is another file, a fresh clone finds what exists, and two
studies never overwrite each other.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from itc import registry
from itc.config import selected
from itc.config.schema import Config
from itc.grid.runs import Run, Runs


class Paths(Runs):
    """Every file of one study, as strings relative to the working folder."""

    def __init__(self, config: Config, base: Path):
        super().__init__(config, base)
        self.results, self.journal = config.results, config.journal
        self.home = f"{self.results}/{self.study.name}"
        self.grading_cache = f"{self.results}/cache/grading"  # no output: may go at any time

    def dataset_path(self, name: str) -> str:
        """Table of problems."""
        return f"{self.results}/datasets/{name}-{self.dataset_keys[name]}.parquet"

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

    def responses_of(self, dataset: str) -> list[str]:
        """Response tables of one dataset, all models."""
        return [
            f for d, m in self.cells if d == dataset for f in self.shard_files("responses", d, m)
        ]

    def probe_path(self, model: str) -> str:
        """Table of one model's reproducibility probe; ``model`` may be a Snakemake wildcard."""
        return f"{self.home}/probes/{model}.parquet"

    def outcome_path(self, dataset: str, model: str) -> str:
        """Compact table of one dataset and model, no text."""
        return f"{self.home}/outcomes/{dataset}/{model}.parquet"

    def outcomes(self, dataset: str | None = None) -> list[str]:
        """Outcome tables of one dataset, or of all."""
        return [self.outcome_path(d, m) for d, m in self.cells if dataset in (None, d)]

    def outcomes_of_model(self, model: str) -> list[str]:
        """Outcome tables of one model."""
        return [self.outcome_path(d, m) for d, m in self.cells if m == model]

    def evaluation_path(self, dataset: str, strategy: str) -> str:
        """Per-problem results of one strategy on one dataset, all models."""
        return f"{self.home}/evaluations/{dataset}/{strategy}.parquet"

    def problems_of(self, strategy: str, dataset: str) -> list[str]:
        """Table of problems where a strategy mixes models (SCOPE), else nothing."""
        module, _ = registry.strategy(strategy, self.study.strategy_options)
        mixes = registry.constants("strategies", module).get("SCOPE") == "dataset"
        return [self.dataset_path(dataset)] if mixes else []

    def evaluations(self) -> list[str]:
        """All evaluation tables."""
        return [self.evaluation_path(d, s) for d in self.study.datasets for s in self.strategies]

    def table_path(self, name: str) -> str:
        """One analysis table."""
        return f"{self.home}/tables/{name}.parquet"

    def table_part_path(self, name: str, model: str) -> str:
        """Rows of one model in an analysis table that has a job per model (``JOB_PER``)."""
        return f"{self.home}/tables/{name}/{model}.parquet"

    @property
    def figures(self) -> list[str]:
        """Figures of the study."""
        return selected(self.study, "figures")

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
