"""Answer classes: within a problem, responses whose answers are equivalent share a class.

Rule. Two answers are related when their normal forms are equal or the grader calls them
equivalent, asked both ways. Answers judged right form one class. Among the others a class is a
connected component of the relation: its transitive closure, so the classes do not depend on the
order of the pool. Where the relation itself was not transitive or not symmetric, the pair is
reported. Answers that nothing can decide about stay alone with their normal form.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pandas as pd

from itc.grading._base import RIGHT, Problem
from itc.grading._grade import by_id, grader, solve
from itc.grading._pool import Result, Task

log = logging.getLogger(__name__)
ORDER = ("dataset", "model", "procedure", "draw", "round", "response_id")
VIOLATION = ("problem_id", "kind", "a", "b")
# Constants whose relative difference exceeds this are different numbers.
CLEARLY = 1e-4
RIGHT_KEY = "\0right"


class Classes(NamedTuple):
    """``ids``: class of each row; ``violations``: pairs where the relation was no equivalence."""

    ids: pd.Series
    violations: pd.DataFrame


def answer_classes(
    frame: pd.DataFrame,
    problems: pd.DataFrame,
    workers: int = 1,
    cache: Path | str | None = None,
) -> pd.Series:
    """Class of each response within its problem: dense from 0 in order of appearance, -1 = none.

    ``frame`` needs ``problem_id``, ``answer``, ``normal_form`` and ``verdict`` as ``grade`` gives
    them; appearance is by the columns of ``ORDER`` that it has. Integer, same index as ``frame``.
    """
    found = classify(frame, problems, workers, cache)
    if len(found.violations):
        kinds = found.violations["kind"].value_counts().to_dict()
        log.warning("answer classes: the relation is no equivalence for some pairs: %s", kinds)
    return found.ids


def classify(
    frame: pd.DataFrame,
    problems: pd.DataFrame,
    workers: int = 1,
    cache: Path | str | None = None,
) -> Classes:
    """Classes, and the pairs where symmetry or transitivity failed (columns ``VIOLATION``)."""
    known = by_id(problems)
    keys = [
        _key(answer, form, verdict)
        for answer, form, verdict in zip(
            frame["answer"], frame["normal_form"], frame["verdict"], strict=True
        )
    ]
    spellings: dict[str, dict[str, str]] = {}
    for problem_id, key, answer in zip(frame["problem_id"], keys, frame["answer"], strict=True):
        if key is not None and key != RIGHT_KEY:
            forms = spellings.setdefault(problem_id, {})
            forms[key] = min(forms.get(key, answer), answer)
    links, related = _relate(spellings, known, workers, cache)
    roots = {problem: _components(forms, links[problem]) for problem, forms in spellings.items()}
    ids = _number(frame, keys, roots)
    return Classes(ids, _violations(roots, related))


def _key(answer: str | None, form: str | None, verdict: str) -> str | None:
    if not isinstance(answer, str):
        return None
    if verdict == RIGHT:
        return RIGHT_KEY
    return form if isinstance(form, str) else f"\0{answer}"


Pair = tuple[str, str]
Related = dict[str, dict[Pair, bool | None]]


def _relate(
    spellings: dict[str, dict[str, str]],
    known: dict[str, Problem],
    workers: int,
    cache: Path | str | None,
) -> tuple[dict[str, list[Pair]], Related]:
    """Related pairs of keys per problem, and all that was found about pairs."""
    related: Related = {problem: {} for problem in spellings}
    open_pairs: list[tuple[str, Pair]] = []
    for problem_id, forms in spellings.items():
        module, problem = grader(known[problem_id]["answer_type"]), known[problem_id]
        for pair in combinations(sorted(forms), 2):
            decided = _quick(module, pair, problem)
            if decided is None and module.WORKER:
                open_pairs.append((problem_id, pair))
            else:
                related[problem_id][pair] = bool(decided)
    open_pairs = _clearly_different(open_pairs, spellings, known, related, workers, cache)
    tasks = {
        (problem_id, pair, way): Task(
            known[problem_id]["answer_type"],
            "equivalent",
            (*(spellings[problem_id][key] for key in pair[::way]), "{}"),
        )
        for problem_id, pair in open_pairs
        for way in (1, -1)
    }
    results = dict(zip(tasks, solve(list(tasks.values()), workers, cache), strict=True))
    for problem_id, pair in open_pairs:
        forth, back = (results[problem_id, pair, way] for way in (1, -1))
        related[problem_id][pair] = _agree(forth, back)
    links = {
        problem: [pair for pair, value in pairs.items() if value]
        for problem, pairs in related.items()
    }
    return links, related


def _agree(forth: Result, back: Result) -> bool | None:
    """True or False where both ways say so, None where they differ or neither is decided."""
    values = {bool(result.value) for result in (forth, back) if result.cause is None}
    if len(values) == 2:
        return None
    return values.pop() if values else False


def _quick(module: ModuleType, pair: Pair, problem: Problem) -> bool | None:
    if any(key.startswith("\0") for key in pair):
        return False if not module.WORKER else None
    if hasattr(module, "quick"):
        return module.quick(*pair, problem)
    return None if module.WORKER else bool(module.equivalent(*pair, problem))


def _clearly_different(
    pairs: list[tuple[str, Pair]],
    spellings: dict[str, dict[str, str]],
    known: dict[str, Problem],
    related: Related,
    workers: int,
    cache: Path | str | None,
) -> list[tuple[str, Pair]]:
    """Pairs left after setting aside those whose values differ or that cannot be parsed."""
    sides = sorted(
        {
            (problem_id, key)
            for problem_id, pair in pairs
            for key in pair
            if hasattr(grader(known[problem_id]["answer_type"]), "signature")
        }
    )
    tasks = [
        Task(known[problem]["answer_type"], "signature", (spellings[problem][key], "{}"))
        for problem, key in sides
    ]
    found = dict(zip(sides, solve(tasks, workers, cache), strict=True))
    left = []
    for problem_id, pair in pairs:
        results = [found.get((problem_id, key), Result()) for key in pair]
        if any(result.cause for result in results) or _apart(*(r.value for r in results)):
            related[problem_id][pair] = False
        else:
            left.append((problem_id, pair))
    return left


def _apart(a: list[list[float]] | None, b: list[list[float]] | None) -> bool:
    """Whether constants differ by far more than rounding explains, or only one is constant."""
    if a is None or b is None:
        return (a is None) != (b is None)
    return not any(_near(x, y) for x in a for y in b)


def _near(a: list[float], b: list[float]) -> bool:
    size = max(math.hypot(*a), math.hypot(*b), CLEARLY)
    return math.hypot(a[0] - b[0], a[1] - b[1]) <= CLEARLY * size


def _components(forms: Iterable[str], links: list[Pair]) -> dict[str, str]:
    """Root of each key by union-find; the smallest key of a component is its root."""
    parent = {form: form for form in forms}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for a, b in sorted(links):
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return {form: root(form) for form in parent}


def _number(
    frame: pd.DataFrame, keys: list[str | None], roots: dict[str, dict[str, str]]
) -> pd.Series:
    """Dense class numbers in order of appearance within each problem."""
    order = frame.reset_index(drop=True)
    columns = [name for name in ("problem_id", *ORDER) if name in order]
    seen: dict[str, dict[str, int]] = {}
    values = [-1] * len(frame)
    ids = list(frame["problem_id"])
    for position in order.sort_values(columns, kind="stable").index:
        key, problem = keys[position], ids[position]
        if key is not None:
            classes = seen.setdefault(problem, {})
            root = key if key == RIGHT_KEY else roots[problem][key]
            values[position] = classes.setdefault(root, len(classes))
    return pd.Series(values, index=frame.index, dtype="int32", name="answer_class")


def _violations(roots: dict[str, dict[str, str]], related: Related) -> pd.DataFrame:
    rows = []
    for problem, pairs in related.items():
        for (a, b), value in pairs.items():
            if value is None:
                rows.append((problem, "symmetry", a, b))
            elif not value and roots[problem][a] == roots[problem][b]:
                rows.append((problem, "transitivity", a, b))
    return pd.DataFrame(rows, columns=list(VIOLATION))
