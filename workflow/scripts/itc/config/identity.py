"""What decides a response, a dataset, an import: the one place that says so.

One rule for all: a key joins the identity only where it differs from the neutral value that its
declaration names (``itc.config.fields``; ``NEUTRAL`` of a loader or format). The functions are
pure: what must be read from a disk (the content of weights, templates, data files) is given to
them.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from itc import registry
from itc.config.dataset import Dataset, Import
from itc.config.fields import ALWAYS, Decides, Identity, mark
from itc.config.model import Model
from itc.config.presets import refused
from itc.config.procedure import Settings
from itc.config.templates import normal


def plain(value: Any) -> Any:
    """``value`` as JSON knows it: tuples are lists, keys are texts, dates are ISO texts."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def canonical(value: Any) -> bytes:
    """JSON bytes of ``value`` that do not depend on dict order; NaN is refused."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return text.encode("ascii")


def digest(value: Any) -> str:
    """Short content hash (10 hex digits) of a JSON-like value, as paths bear it."""
    return hashlib.sha256(canonical(plain(value))).hexdigest()[:10]


def deciding(section: BaseModel, of: Identity = "responses") -> dict[str, Any]:
    """Declared fields of ``section`` that decide ``of`` and are not at their neutral value.

    A nested section joins with its own fields that differ, and not at all where none does.
    """
    found = {}
    for name, neutral in _declared(type(section), of):
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            if inner := deciding(value, of):
                found[name] = inner
            continue
        value = plain(value)
        if neutral is ALWAYS or value != neutral:
            found[name] = value
    return found


@lru_cache(maxsize=64)
def _declared(section: type[BaseModel], of: Identity) -> tuple[tuple[str, Any], ...]:
    """Fields that decide ``of``, each with its neutral value as JSON knows it."""
    marks = ((name, mark(section, name)) for name in section.model_fields)
    return tuple(
        (name, plain(about.neutral))
        for name, about in marks
        if isinstance(about, Decides) and about.of == of
    )


def behaviour(kind: str, name: str) -> dict[int, str]:
    """Changes of what an extension does under the same configuration: number -> what changed.

    Its literal ``BEHAVIOUR``; the highest number joins the identity of all entries that use it.
    """
    if name not in registry.names(kind):
        return {}
    return dict(registry.constants(kind, name).get("BEHAVIOUR", {}))


def _numbered(kind: str, name: str) -> dict[str, int]:
    changes = behaviour(kind, name)
    return {"behaviour": max(changes)} if changes else {}


def _further(kind: str, name: str, extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Keys of a loader or format that differ from its NEUTRAL (None where it names none)."""
    if name not in registry.names(kind):
        return {}
    about = registry.constants(kind, name)
    neutral, incidental = about.get("NEUTRAL", {}), about.get("INCIDENTAL_OPTIONS", ())
    return {
        key: plain(value)
        for key, value in (extra or {}).items()
        if key not in incidental and plain(value) != plain(neutral.get(key))
    }


def of_model(model: Model, contents: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What of a model decides its answers; part of every request key.

    contents: path, as the entry writes it -> digest of what lies there, which then counts instead
    of its place (see ``itc.contents.of_model``). Options that the engine's file lists as SERVING,
    and keys of a request that it lists as SERVING_REQUEST, decide nothing.
    """
    contents = contents or {}
    found = deciding(model)
    about = registry.constants("engines", model.engine)
    options = found.pop("engine_options", {})
    options = {key: options[key] for key in options if key not in about.get("SERVING", ())}
    if options:
        found["engine_options"] = _by_content(options, contents)
    request = found.pop("request", {})
    request = {k: request[k] for k in request if k not in about.get("SERVING_REQUEST", ())}
    if request:
        found["request"] = request
    found.pop("refuses", None)
    if not_sent := refused(model.preset, model.refuses):
        found["refuses"] = not_sent
    weights = ("model",) if about.get("WEIGHTS") else ()
    for name in (*weights, *by_content(type(model))):
        if name in found:
            found[name] = _by_content(found[name], contents)
    return found | _numbered("engines", model.engine)


def by_content(section: type[BaseModel]) -> tuple[str, ...]:
    """Fields of ``section`` whose value names a file or folder that counts by its content."""
    marks = {name: mark(section, name) for name in section.model_fields}
    return tuple(n for n, about in marks.items() if isinstance(about, Decides) and about.content)


def _by_content(value: Any, contents: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return contents.get(value, value)
    if isinstance(value, Mapping):
        return {key: _by_content(item, contents) for key, item in value.items()}
    return [_by_content(v, contents) for v in value] if isinstance(value, list) else value


def of_procedure(settings: Settings) -> dict[str, Any]:
    """What of a procedure, as one dataset is asked by it, decides the answers."""
    kind = settings.entry.kind
    found = deciding(settings.entry)
    if options := deciding(settings.options(registry.load("procedures", kind).Options)):
        found["options"] = options
    found["prompts"] = {role: normal(text) for role, text in settings.prompts.items()}
    found.pop("system_prompt", None)
    if settings.system_prompt is not None:
        found["system_prompt"] = settings.system_prompt
    return found | _numbered("procedures", kind)


def of_responses(
    seed: int,
    model: Mapping[str, Any],
    settings: Settings,
    parent: str | None = None,
    block: int | None = None,
) -> dict[str, Any]:
    """What decides the responses of one run, the problems themselves aside.

    seed: the study's. model: of ``of_model``. parent: hash of the run whose responses are read.
    block: draws that a call may see together, where that decides what it sees.
    """
    found: dict[str, Any] = {
        "seed": seed,
        "model": dict(model),
        "procedure": of_procedure(settings),
    }
    if parent is not None:
        found["parent"] = parent
    if block is not None:
        found["block"] = block
    return found


def of_dataset(
    dataset: Dataset, content: str | None = None, source: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What decides a table of problems.

    content: digest of a local file. source: of ``of_import``, where a recording holds them.
    """
    found = deciding(dataset, "dataset")
    found |= _further("datasets", dataset.loader, dataset.model_extra)
    if content is not None:
        found["content"] = content
    if source is not None:
        found["import"] = dict(source)
    return found | _numbered("datasets", dataset.loader)


def of_import(entry: Import, contents: list[str]) -> dict[str, Any]:
    """What decides imported responses: how they are read, and the content of the files."""
    found = deciding(entry, "import") | _further("archive", entry.format, entry.model_extra)
    return found | {"contents": contents} | _numbered("archive", entry.format)
