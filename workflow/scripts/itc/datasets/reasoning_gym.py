"""Procedurally generated problems of the reasoning-gym package, with its own scorers.

Source: Stojanovski et al., "Reasoning Gym", arXiv 2505.24760 (Apache-2.0).
"""

from __future__ import annotations

import json
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
# Making the problems of a level may take long; this ends what never ends.
CPU_SECONDS = 3600.0


def load(spec: dict[str, Any], root: Path) -> pd.DataFrame:
    """Generate the problems of every level; ids are ``d{difficulty}-{index}``, stable by seed.

    ``metadata`` keeps what makes the problem again: task, seed, size, the level's settings, the
    index of the entry and a checksum of it. Raises DatasetError for an unknown task, a seed of the
    training range, refused settings, or a level that cannot be made within CPU_SECONDS.
    """
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
    levels = list(option(spec, "levels"))
    # Levels differ in the seed too: the same one would repeat sub-problems across levels.
    requests = [
        {
            "task": task,
            "seed": seed + place,
            "size": int(level["size"]),
            "config": dict(level.get("config") or {}),
        }
        for place, level in enumerate(levels)
    ]
    rows = []
    for place, (level, request, found) in enumerate(
        zip(levels, requests, made(requests), strict=True)
    ):
        if "entries" not in found:
            raise DatasetError(
                f"{title}: levels[{place}] {dict(level)!r} is refused by task {task!r}: "
                f"{found['error']}; correct its `config` or `size`"
            )
        difficulty = level.get("difficulty", place + 1)
        for index, (question, answer, checksum) in enumerate(found["entries"]):
            rows.append(
                {
                    "problem_id": f"d{difficulty:g}-{index:04d}",
                    "question": question,
                    "gold": answer,
                    "subject": task,
                    "difficulty": float(difficulty),
                    "source": f"reasoning-gym {version('reasoning-gym')}",
                    "metadata": dump({**request, "index": index, "entry_sha256": checksum}),
                }
            )
    return pd.DataFrame(rows)


def made(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a worker makes of each request (``grading.reasoning_gym.generate``).

    Some tasks run code of their data to make a problem, so the worker is in the sandbox where there
    is one. Where there is none the problems are made all the same: the task is the user's choice.
    """
    from itc.grading._bubblewrap import available, given_up
    from itc.grading._pool import Pool, Task

    with (
        given_up(available() is not None),
        Pool(1, cpu_seconds=CPU_SECONDS, probe_seconds=CPU_SECONDS) as pool,
    ):
        results = pool.run(
            [Task("reasoning_gym", "generate", (json.dumps(request),)) for request in requests]
        )
    return [result.value or {"error": f"cause {result.cause!r}"} for result in results]
