"""The typed configuration: one place for every key, its meaning, its allowed values.

Selections (``study.datasets``, ``study.models``, ...) are lists, so an overlay replaces them;
definitions (``datasets``, ``models``, ``procedures``, ``imports``) are registries keyed by name, so
an overlay adds to them. Source of ``workflow/schemas/config.schema.json``. Light imports only: the
Snakefile loads this module in every job.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from itc import registry

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)*$")
Names = Annotated[list[str], Field(min_length=1)]
Selection = Literal["all"] | list[str]


class ConfigError(ValueError):
    """The configuration cannot be used; the message names key, value, allowed values, mend."""


class Section(BaseModel):
    """A mapping whose unknown keys are errors, never ignored."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), validate_default=True)


class Probe(Section):
    """What `snakemake reproducibility_probe` asks again, and in which ways."""

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
    prune: bool = Field(
        False, description="Whether `snakemake prune_journal` deletes what it lists."
    )


def _suggest(value: object, allowed: list[str]) -> str:
    close = difflib.get_close_matches(str(value), allowed, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _explain(error: ValidationError) -> str:
    lines = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            holder: Any = Config
            for part in item["loc"][:-1]:
                fields = getattr(holder, "model_fields", {})
                if part in fields:
                    found = re.findall(r"itc\.config\.(\w+)", repr(fields[part].annotation))
                    holder = globals().get(found[-1], holder) if found else holder
            allowed = sorted(getattr(holder, "model_fields", {}))
            tip = _suggest(item["loc"][-1], allowed)
            lines.append(
                f"{key}: unknown key (value {item['input']!r}); allowed: {', '.join(allowed)}{tip}"
            )
        elif item["type"] == "missing":
            lines.append(f"{key}: required and missing; add it (config/README.md describes it)")
        else:
            lines.append(
                f"{key}: value {item['input']!r} refused: {item['msg']}; correct the value"
            )
    return "\n".join(lines)


def _check_names(config: Config, problems: list[str]) -> None:
    for kind in ("datasets", "models", "procedures"):
        for name in getattr(config, kind):
            if not NAME.match(name):
                problems.append(
                    f"{kind}.{name}: a name may hold letters, digits, dots, underscores and single "
                    "inner hyphens; rename the entry"
                )
        defined = sorted(getattr(config, kind))
        for name in getattr(config.study, kind):
            if name not in defined:
                problems.append(
                    f"study.{kind}: {name!r} is not defined; allowed: {', '.join(defined)}"
                    f"{_suggest(name, defined)} (define it in config/{kind}.yaml)"
                )
    for kind in ("strategies", "features", "figures", "sections", "claims"):
        chosen = getattr(config.study, kind)
        known = list(registry.names(kind))
        if kind == "strategies":
            known += [n for n, o in config.study.strategy_options.items() if "strategy" in o]
        for name in [] if chosen == "all" else chosen:
            if name not in known:
                problems.append(
                    f"study.{kind}: {name!r} has no file; allowed: all, {', '.join(known)}"
                    f"{_suggest(name, known)}"
                )


def _check_entry(label: str, kind: str, name: str, entry: BaseModel, problems: list[str]) -> None:
    """Check that an entry's extension exists and that its further keys are the extension's."""
    if name not in registry.names(kind):
        known = list(registry.names(kind))
        problems.append(
            f"{label}: no {registry.KINDS[kind]} {name!r}; allowed: {', '.join(known)}"
            f"{_suggest(name, known)}"
        )
        return
    options = registry.constants(kind, name).get("OPTIONS", {})
    allowed = sorted({*type(entry).model_fields, *options})
    for key, value in (entry.model_extra or {}).items():
        if key not in options:
            problems.append(
                f"{label}.{key}: unknown key (value {value!r}); allowed: {', '.join(allowed)}"
                f"{_suggest(key, allowed)}"
            )


# Where recorded problems and responses come from -> the registry that `import_from` names.
SOURCES = {"recording": "imports", "import": "imports", "archive": "archives"}


def _check_source(
    label: str, source: str, entry: Dataset | Model, config: Config, problems: list[str]
) -> None:
    """Check that the recording or archive an entry is taken from is defined."""
    kind = SOURCES[source]
    known = sorted(getattr(config, kind))
    if entry.import_from not in known:
        problems.append(
            f"{label}.import_from: {entry.import_from!r} is not in `{kind}`; "
            f"allowed: {', '.join(known) or 'none defined'}"
        )


def _check_entries(config: Config, problems: list[str]) -> None:
    for name in config.study.datasets:
        entry = config.datasets.get(name)
        if entry is not None:
            _check_entry(f"datasets.{name}", "grading", entry.answer_type, Section(), problems)
            if entry.loader in SOURCES:
                _check_source(f"datasets.{name}", entry.loader, entry, config, problems)
            else:
                _check_entry(f"datasets.{name}", "datasets", entry.loader, entry, problems)
    for name in config.study.procedures:
        procedure = config.procedures.get(name)
        if procedure is None:
            continue
        _check_entry(f"procedures.{name}", "procedures", procedure.kind, procedure, problems)
        if procedure.parent and procedure.parent not in config.study.procedures:
            problems.append(
                f"procedures.{name}.parent: {procedure.parent!r} is not among study.procedures "
                f"({', '.join(config.study.procedures)}); add it there or drop {name!r}"
            )
    for name, source in config.imports.items():
        _check_entry(f"imports.{name}", "archive", source.format, source, problems)
    for name in config.study.models:
        model = config.models.get(name)
        if model is None:
            continue
        if model.source == "generate":
            _check_entry(f"models.{name}.engine", "engines", model.engine, Section(), problems)
            if not model.model:
                problems.append(f"models.{name}.model: missing; give a folder or a repository")
        else:
            _check_source(f"models.{name}", model.source, model, config, problems)


def _check_strategy_options(config: Config, problems: list[str]) -> None:
    known = list(registry.names("strategies"))
    for name, given in config.study.strategy_options.items():
        label = f"study.strategy_options.{name}"
        base, options = registry.strategy(name, config.study.strategy_options)
        if base not in known:
            problems.append(
                f"{label}: no strategy {base!r}; allowed: {', '.join(known)}{_suggest(base, known)}"
            )
            continue
        if "strategy" in given and (name in known or not NAME.match(name)):
            problems.append(
                f"{label}: a variant of {base!r} needs a name of its own, of letters, digits, "
                "dots, underscores and single inner hyphens; rename the entry"
            )
        defaults = registry.parameters("strategies", base, "evaluate")
        for key, value in options.items():
            if key not in defaults:
                allowed = ", ".join(defaults) or "none, it has no parameter"
                problems.append(
                    f"{label}.{key}: unknown parameter (value {value!r}); allowed: {allowed}"
                    f"{_suggest(key, list(defaults))}"
                )
            elif not _same_kind(value, defaults[key]):
                problems.append(
                    f"{label}.{key}: {value!r} is no {type(defaults[key]).__name__}; "
                    f"give one, such as the default {defaults[key]!r}"
                )


def _same_kind(value: Any, default: Any) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def _check_probe(config: Config, problems: list[str]) -> None:
    name, known = config.study.probe.dataset, config.study.datasets
    if name is not None and name not in known:
        problems.append(
            f"study.probe.dataset: {name!r} is not in study.datasets; allowed: {', '.join(known)}"
            f"{_suggest(name, known)}"
        )


def _check_sizes(config: Config, problems: list[str]) -> None:
    study = config.study
    if study.draws % study.shard_size:
        nearest = max(1, study.draws // study.shard_size) * study.shard_size
        problems.append(
            f"study.draws: {study.draws} is no multiple of study.shard_size {study.shard_size}, so "
            f"raising it later would change a finished shard; use {nearest} for instance"
        )
    too_large = [b for b in study.budgets if b > study.draws]
    if too_large:
        problems.append(
            f"study.budgets: {too_large} exceed study.draws {study.draws}; a budget cannot use "
            "more draws than exist: raise study.draws or drop these budgets"
        )


def read_config(raw: dict[str, Any], check: bool = True) -> Config:
    """Turn Snakemake's merged mapping into a Config; raises ConfigError listing every fault."""
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("configuration refused:\n" + _explain(error)) from None
    problems: list[str] = []
    if check:
        _check_names(config, problems)
        _check_entries(config, problems)
        _check_sizes(config, problems)
        _check_probe(config, problems)
        _check_strategy_options(config, problems)
    if problems:
        raise ConfigError("configuration refused:\n" + "\n".join(problems))
    return config


def budgets(study: Study) -> list[int]:
    """Budgets in use: as configured, else powers of two up to ``draws`` and ``draws`` itself."""
    if study.budgets:
        return sorted(set(study.budgets))
    powers = [2**i for i in range(study.draws.bit_length()) if 2**i <= study.draws]
    return sorted({*powers, study.draws})


def selected(study: Study, kind: str) -> list[str]:
    """Extensions of ``kind`` this study uses, ``all`` resolved by the registry; with variants."""
    chosen = getattr(study, kind)
    if chosen != "all":
        return list(chosen)
    found = list(registry.names(kind))
    if kind == "strategies":
        found += sorted(n for n, options in study.strategy_options.items() if "strategy" in options)
    return found


def json_schema() -> dict[str, Any]:
    """JSON Schema of the configuration, with each extension's own keys allowed by name."""
    schema = Config.model_json_schema()
    for title, kind in (
        ("Dataset", "datasets"),
        ("Procedure", "procedures"),
        ("Import", "archive"),
    ):
        entry = schema["$defs"][title]
        for name in registry.names(kind):
            for key, text in registry.constants(kind, name).get("OPTIONS", {}).items():
                entry["properties"].setdefault(key, {"description": f"{name}: {text}"})
        entry["additionalProperties"] = False
    return schema


def root() -> Path:
    """Root of the checkout this package lies in."""
    return Path(__file__).resolve().parents[3]
