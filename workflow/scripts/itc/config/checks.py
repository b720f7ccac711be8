"""What a valid schema cannot say: that names exist, keys belong, sizes fit.

Each check appends one line per fault, which names key, value, what is allowed, and the way out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from itc import registry
from itc.config.schema import MOST_SHARDS, Config, Dataset, Model, Procedure, Section

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)*$")
# Where recorded problems and responses come from -> the registry that `import_from` names.
SOURCES = {"recording": "imports", "import": "imports", "archive": "archives"}


def _suggest(value: object, allowed: list[str]) -> str:
    close = difflib.get_close_matches(str(value), allowed, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation such as ``Shape | None`` or ``dict[str, Model]`` holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for a in get_args(annotation) if (found := _model_in(a))), None)


def _fields(place: tuple[int | str, ...]) -> list[str]:
    """Keys allowed in the section at ``place``, a path of keys from the top."""
    holder: type[BaseModel] = Config
    parts = iter(place)
    for part in parts:
        annotation = holder.model_fields[str(part)].annotation
        if get_origin(annotation) is dict:
            next(parts, None)  # the name of a registry's entry
        holder = _model_in(annotation) or holder
    return sorted(holder.model_fields)


def explain(error: ValidationError) -> str:
    """Pydantic's faults in our words, one line each."""
    lines = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            allowed = _fields(item["loc"][:-1])
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
    # Names become parts of paths.
    named = [("study.name", config.study.name)]
    for kind in ("datasets", "models", "procedures", "imports", "archives"):
        named += [(f"{kind}.{name}", name) for name in getattr(config, kind)]
    for label, name in named:
        if not NAME.fullmatch(name):
            problems.append(
                f"{label}: {name!r} is no name: it may hold letters, digits, dots, underscores and "
                "single inner hyphens; rename it"
            )
    for kind in ("datasets", "models", "procedures"):
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
    options = registry.options(kind, name)
    allowed = sorted({*type(entry).model_fields, *options})
    for key, value in (entry.model_extra or {}).items():
        if key not in options:
            problems.append(
                f"{label}.{key}: unknown key (value {value!r}); allowed: {', '.join(allowed)}"
                f"{_suggest(key, allowed)}"
            )


def _check_options(label: str, procedure: Procedure, problems: list[str]) -> None:
    """Check the values of the keys that belong to a procedure's kind."""
    if procedure.kind not in registry.names("procedures"):
        return
    kind = registry.load("procedures", procedure.kind).Options
    extra = procedure.model_extra or {}
    try:
        kind.model_validate({k: v for k, v in extra.items() if k in kind.model_fields})
    except ValidationError as error:
        problems += [f"{label}.{line}" for line in explain(error).splitlines()]


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
                if entry.import_from is not None:
                    problems.append(
                        f"datasets.{name}.import_from: {entry.import_from!r} goes with loader "
                        f"`recording` or `archive`, not {entry.loader!r}; drop one of the two"
                    )
    for name in config.study.procedures:
        procedure = config.procedures.get(name)
        if procedure is None:
            continue
        _check_entry(f"procedures.{name}", "procedures", procedure.kind, procedure, problems)
        _check_options(f"procedures.{name}", procedure, problems)
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
            _check_engine_options(f"models.{name}", model, problems)
        else:
            _check_source(f"models.{name}", model.source, model, config, problems)


# Words in names of settings that hold a secret: what stands in a config is hashed, logged, shown.
SECRETS = re.compile(r"(api_?key|(^|_)token$|secret|password|authorization|credential)", re.I)


def _check_engine_options(label: str, model: Model, problems: list[str]) -> None:
    """Refuse options that have a key of their own, and secrets wherever free keys are."""
    for kind in ("engine_options", "serving_options"):
        for key in getattr(model, kind):
            if key in Model.model_fields:
                where = f"{label}.{kind}.{key}"
                problems.append(f"{where}: set it as {label}.{key}, where it is looked for")
    for kind in ("engine_options", "serving_options", "request", "chat_template_kwargs"):
        for key in _secrets(getattr(model, kind)):
            problems.append(
                f"{label}.{kind}.{key}: a secret does not belong into a config, which is logged "
                f"and archived; export it and name the environment variable in "
                f"{label}.api_key_env (Hugging Face's own token is read from HF_TOKEN)"
            )


def _secrets(values: Mapping[str, Any]) -> Iterator[str]:
    """Keys, dots between those of nested mappings, that name a secret."""
    for key, value in values.items():
        if SECRETS.search(str(key)) and str(key) not in Model.model_fields:
            yield str(key)
        elif isinstance(value, Mapping):
            yield from (f"{key}.{inner}" for inner in _secrets(value))


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
        if "strategy" in given and (name in known or not NAME.fullmatch(name)):
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
    shards = study.draws // study.shard_size
    if shards > MOST_SHARDS:
        problems.append(
            f"study.draws: {study.draws} in shards of {study.shard_size} are {shards:,} shards, "
            f"the most are {MOST_SHARDS:,}; raise study.shard_size or lower study.draws"
        )
    too_large = [b for b in study.budgets if b > study.draws]
    if too_large:
        problems.append(
            f"study.budgets: {too_large} exceed study.draws {study.draws}; a budget cannot use "
            "more draws than exist: raise study.draws or drop these budgets"
        )


def faults(config: Config) -> list[str]:
    """All faults of a configuration whose types are right, one line each."""
    problems: list[str] = []
    _check_names(config, problems)
    _check_entries(config, problems)
    _check_sizes(config, problems)
    _check_probe(config, problems)
    _check_strategy_options(config, problems)
    return problems
