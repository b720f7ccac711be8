"""Procedurally generated problems of the reasoning-gym package, with its own scorers.

Source: Stojanovski et al., "Reasoning Gym", arXiv 2505.24760 (Apache-2.0).
"""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from itc.datasets._problems import DatasetError, dump, option

TITLE = "reasoning-gym task"
OPTIONS = {
    "task": "Name of the reasoning-gym task, such as chain_sum.",
    "seed": "Seed of the generator; below 1,000,000, larger ones belong to training.",
    "levels": "List of {difficulty, size, config}: problems per level and the task's settings.",
}
# Seeds from here on made the corpus of the demo models.
TRAINING_SEEDS = 1_000_000
_EVALUATES = re.compile(r"parse_expr|sympify|simplify\(|\beval\(|\bexec\(")


def scorer(task: Any) -> tuple[str, bool]:
    """How a task scores: ``exact``, ``decimal`` or ``own``; and whether it evaluates answers.

    ``exact`` is the package's string comparison and ``decimal`` its ``compute_decimal_reward``:
    both are a line of code, so most studies grade without importing the package. A module that
    parses answers as expressions evaluates them, and answers are hostile.
    """
    from reasoning_gym.dataset import ProceduralDataset

    evaluates = bool(_EVALUATES.search(inspect.getsource(inspect.getmodule(task) or task)))
    if task.score_answer is ProceduralDataset.score_answer:
        return "exact", False
    code = task.score_answer.__code__
    if "compute_decimal_reward" in code.co_names and False not in code.co_consts:
        return "decimal", False
    return "own", evaluates


def load(spec: dict[str, Any], root: Path) -> pd.DataFrame:
    """Generate the problems of every level; ids are ``d{difficulty}-{index}``, stable by seed.

    ``metadata`` keeps the task, the level's settings, the entry its scorer needs, and how to call
    that scorer: ``scorer`` (``exact``, ``decimal`` or ``own``) and ``evaluates`` (see `scorer`).
    Raises DatasetError for an unknown task, a seed of the training range or refused settings.
    """
    import reasoning_gym
    from reasoning_gym.factory import DATASETS

    task, seed = option(spec, "task"), int(option(spec, "seed"))
    title = f"dataset {spec.get('title', task)!r}"
    if task not in DATASETS:
        raise DatasetError(
            f"{title}: task {task!r} is not in reasoning-gym {version('reasoning-gym')}; "
            f"allowed: {', '.join(sorted(DATASETS))}"
        )
    if not 0 <= seed < TRAINING_SEEDS:
        raise DatasetError(
            f"{title}: seed {seed} is not in 0..{TRAINING_SEEDS - 1:,}; larger seeds made training "
            "data, choose a smaller one"
        )
    how, evaluates = scorer(DATASETS[task][0])
    rows = []
    for place, level in enumerate(option(spec, "levels"), start=1):
        difficulty = level.get("difficulty", place)
        settings = dict(level.get("config") or {})
        try:
            # Levels differ in the seed too: the same one would repeat sub-problems across levels.
            items = reasoning_gym.create_dataset(
                task, seed=seed + place - 1, size=int(level["size"]), **settings
            )
            entries = [items[i] for i in range(len(items))]
        except (TypeError, ValueError, KeyError, AssertionError) as error:
            raise DatasetError(
                f"{title}: levels[{place - 1}] {dict(level)!r} is refused by task {task!r}: "
                f"{error!r}; correct its `config` or `size`"
            ) from error
        for index, entry in enumerate(entries):
            entry = {key: entry[key] for key in ("question", "answer", "metadata")}
            rows.append(
                {
                    "problem_id": f"d{difficulty:g}-{index:04d}",
                    "question": entry["question"],
                    "gold": entry["answer"],
                    "subject": task,
                    "difficulty": float(difficulty),
                    "source": f"reasoning-gym {version('reasoning-gym')}",
                    "metadata": dump(
                        {
                            "task": task,
                            "scorer": how,
                            "evaluates": evaluates,
                            "config": settings,
                            "entry": entry,
                        }
                    ),
                }
            )
    return pd.DataFrame(rows)
