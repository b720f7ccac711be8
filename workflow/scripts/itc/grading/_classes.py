"""Answer classes: within a problem, responses whose answers are equivalent share a class.

Rule. Two answers are related when their normal forms are equal or the grader calls them
equivalent, asked both ways. Answers judged right form one class. Among the others a class is a
connected component of the relation: its transitive closure, so the classes do not depend on the
order of the pool. Answers that nothing can decide about stay alone with their normal form.

Where the relation is no equivalence the pair is reported. Not symmetric: the two ways differ. Not
transitive: two answers of one class are different; two right answers (both equal to the gold
answer) are different; a wrong answer equals a right one. The last two are not asked of graders that
score an answer instead of comparing it, since there several different answers may be right.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from itc.grading._base import RIGHT, WRONG
from itc.grading._grade import by_id, grader
from itc.grading._relation import (
    DIFFERENT,
    FORMLESS,
    ONE_WAY,
    RIGHT_MARK,
    SAME,
    Pair,
    Related,
    is_right,
    relate,
)

log = logging.getLogger(__name__)
ORDER = ("dataset", "model", "procedure", "draw", "round", "response_id")
VIOLATION = ("problem_id", "kind", "a", "b")


class Classes(NamedTuple):
    """What ``classify`` finds about the rows of its frame.

    ``ids``: class of each row within its problem, int32, dense from 0, -1 = no answer, index of the
    frame; ``violations``: pairs where the relation was no equivalence, columns
    ``VIOLATION``; ``conflict``: whether the row's answer is in such a pair, bool.
    """

    ids: pd.Series
    violations: pd.DataFrame
    conflict: pd.Series


def classify(
    frame: pd.DataFrame,
    problems: pd.DataFrame,
    workers: int = 1,
    cache: Path | str | None = None,
) -> Classes:
    """Classes of equal answers, and where symmetry or transitivity of the relation failed.

    ``frame`` needs ``problem_id``, ``answer``, ``normal_form`` and ``verdict`` as ``grade`` gives
    them; classes are numbered in order of appearance, by the columns of ``ORDER`` that it has.
    """
    known = by_id(problems)
    compares = {
        answer_type: not hasattr(grader(answer_type), "judge")
        for answer_type in {problem["answer_type"] for problem in known.values()}
    }
    keys = [
        _key(answer, form, verdict)
        for answer, form, verdict in zip(
            frame["answer"], frame["normal_form"], frame["verdict"], strict=True
        )
    ]
    spellings: dict[str, dict[str, str]] = {}
    wrong: set[tuple[str, str]] = set()
    for problem_id, key, answer, verdict in zip(
        frame["problem_id"], keys, frame["answer"], frame["verdict"], strict=True
    ):
        if key is None or (is_right(key) and not compares[known[problem_id]["answer_type"]]):
            continue
        forms = spellings.setdefault(problem_id, {})
        forms[key] = min(forms.get(key, answer), answer)
        if verdict == WRONG:
            wrong.add((problem_id, key))
    related = relate(spellings, known, workers, cache)
    roots = {
        problem: _components(forms, [p for p, value in related[problem].items() if value == SAME])
        for problem, forms in spellings.items()
    }
    failed = _violations(roots, related, wrong)
    if failed:
        kinds = dict(Counter(kind for _, kind, _, _ in failed))
        log.warning("answer classes: the relation is no equivalence for some pairs: %s", kinds)
    members = {(problem, key) for problem, _, *pair in failed for key in pair}
    return Classes(
        _number(frame, keys, roots),
        pd.DataFrame(
            [(p, kind, spellings[p][a], spellings[p][b]) for p, kind, a, b in failed],
            columns=list(VIOLATION),
        ),
        pd.Series(
            [place in members for place in zip(frame["problem_id"], keys, strict=True)],
            index=frame.index,
            dtype=bool,
        ),
    )


def _key(answer: str | None, form: str | None, verdict: str) -> str | None:
    """Node of the relation: a normal form, or an answer without one; right ones apart."""
    if not isinstance(answer, str):
        return None
    key = form if isinstance(form, str) else f"{FORMLESS}{answer}"
    return f"{RIGHT_MARK}{key}" if verdict == RIGHT else key


def _components(forms: Iterable[str], links: list[Pair]) -> dict[str, str]:
    """Root of each key by union-find; the smallest key of a component is its root.

    All right keys have one root, and no other key is joined to them.
    """
    parent = {form: form for form in forms}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for a, b in sorted(links):
        if not is_right(a) and not is_right(b):
            low, high = sorted((root(a), root(b)))
            parent[high] = low
    return {form: RIGHT_MARK if is_right(form) else root(form) for form in parent}


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
            root = RIGHT_MARK if is_right(key) else roots[problem][key]
            values[position] = classes.setdefault(root, len(classes))
    return pd.Series(values, index=frame.index, dtype="int32", name="answer_class")


def _violations(
    roots: dict[str, dict[str, str]], related: Related, wrong: set[tuple[str, str]]
) -> list[tuple[str, str, str, str]]:
    """Rows (problem, kind, key, key) of pairs for which the relation was no equivalence."""
    rows = []
    for problem, pairs in related.items():
        for (a, b), value in pairs.items():
            together = roots[problem][a] == roots[problem][b]
            at_odds = is_right(a) != is_right(b) and not {(problem, a), (problem, b)}.isdisjoint(
                wrong
            )
            if value == ONE_WAY:
                rows.append((problem, "symmetry", a, b))
            elif (value == DIFFERENT and together) or (value == SAME and at_odds):
                rows.append((problem, "transitivity", a, b))
    return rows
