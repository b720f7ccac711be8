"""Every key of the configuration, its meaning, its allowed values.

Selections (``study.datasets``, ``study.models``, ...) are lists, so an overlay replaces them;
definitions (``datasets``, ``models``, ``procedures``, ``imports``) are registries keyed by name, so
an overlay adds to them. Source of ``workflow/schemas/config.schema.json``. Light imports only: the
Snakefile loads this module in every job.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Names = Annotated[list[str], Field(min_length=1)]
Selection = Literal["all"] | list[str]


class Section(BaseModel):
    """A mapping whose unknown keys are errors, never ignored."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), validate_default=True)


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
    draws: int = Field(gt=0, description="Independent draws per problem; a multiple of shard_size.")
    shard_size: int = Field(gt=0, description="Draws per shard, the unit of one generation job.")
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
    bootstrap: int = Field(2000, ge=100, description="Bootstrap replicates over problems.")
    text: Literal["keep", "hash", "drop"] = Field(
        "keep", description="What an archive of this study holds of the responses' text."
    )
    probe: Probe = Field(
        default_factory=Probe, description="How reproducible the sampling is: what to try."
    )


class Dataset(BaseModel):
    """One dataset; keys beyond these belong to its loader (its OPTIONS)."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    title: str = Field(description="Name in the report.")
    loader: str = Field(
        description="File in itc/datasets/ that reads it, or `recording`, or `archive`."
    )
    answer_type: str = Field(description="File in itc/grading/ that judges its answers.")
    licence: str = Field("unknown", description="Licence of the problems.")
    problems: int | None = Field(
        None, gt=0, description="Problems it is known to have; estimates use it until it is loaded."
    )
    redistribute: bool = Field(True, description="Whether an archive may hold the problems.")
    system_prompt: str | None = Field(None, description="System message for this dataset.")
    prompts: dict[str, str] = Field(
        default_factory=dict, description="Template used instead of a procedure's, by its name."
    )
    import_from: str | None = Field(
        None, description="`imports` or `archives` entry that holds the problems."
    )
    recorded_as: str | None = Field(
        None, description="Name of this dataset in the recording or archive."
    )


class Shape(Section):
    """Sizes that the Kinetics cost model needs."""

    layers: int = Field(gt=0, description="Transformer layers.")
    heads: int = Field(gt=0, description="Attention heads.")
    kv_heads: int = Field(gt=0, description="Key/value heads.")
    head_dim: int = Field(gt=0, description="Dimension of one head.")


class Price(Section):
    """A dated list price of a served model."""

    input: float = Field(ge=0, description="US dollars per million prompt tokens.")
    output: float = Field(ge=0, description="US dollars per million output tokens.")
    date: str = Field(description="Day on which the price was read (ISO).")


class Model(Section):
    """One model: weights, how it is served, what it needs."""

    title: str = Field(description="Name in the report.")
    reasoning: bool = Field(description="Whether it thinks before it answers.")
    source: Literal["generate", "import", "archive"] = Field(
        "generate", description="Generate responses, or take them from a recording or archive."
    )
    model: str | None = Field(None, description="Local folder or Hugging Face repository.")
    revision: str | None = Field(None, description="Commit of the Hugging Face repository.")
    engine: str = Field("vllm", description="File in itc/engines/ that serves it.")
    dtype: str = Field("auto", description="Weight and activation type, vLLM's words.")
    quantization: str | None = Field(None, description="vLLM quantisation method.")
    max_model_len: int | None = Field(None, gt=0, description="Context window in tokens.")
    tensor_parallel_size: int = Field(1, gt=0, description="GPUs one layer is split over.")
    pipeline_parallel_size: int = Field(1, gt=0, description="Stages layers are split into.")
    gpu_memory_utilization: float = Field(0.9, gt=0, le=1, description="Share of GPU memory.")
    max_num_seqs: int = Field(256, gt=0, description="Concurrent sequences in the engine.")
    batch_invariant: bool = Field(False, description="vLLM's batch-invariant kernels.")
    logprobs: int = Field(5, ge=0, le=20, description="Top-k kept for confidence; 0 turns off.")
    thinking: tuple[str, str] | None = Field(None, description="Delimiters of the thinking.")
    enable_thinking: bool | None = Field(None, description="Switch of the chat template, if any.")
    chat_template: str | None = Field(None, description="Template file, if the model has none.")
    trust_remote_code: bool = Field(False, description="Run code shipped with the weights.")
    base_url: str | None = Field(None, description="Address of an OpenAI-compatible server.")
    api_key_env: str | None = Field(None, description="Environment variable holding its key.")
    concurrency: int = Field(64, gt=0, description="Requests under way at an API at once.")
    engine_options: dict[str, Any] = Field(
        default_factory=dict, description="Further keyword arguments of the engine, verbatim."
    )
    resample: int = Field(0, ge=0, description="Raise to discard and draw again on purpose.")
    parameters: float | None = Field(None, gt=0, description="Active parameters, in billions.")
    shape: Shape | None = Field(None, description="Sizes for the Kinetics cost model.")
    price: Price | None = Field(None, description="List price where the model is served.")
    gpu: int = Field(0, ge=0, description="GPUs of a generation job.")
    gpu_seconds_per_token: float | None = Field(
        None, gt=0, description="Measured GPU time of an output token; `estimate` prints it."
    )
    mem_mb: int = Field(4000, gt=0, description="Main memory of a generation job, MB.")
    runtime: int = Field(60, gt=0, description="Minutes of a generation job, first attempt.")
    threads: int = Field(2, gt=0, description="CPU cores of a generation job.")
    import_from: str | None = Field(
        None, description="`imports` or `archives` entry of its responses."
    )
    recorded_as: str | None = Field(
        None, description="Name of this model in the recording or archive."
    )


class Procedure(BaseModel):
    """One way to call a model; keys beyond these belong to its kind (its OPTIONS)."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    title: str = Field("", description="Name in the report.")
    kind: str = Field(description="File in itc/procedures/ that builds its requests.")
    parent: str | None = Field(None, description="Procedure whose responses it reads.")
    prompt: str | dict[str, str] | None = Field(
        None, description="Template in config/prompts/, or several by role."
    )
    temperature: float = Field(0.8, ge=0, description="Sampling temperature.")
    top_p: float = Field(0.95, gt=0, le=1, description="Nucleus mass.")
    top_k: int = Field(-1, ge=-1, description="Most likely tokens kept; -1 keeps all.")
    max_tokens: int = Field(gt=0, description="Cap on output tokens.")
    draws: int | None = Field(None, gt=0, description="Only the first so many draws.")
    reasoning_only: bool = Field(False, description="Skip models that do not think.")
    system_prompt: str | None = Field(None, description="System message.")


class Import(BaseModel):
    """Responses recorded elsewhere; keys beyond these belong to the format (its OPTIONS)."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    format: str = Field(description="File in itc/archive/ that reads it.")
    file: str = Field(
        description="File below the folder `recordings`, or a pattern (`runs/*.eval`) for several."
    )
    sha256: str | dict[str, str] | None = Field(
        None, description="Checksum, verified at import when given; of several files by name."
    )
    credit: str = Field("", description="Whose data this is, shown in the report.")
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Our column: theirs, where the names differ; dots reach into objects.",
    )
    exclude: list[dict[str, Any]] = Field(
        default_factory=list, description="Rows left out: each a mapping column -> value or list."
    )
    tokenizer: str | None = Field(
        None,
        description="Folder or Hugging Face repository (`name@revision`) of the tokenizer that "
        "counts tokens where the recording tells none.",
    )
    thinking_tokens_apart: list[str] = Field(
        default_factory=list,
        description="Recorded models whose output tokens leave the thinking tokens out: added.",
    )


class Archive(Section):
    """A deposit of another study of this workflow, replayed from its own tables."""

    path: str | None = Field(
        None, description="Unpacked folder or tar file; without it the top-level key `archive`."
    )
    sha256: str | None = Field(
        None, description="Checksum of its manifest.json, verified when given."
    )
    credit: str = Field("", description="Whose responses these are.")


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
    results: str = Field("results", description="Folder of everything that can be made again.")
    journal: str = Field("journal", description="Folder of what was generated: never remade.")
    sandbox: Literal["bubblewrap", "none"] = Field(
        "bubblewrap",
        description="`none` runs programs and scorers of other packages without a sandbox, with "
        "your rights, files and network; archives keep theirs. No archive can set it.",
    )
    prune: bool = Field(False, description="Whether target `prune_journal` deletes what it lists.")
