"""Prompt templates of a procedure, compiled and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import jinja2
import jinja2.meta
import jinja2.sandbox

from itc.config.procedure import ProcedureError, Settings

__all__ = ["ProcedureError", "check_prompts", "template"]


def _environment() -> jinja2.sandbox.SandboxedEnvironment:
    return jinja2.sandbox.SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
    )


@lru_cache(maxsize=256)
def template(text: str) -> jinja2.Template:
    """A prompt template, compiled once; one of its variables left out is an error."""
    return _environment().from_string(text)


def check_prompts(procedure: str, settings: Settings, roles: Mapping[str, Sequence[str]]) -> None:
    """Raise ProcedureError for a missing role, broken syntax, or a variable that no call fills.

    roles: role -> variables that are given, the module's PROMPTS. Roles the settings do not need
    may be absent from the settings only if another template stands for them.
    """
    given = settings.prompts
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
