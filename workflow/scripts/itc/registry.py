"""Find extensions by file name: one file in one folder is one extension, nothing else to edit.

A strategy, feature, figure, ... is a module ``itc/<kind>/<name>.py`` that keeps its kind's small
contract: upper-case constants that describe it and one function (docs/architecture.md lists them).
Stems that start with ``_`` are shared helpers. The DAG needs names and constants before anything
may be imported, so both are read without importing the module. Standard library only.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = Path(__file__).resolve().parent

KINDS = {
    "datasets": "dataset loader",
    "engines": "engine",
    "procedures": "procedure",
    "grading": "grader",
    "features": "feature",
    "strategies": "strategy",
    "analyses": "analysis table",
    "claims": "claim",
    "figures": "figure",
    "sections": "report section",
    "archive": "recording format",
}


class UnknownExtensionError(KeyError):
    """A name was asked for that no file provides."""

    def __str__(self) -> str:
        return str(self.args[0])


# Constants that decide the DAG or the config: unread, a job would silently lack an input.
DECISIVE = frozenset(
    {
        *("TITLE", "SECTION", "ORDER", "TABLES", "INPUTS", "LOADS", "OPTIONS", "FILES", "NEUTRAL"),
        *("PROCEDURE", "POOL", "RELATED", "NEEDS", "PER_DRAW", "LEARNS", "EXACT", "UPPER_BOUND"),
        "CONTROL",
        *("PARENT", "PROMPTS", "JOB_PER", "INCIDENTAL_OPTIONS", "SERVING", "WEIGHTS", "BEHAVIOUR"),
        "SERVING_REQUEST",
    }
)


class ConstantError(ValueError):
    """A constant of an extension that has to be a literal is computed."""


def folder(kind: str) -> Path:
    """Folder that holds the extensions of ``kind``; report sections live below ``report/``."""
    return PACKAGE / ("report/sections" if kind == "sections" else kind)


@cache
def names(kind: str) -> tuple[str, ...]:
    """Sorted names of all extensions of ``kind``; empty where the folder does not exist."""
    if kind not in KINDS:
        raise UnknownExtensionError(f"no kind {kind!r}; kinds are {', '.join(KINDS)}")
    stems = (path.stem for path in folder(kind).glob("*.py"))
    return tuple(sorted(stem for stem in stems if not stem.startswith("_")))


def path(kind: str, name: str) -> Path:
    """Source file of one extension; raises UnknownExtensionError naming the known ones."""
    if name not in names(kind):
        known = ", ".join(names(kind)) or "none"
        raise UnknownExtensionError(
            f"unknown {KINDS[kind]} {name!r}; known: {known}. "
            f"A new one is one file: itc/{folder(kind).relative_to(PACKAGE)}/{name}.py"
        )
    return folder(kind) / f"{name}.py"


@cache
def constants(kind: str, name: str) -> dict[str, Any]:
    """Literal upper-case module constants of an extension, read without importing it."""
    found: dict[str, Any] = {}
    for node in ast.parse(path(kind, name).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        else:
            continue
        if isinstance(target, ast.Name) and target.id.isupper():
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                if target.id in DECISIVE:
                    raise ConstantError(
                        f"{path(kind, name)}, line {node.lineno}: {target.id} is read without "
                        "importing the file; write it as one literal"
                    ) from None
                continue  # other computed constants are only visible after import
    return found


@cache
def parameters(kind: str, name: str, function: str) -> dict[str, Any]:
    """Parameters of an extension's ``function`` that have a literal default, and that default.

    Read without importing the module, as by ``constants``.
    """
    found: dict[str, Any] = {}
    for node in ast.parse(path(kind, name).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            given = node.args.args[len(node.args.args) - len(node.args.defaults) :]
            pairs = [
                *zip(given, node.args.defaults, strict=True),
                *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
            ]
            found = {a.arg: ast.literal_eval(value) for a, value in pairs if value is not None}
    return found


def strategy(name: str, options: Mapping[str, Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Module and parameters of a study's strategy ``name``.

    ``options``: the study's ``strategy_options``. An entry with the key ``strategy`` is a variant:
    a name of its own for that strategy with other parameters.
    """
    params = dict(options.get(name, {}))
    return str(params.pop("strategy", name)), params


def options(kind: str, name: str) -> dict[str, str]:
    """Configuration keys that only this extension knows, and what each means.

    Read from its literal ``OPTIONS``, or for a procedure from its class ``Options``.
    """
    if kind == "procedures":
        fields = load(kind, name).Options.model_fields
        return {key: _meaning(field) for key, field in fields.items()}
    return dict(constants(kind, name).get("OPTIONS", {}))


def _meaning(field: Any) -> str:
    """Description of a field, with its default if it has one that says something."""
    default = field.default
    said = isinstance(default, bool | int | float) or (isinstance(default, str | tuple) and default)
    shown = list(default) if isinstance(default, tuple) else default
    return f"{field.description} Default `{shown}`." if said else str(field.description)


def load(kind: str, name: str) -> ModuleType:
    """Import one extension."""
    module = path(kind, name).relative_to(PACKAGE).with_suffix("")
    return importlib.import_module(".".join(("itc", *module.parts)))
