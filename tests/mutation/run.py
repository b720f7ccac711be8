"""Change the estimators and graders in small ways and see whether their tests notice.

    python tests/mutation/run.py estimators --sample 150 --seed 1

A mutant is one changed operator, comparison, number, truth value, condition or return value of one
file. Each is put into a copy of the package, and the room's tests run on it in a forked process, in
which the libraries are loaded already. A mutant that no test fails on is a survivor: a missing
test, or a change that changes nothing. Text and the arguments of errors are left alone. Compiled
code is interpreted (NUMBA_DISABLE_JIT).
"""

from __future__ import annotations

import argparse
import ast
import compileall
import copy
import json
import os
import py_compile
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
SOURCE = REPO / "workflow" / "scripts"

# Room -> file below itc/ -> its tests below tests/unit/.
ESTIMATORS = {
    "estimators/_checks.py": ("test_coverage", "test_order", "test_majority"),
    "estimators/_kernels.py": ("test_montecarlo",),
    "estimators/coverage.py": ("test_coverage",),
    "estimators/majority.py": ("test_majority",),
    "estimators/montecarlo.py": ("test_montecarlo",),
    "estimators/order.py": ("test_order",),
    "estimators/short_m.py": ("test_short_m",),
    "estimators/stopping.py": ("test_montecarlo",),
    "estimators/votes.py": ("test_montecarlo",),
}
GRADERS = {
    "grading/_base.py": ("test_rules", "test_extract"),
    "grading/_classes.py": ("test_rules", "test_classes"),
    "grading/_extract.py": ("test_rules", "test_extract"),
    "grading/_relation.py": ("test_classes", "test_math"),
    "grading/choice.py": ("test_rules", "test_extract"),
    "grading/math.py": ("test_in_process", "test_math", "test_defects"),
    "grading/number.py": ("test_rules", "test_extract"),
    "grading/reasoning_gym.py": ("test_in_process", "test_extract"),
    "grading/text.py": ("test_rules", "test_extract"),
}
ROOMS = {"estimators": ESTIMATORS, "grading": GRADERS}
SLOW = "not 1000 and not 512 and not cpu_time"  # tests left out: seconds each, for every mutant
# CPU seconds of a mutant beyond those of the unchanged tests: what takes longer hangs.
GRACE, FACTOR = 10.0, 3.0
LONGEST = 1800.0  # wall seconds, for a mutant that waits

COMPARE = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}


@dataclass(frozen=True)
class Mutant:
    """One change: file below the package, line, what was done, and the file's new text."""

    file: str
    line: int
    change: str
    text: str


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Each way to change ``node`` itself, in words, and the changed node."""

    def changed(**fields: object) -> ast.AST:
        made = copy.deepcopy(node)
        for name, value in fields.items():
            setattr(made, name, value)
        return made

    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            if type(op) in COMPARE:
                new = COMPARE[type(op)]()
                ops = [*node.ops[:i], new, *node.ops[i + 1 :]]
                yield f"{type(op).__name__} -> {type(new).__name__}", changed(ops=ops)
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in ARITHMETIC:
        new = ARITHMETIC[type(node.op)]()
        yield f"{type(node.op).__name__} -> {type(new).__name__}", changed(op=new)
    elif isinstance(node, ast.BoolOp):
        new = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"{type(node.op).__name__} -> {type(new).__name__}", changed(op=new)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield f"{type(node.op).__name__} dropped", node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{node.value} -> {not node.value}", changed(value=not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield f"{node.value} -> {node.value + 1}", changed(value=node.value + 1)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield "condition negated", changed(test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield "returns None", changed(value=ast.Constant(None))
    elif isinstance(node, ast.Continue):
        yield "continue -> break", ast.Break()
    elif isinstance(node, ast.Break):
        yield "break -> continue", ast.Continue()


def places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Parent, field and index of every node that may be changed, in the order of the file."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        entries = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, child in entries:
            if isinstance(child, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
                continue
            if isinstance(child, ast.AST):
                yield node, name, index
                yield from places(child)


def mutants(path: Path) -> list[Mutant]:
    """All mutants of one file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for parent, name, index in list(places(tree)):
        held = getattr(parent, name)
        node = held if index is None else held[index]
        for change, new in variants(node):
            ast.copy_location(new, node)
            if index is None:
                setattr(parent, name, new)
            else:
                held[index] = new
            text = ast.unparse(ast.fix_missing_locations(tree))
            if index is None:
                setattr(parent, name, node)
            else:
                held[index] = node
            line = getattr(node, "lineno", 0)
            found.append(Mutant(path.relative_to(SOURCE / "itc").as_posix(), line, change, text))
    return found


def tested(package: Path, tests: list[str], seconds: float) -> tuple[int | None, float]:
    """Exit status of the tests on the package's copy (None: out of time), and CPU seconds."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 3))
        import pytest

        options = ["-x", "-q", "-p", "no:cacheprovider", "-o", f"pythonpath={package}"]
        status = 3
        try:
            status = int(pytest.main([*options, "-k", SLOW, *tests]))
        finally:
            os._exit(status)
    deadline = time.monotonic() + LONGEST
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.02)
    spent = usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(status)
    return (None if code < 0 else code), spent


def preload() -> None:
    """Import what the tests import beside the package, once for all forks."""
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    os.environ |= {"OPENBLAS_NUM_THREADS": "1"}
    sys.dont_write_bytecode = True
    import hypothesis
    import math_verify  # noqa: F401
    import numba  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401
    import scipy.integrate
    import scipy.special  # noqa: F401

    hypothesis.settings.register_profile("mutants", derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("mutants")


def main() -> int:
    """Run a room's mutants and print those that survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--sample", type=int, help="only so many mutants, at random")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long")
    parser.add_argument("--only", default="", help="only files and lines that hold this text")
    given = parser.parse_args()
    room = ROOMS[given.room]
    every = [mutant for file in room for mutant in mutants(SOURCE / "itc" / file)]
    chosen = [m for m in every if given.only in f"{m.file}:{m.line}: {m.change}"]
    random.Random(given.seed).shuffle(chosen)
    chosen = chosen[: given.sample]
    os.chdir(REPO)
    preload()
    started = time.monotonic()
    counts: Counter[str] = Counter()
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "workflow" / "scripts"
        shutil.copytree(SOURCE / "itc", package / "itc", ignore=shutil.ignore_patterns("__pyc*"))
        (Path(folder) / "config").symlink_to(REPO / "config")  # found relative to the package
        # Hashes, since two mutants may have one size and be written within one second.
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(str(package), quiet=2, invalidation_mode=mode)
        tests = {
            file: [f"tests/unit/{file.split('/')[0]}/{name}.py" for name in names]
            for file, names in room.items()
        }
        unchanged = {}
        for file in {mutant.file for mutant in chosen}:
            status, unchanged[file] = tested(package, tests[file], 3600)
            if status != 0:
                print(f"the unchanged tests of {file} end with {status}: nothing to compare with")
                return 2
        print(f"{len(every)} mutants, {len(chosen)} to be tried", flush=True)
        for mutant in chosen:
            if time.monotonic() - started > 60 * given.minutes:
                break
            target = package / "itc" / mutant.file
            original = target.read_text(encoding="utf-8")
            target.write_text(mutant.text, encoding="utf-8")
            limit = FACTOR * unchanged[mutant.file] + GRACE
            status, _ = tested(package, tests[mutant.file], limit)
            target.write_text(original, encoding="utf-8")
            told = {0: "survived", None: "out of time"}.get(status, "killed")
            counts[told] += 1
            if told == "survived":
                line = (SOURCE / "itc" / mutant.file).read_text().splitlines()[mutant.line - 1]
                survivors.append(f"{mutant.file}:{mutant.line}: {mutant.change}: {line.strip()}")
                print(survivors[-1], flush=True)
    tried = sum(counts.values())
    print(
        json.dumps(
            {
                "room": given.room,
                "mutants": len(every),
                "tried": tried,
                "seed": given.seed,
                **counts,
                "score": round(1 - counts["survived"] / max(tried, 1), 4),
                "minutes": round((time.monotonic() - started) / 60, 1),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
