"""The relation behind answer classes: what is found about every pair of answers of a problem.

A key stands for all answers of one normal form and one of two kinds: judged right, or not. Equal
forms and plain numbers are decided here, answers whose constants differ clearly are set apart, and
only what is left is compared symbolically, both ways, once per distinct pair.
"""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from types import ModuleType

from itc.grading._base import Problem, Undecidable
from itc.grading._grade import grader, solve
from itc.grading._pool import Result, Task
from itc.guard import guarded

# Constants whose relative difference exceeds this are different numbers.
CLEARLY = 1e-4
FORMLESS, RIGHT_MARK = "\0", "\1"  # first character of a key
SAME, DIFFERENT, ONE_WAY, UNKNOWN = "same", "different", "one way", "unknown"

Pair = tuple[str, str]
Related = dict[str, dict[Pair, str]]


def is_right(key: str) -> bool:
    """Whether a key stands for answers that were judged right."""
    return key.startswith(RIGHT_MARK)


def relate(
    spellings: dict[str, dict[str, str]],
    known: dict[str, Problem],
    workers: int,
    cache: Path | str | None,
) -> Related:
    """What is found about every pair of keys of a problem: SAME, DIFFERENT, ONE_WAY, UNKNOWN."""
    related: Related = {problem: {} for problem in spellings}
    open_pairs: list[tuple[str, Pair]] = []
    for problem_id, forms in spellings.items():
        module, problem = grader(known[problem_id]["answer_type"]), known[problem_id]
        for pair in combinations(sorted(forms), 2):
            try:
                decided = _quick(module, pair, problem)
            except Undecidable:
                related[problem_id][pair] = UNKNOWN
                continue
            if decided is None and module.WORKER:
                open_pairs.append((problem_id, pair))
            elif decided is None:
                related[problem_id][pair] = UNKNOWN
            else:
                related[problem_id][pair] = SAME if decided else DIFFERENT
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
    return related


def _agree(forth: Result, back: Result) -> str:
    """What both ways say together; where only one is decided, it speaks for both."""
    values = {bool(result.value) for result in (forth, back) if result.cause is None}
    if len(values) == 2:
        return ONE_WAY
    if not values:
        return UNKNOWN
    return SAME if values.pop() else DIFFERENT


def _quick(module: ModuleType, pair: Pair, problem: Problem) -> bool | None:
    a, b = (key.removeprefix(RIGHT_MARK) for key in pair)
    if a == b:  # one spelling judged right, another undecided
        return True
    if a.startswith(FORMLESS) or b.startswith(FORMLESS):
        return None
    if hasattr(module, "quick"):
        result: bool | None = guarded(module.quick, a, b, problem)
        return result
    return None if module.WORKER else bool(guarded(module.equivalent, a, b, problem))


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
        if any(result.cause for result in results):
            related[problem_id][pair] = UNKNOWN
        elif _apart(*(result.value for result in results)):
            related[problem_id][pair] = DIFFERENT
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
