"""The room in which LiveCodeBench runs a program: names, limits and endings that solutions rely on.

Source: ``lcb_runner/evaluation/testing_util.py`` of https://github.com/LiveCodeBench/LiveCodeBench
(MIT). There every module below is imported, by its names and as itself, before the solution; the
recursion limit is 50,000; a module with a function is not run as ``__main__``, a program that reads
input is; and a program that exits, whatever its status, is judged by what it printed.

numpy, which LiveCodeBench's own environment has, is not in the sandbox: a program that fails for
want of it is undecided (``module``).
"""

from __future__ import annotations

import ast
from typing import Any

_STAR = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools "
    "operator io sys json builtins typing"
)
_PLAIN = (
    "string re datetime collections heapq bisect copy math random statistics itertools functools "
    "operator io sys json"
)
RECURSION = 50_000
ABSENT = frozenset(("numpy", "scipy", "pandas", "sortedcontainers", "networkx", "sympy"))


def room(name: str | None, livecodebench: bool) -> dict[str, Any]:
    """What the runner prepares: ``prelude`` (code), ``recursion``, ``module``, ``any_exit``."""
    if not livecodebench:
        return {"prelude": "", "recursion": None, "module": "__main__", "any_exit": False}
    lines = [f"from {module} import *" for module in _STAR.split()]
    lines += [f"import {module}" for module in _PLAIN.split()]
    return {
        "prelude": "\n".join(lines),
        "recursion": RECURSION,
        "module": "tmp_sol" if name else "__main__",
        "any_exit": True,
    }


def wants_absent(code: str) -> bool:
    """Whether a program imports a package that the sandbox does not have."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return not names.isdisjoint(ABSENT)
