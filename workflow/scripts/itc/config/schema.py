"""Every key of the configuration, its meaning, its allowed values: the study, and its registries.

Selections (``study.datasets``, ``study.models``, ...) are lists, so an overlay replaces them;
definitions (``datasets``, ``models``, ``procedures``, ``imports``) are registries keyed by name, so
an overlay adds to them. Source of ``workflow/schemas/config.schema.json``. Light imports only: the
Snakefile loads this module in every job.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from itc.config.dataset import Archive, Dataset, Import
from itc.config.fields import Section
from itc.config.model import Model, Price, Shape
from itc.config.procedure import MOST_DRAWS, Procedure, Settings
from itc.config.sampling import Sampling

__all__ = [
    "Archive",
    "Config",
    "Dataset",
    "Import",
    "Limits",
    "Model",
    "Price",
    "Probe",
    "Procedure",
    "Sampling",
    "Section",
    "Settings",
    "Shape",
    "Study",
]

Names = Annotated[list[str], Field(min_length=1)]
Selection = Literal["all"] | list[str]
MOST_SHARDS = 1000  # of a study: their numbers have three digits


class Probe(Section):
    """What target `reproducibility_probe` asks again, and in which ways."""

    dataset: str | None = Field(None, description="Dataset asked; empty: the study's first.")
    problems: int = Field(30, gt=0, description="First problems of that dataset.")
    draws: int = Field(1, gt=0, description="Draws per problem.")
    batch_sizes: list[Annotated[int, Field(gt=0)]] = Field(
        default_factory=lambda: [1, 8], description="Values of max_num_seqs beside the model's own."
    )
    dtypes: list[str] = Field(
        default_factory=list, description="Types beside the model's own, vLLM's words."
    )


class Study(Section):
    """What one study selects from the registries, and how much of it runs."""

    name: str = Field(description="Folder below results/ that holds this study.")
    title: str = Field(description="Heading of the report.")
    notice: str = Field("", description="Plain warning shown at the top of the report.")
    seed: int = Field(0, ge=0, description="Root of every derived seed.")
    datasets: Names = Field(description="Datasets of this study, names of `datasets` entries.")
    models: Names = Field(description="Models of this study, names of `models` entries.")
    procedures: Names = Field(description="Ways the models are called; `procedures` entries.")
    strategies: Selection = Field("all", description="Strategies, or `all` that the data allow.")
    strategy_options: dict[str, dict[str, bool | int | float | str]] = Field(
        default_factory=dict,
        description="Parameters of strategies by name, such as `short_m: {m: 2}`. A new name with "
        "the key `strategy` is a variant beside it, such as `short_1: {strategy: short_m, m: 1}`.",
    )
    features: Selection = Field("all", description="Response features, or `all`.")
    figures: Selection = Field("all", description="Figures, or `all`.")
    sections: Selection = Field("all", description="Report sections, or `all`.")
    claims: Selection = Field("all", description="Claims to assess, or `all`.")
    sweep_cells: int = Field(
        32, gt=0, description="Most cells that the sweep of one procedure may make."
    )
    draws: int = Field(
        gt=0,
        le=MOST_DRAWS,
        description="Independent draws per problem; a multiple of shard_size.",
    )
    shard_size: int = Field(
        gt=0, le=MOST_DRAWS, description="Draws per shard, the unit of one generation job."
    )
    derived_draws: int | None = Field(
        None,
        gt=0,
        description="First draws that are judged, revised, merged, cut or extended; empty: all.",
    )
    budgets: list[Annotated[int, Field(gt=0)]] = Field(
        default_factory=list,
        description="Budgets (draws) at which strategies are evaluated; empty: powers of two.",
    )
    mixed_platforms: bool = Field(
        False, description="Pool draws of different engines or devices; the report then tells."
    )
    bootstrap: int = Field(
        2000, ge=100, le=100_000, description="Bootstrap replicates over problems."
    )
    text: Literal["keep", "hash", "drop"] = Field(
        "keep", description="What an archive of this study holds of the responses' text."
    )
    probe: Probe = Field(
        default_factory=Probe, description="How reproducible the sampling is: what to try."
    )


class Limits(Section):
    """How large files of others may become when they are read; see docs/security.md."""

    unpacked: int = Field(
        2 << 30, gt=0, description="Bytes that any compressed file may unpack to."
    )
    ratio: float = Field(200, gt=0, description="Times its own size, where that is more.")
    line: int = Field(256 << 20, gt=0, description="Bytes of one line, row or sample.")
    seconds: float = Field(
        60, gt=0, description="CPU seconds of reading one file, and as many for each two MB of it."
    )


class Config(Section):
    """The whole configuration as Snakemake merges it."""

    study: Study
    datasets: dict[str, Dataset] = Field(description="Registry of datasets.")
    models: dict[str, Model] = Field(description="Registry of models.")
    procedures: dict[str, Procedure] = Field(description="Registry of procedures.")
    imports: dict[str, Import] = Field(
        default_factory=dict, description="Registry of recordings to import from."
    )
    recordings: str | None = Field(None, description="Folder the recordings lie in.")
    archives: dict[str, Archive] = Field(
        default_factory=dict, description="Registry of archives to replay from."
    )
    archive: str | None = Field(
        None, description="Archive to replay as it is: its study and definitions are taken over."
    )
    limits: Limits = Field(default_factory=Limits, description="Bounds of files of others.")
    results: str = Field("results", description="Folder of everything that can be made again.")
    journal: str = Field("journal", description="Folder of what was generated: never remade.")
    sandbox: Literal["bubblewrap", "none"] = Field(
        "bubblewrap",
        description="`none` runs programs and scorers of other packages without a sandbox, with "
        "your rights, files and network; archives keep theirs. No archive can set it.",
    )
    prune: bool = Field(False, description="Whether target `prune_journal` deletes what it lists.")
