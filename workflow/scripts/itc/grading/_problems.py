"""Problems as graders see them, and the grader of each."""

from __future__ import annotations

from functools import cache
from types import ModuleType

import pandas as pd

from itc import registry
from itc.grading._base import Problem
from itc.grading._metadata import seen


def grader_of(problem: Problem) -> ModuleType:
    return grader(problem["answer_type"])


def by_id(problems: pd.DataFrame) -> dict[str, Problem]:
    """Problems as graders see them, by ``problem_id``.

    ``golds`` holds every gold answer that counts: the column's, and those of ``metadata.golds``.
    """
    made = {}
    for problem_id, gold, answer_type, metadata in zip(
        problems["problem_id"],
        problems["gold"],
        problems["answer_type"],
        problems["metadata"] if "metadata" in problems else [None] * len(problems),
        strict=True,
    ):
        about = seen(metadata if isinstance(metadata, str) else "", answer_type)
        golds = [*(gold if isinstance(gold, list | tuple) else [gold]), *about.get("golds", [])]
        golds = [str(item) for item in golds if item is not None and item == item]
        made[problem_id] = {
            "problem_id": problem_id,
            "gold": golds[0] if golds else None,
            "golds": list(dict.fromkeys(golds)),
            "answer_type": answer_type,
            "metadata": about,
        }
    return made


@cache
def grader(answer_type: str) -> ModuleType:
    """Grader of an answer type."""
    return registry.load("grading", answer_type)


def unreadable_golds(problems: pd.DataFrame) -> list[str]:
    """Ids of problems that have a gold answer, of which their grader can read nothing."""
    found = []
    for name, problem in by_id(problems).items():
        module = grader_of(problem)
        read = module.read_gold if hasattr(module, "read_gold") else module.normal_form
        own = hasattr(module, "judge") or hasattr(module, "judge_row")
        if not own and problem["golds"] and all(read(g, problem) is None for g in problem["golds"]):
            found.append(str(name))
    return found
