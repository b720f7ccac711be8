"""Rerun identity of code: a hash of what modules do, blind to comments, docstrings and layout.

Default Snakemake triggers rerun a rule when its script file is newer and miss edits of imported
modules. Here every CPU rule carries ``fingerprint(...)`` of the modules it uses as a param, imports
followed inside the package. Standard library only.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def _file(module: str) -> Path | None:
    base = PACKAGE.parent.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _strip_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            node.body = body[1:] or [ast.Pass()]
    return tree


@cache
def _parsed(module: str) -> tuple[str, tuple[str, ...]]:
    """Hash of one module and the package modules it imports anywhere, functions included."""
    path = _file(module)
    if path is None:
        raise ValueError(f"fingerprint: no module {module!r} in the package; correct the name")
    tree = _strip_docstrings(ast.parse(path.read_text(encoding="utf-8")))
    imports: set[str] = set()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            prefix = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (prefix, node.module) if part)
            imports.add(source)
            imports.update(f"{source}.{alias.name}" for alias in node.names)
    inside = tuple(
        sorted(name for name in imports if name.split(".")[0] == "itc" and _file(name) is not None)
    )
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), inside


@cache
def fingerprint(*modules: str) -> str:
    """Hash (12 hex digits) of ``modules`` (dotted, below ``itc``) and all they import inside it."""
    todo, seen = [f"itc.{module}" for module in modules], {}
    while todo:
        module = todo.pop()
        if module not in seen:
            seen[module], imports = _parsed(module)
            todo.extend(imports)
    joined = "\n".join(f"{module} {seen[module]}" for module in sorted(seen))
    return hashlib.sha256(joined.encode()).hexdigest()[:12]


@cache
def of_file(path: Path) -> str:
    """Hash (12 hex digits) of a data file's bytes: a lexicon, a template, a local dataset."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def of_files(paths: list[Path]) -> str:
    """Hash (12 hex digits) of several files' names and bytes."""
    joined = "\n".join(f"{path.name} {of_file(path)}" for path in sorted(paths))
    return hashlib.sha256(joined.encode()).hexdigest()[:12]
