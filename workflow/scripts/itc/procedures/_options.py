"""What an entry of config/procedures.yaml says: its prompt templates and its options, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import jinja2
import jinja2.meta
import jinja2.sandbox


class ProcedureError(ValueError):
    """A procedure cannot run as configured; the message names the entry, key and mend."""


def prompts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Template texts by role; a single template has the role ``prompt``."""
    found = settings.get("prompts")
    if found is None:
        text = settings.get("prompt")
        found = text if isinstance(text, dict) else {"prompt": text}
    return {role: text for role, text in found.items() if text is not None}


def _environment() -> jinja2.sandbox.SandboxedEnvironment:
    return jinja2.sandbox.SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
    )


@lru_cache(maxsize=256)
def template(text: str) -> jinja2.Template:
    """A prompt template, compiled once; one of its variables left out is an error."""
    return _environment().from_string(text)


def check_prompts(
    procedure: str, settings: Mapping[str, Any], roles: Mapping[str, Sequence[str]]
) -> None:
    """Raise ProcedureError for a missing role, broken syntax, or a variable that no call fills.

    roles: role -> variables that are given, the module's PROMPTS. Roles the settings do not need
    may be absent from the settings only if another template stands for them.
    """
    given = prompts(settings)
    for role, text in given.items():
        if role not in roles:
            raise ProcedureError(
                f"procedures.{procedure}.prompt: no role {role!r}; allowed: {', '.join(roles)}"
            )
        try:
            used = jinja2.meta.find_undeclared_variables(_environment().parse(text))
        except jinja2.TemplateSyntaxError as error:
            raise ProcedureError(
                f"procedures.{procedure}.prompt, role {role!r}, line {error.lineno}: {error}"
            ) from error
        unknown = sorted(used - set(roles[role]))
        if unknown:
            raise ProcedureError(
                f"procedures.{procedure}.prompt, role {role!r}: unknown variables {unknown}; "
                f"this procedure gives {', '.join(roles[role])}"
            )
    if not given:
        raise ProcedureError(f"procedures.{procedure}.prompt: missing; name a file")


def positive(procedure: str, settings: Mapping[str, Any], key: str, default: int) -> int:
    """An option that must be a whole number of at least 1; raises ProcedureError otherwise."""
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ProcedureError(f"procedures.{procedure}.{key}: {value!r}; needs a number from 1")
    return value
