"""Values from ``--config``, which Snakemake gives as texts: read as a file would give them.

Where the configuration declares a type, a text stays a text only if that type is one; everything
else, and every value without a declared type (``engine_options``, the keys of a loader), is read as
YAML. So the same setting has one identity, wherever it is written.
"""

from __future__ import annotations

import datetime
import types
import typing
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from itc import registry
from itc.config.procedure import Procedure
from itc.config.schema import Config

_NULL = frozenset(("null", "Null", "NULL", "~"))


def reread(given: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` (what ``--config`` says) with its texts read by the type of their place.

    merged: the whole configuration, which knows the kind of a procedure that is changed.
    """
    kinds = {
        name: str(entry.get("kind", ""))
        for name, entry in (merged.get("procedures") or {}).items()
        if isinstance(entry, Mapping)
    }
    found = _section(given, Config)
    entries = given.get("procedures")
    if isinstance(entries, Mapping):
        found["procedures"] = {
            name: _section(entry, Procedure, _options(kinds.get(name, "")))
            if isinstance(entry, Mapping)
            else entry
            for name, entry in entries.items()
        }
    return found


def _options(kind: str) -> type[BaseModel] | None:
    if kind not in registry.names("procedures"):
        return None
    found: type[BaseModel] = registry.load("procedures", kind).Options
    return found


def _section(
    values: Mapping[str, Any], section: type[BaseModel], further: type[BaseModel] | None = None
) -> dict[str, Any]:
    types_of = {name: field.annotation for name, field in section.model_fields.items()}
    if further is not None:
        types_of |= {name: field.annotation for name, field in further.model_fields.items()}
    return {key: _read(value, types_of.get(key, Any)) for key, value in values.items()}


def _read(value: Any, annotation: Any) -> Any:
    members = _members(annotation)
    if isinstance(value, Mapping):
        for member in members:
            if isinstance(member, type) and issubclass(member, BaseModel):
                return _section(value, member)
        inner = _argument(members, dict, 1)
        return {key: _read(item, inner) for key, item in value.items()}
    if isinstance(value, list):
        inner = _argument(members, list, 0, _argument(members, tuple, 0))
        return [_read(item, inner) for item in value]
    if not isinstance(value, str):
        return value
    if value in _NULL and (Any in members or type(None) in members):
        return None
    if any(member is str or _is_text(member) for member in members):
        return value
    return _scalar(value)


def _members(annotation: Any) -> tuple[Any, ...]:
    """Alternatives of a type: those of a union, else itself; marks of Annotated left out."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return tuple(m for part in typing.get_args(annotation) for m in _members(part))
    return (annotation,)


def _argument(members: tuple[Any, ...], origin: type, number: int, default: Any = Any) -> Any:
    for member in members:
        found = typing.get_args(member)
        if typing.get_origin(member) is origin and len(found) > number:
            return found[number]
    return default


def _is_text(member: Any) -> bool:
    """Whether a type is a choice of words."""
    choices = typing.get_args(member)
    return typing.get_origin(member) is typing.Literal and any(isinstance(c, str) for c in choices)


def _scalar(text: str) -> Any:
    """A number, truth value, date or null as YAML reads it; every other text as it is."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return found if isinstance(found, bool | int | float | datetime.date) else text
