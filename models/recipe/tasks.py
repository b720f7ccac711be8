"""The two reasoning-gym tasks of the demo models: study levels, training ranges, parsed problems.

``LEVELS`` is what the study samples from, ``TRAINING`` what the corpus samples from. Study seeds
stay below 1,000,000; every training item uses a generator seed of at least 10,000,000.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

import reasoning_gym
from reasoning_gym.arithmetic.leg_counting import ANIMALS

TRAINING_SEED = 10_000_000
TRAINING_ITEMS = 1_000_000_000
EVALUATION_SEED = 500_000

LEVELS: dict[str, dict[str, dict[str, int]]] = {
    "chain_sum": {
        "easy": {"min_terms": 2, "max_terms": 3, "min_digits": 1, "max_digits": 1},
        "medium": {"min_terms": 2, "max_terms": 2, "min_digits": 2, "max_digits": 2},
        "hard": {"min_terms": 4, "max_terms": 4, "min_digits": 2, "max_digits": 2},
    },
    "leg_counting": {
        "easy": {"min_animals": 2, "max_animals": 2, "min_instances": 1, "max_instances": 5},
        "medium": {"min_animals": 4, "max_animals": 4, "min_instances": 1, "max_instances": 9},
        "hard": {"min_animals": 5, "max_animals": 5, "min_instances": 1, "max_instances": 9},
    },
}

TRAINING: dict[str, dict[str, dict[str, int]]] = {
    "narrow": {
        "chain_sum": {"min_terms": 2, "max_terms": 5, "min_digits": 1, "max_digits": 1},
        "leg_counting": {
            "min_animals": 2,
            "max_animals": 4,
            "min_instances": 1,
            "max_instances": 5,
        },
    },
    "wide": {
        "chain_sum": {"min_terms": 2, "max_terms": 5, "min_digits": 1, "max_digits": 2},
        "leg_counting": {
            "min_animals": 2,
            "max_animals": 5,
            "min_instances": 1,
            "max_instances": 9,
        },
    },
}


@dataclass(frozen=True)
class Problem:
    """One question with its exact answer and the operands that a worked solution goes through.

    ``operands`` holds signed terms for ``chain_sum`` and ``(count, name, legs)`` for
    ``leg_counting``.
    """

    task: str
    question: str
    answer: int
    operands: tuple[Any, ...]


def study_dataset(task: str, level: str, seed: int, size: int) -> Any:
    """Return the reasoning-gym data set of one study level."""
    return reasoning_gym.create_dataset(task, seed=seed, size=size, **LEVELS[task][level])


@cache
def training_dataset(ranges: str, task: str) -> Any:
    """Return a (virtually endless) training data set."""
    return reasoning_gym.create_dataset(
        task, seed=TRAINING_SEED, size=TRAINING_ITEMS, **TRAINING[ranges][task]
    )


def parse(entry: dict[str, Any]) -> Problem:
    """Turn a reasoning-gym entry into a ``Problem``."""
    meta = entry["metadata"]
    task = meta["source_dataset"]
    if task == "chain_sum":
        words = meta["expression"].split()
        signs = ["+", *words[1::2]]
        operands = tuple(
            int(n) if s == "+" else -int(n) for s, n in zip(signs, words[::2], strict=True)
        )
    else:
        operands = tuple(
            (count, name + ("s" if count > 1 else ""), ANIMALS[name])
            for name, count in meta["animals"].items()
        )
    return Problem(task, entry["question"], int(entry["answer"]), operands)


def training_problem(rng: random.Random, ranges: str) -> Problem:
    """Draw one training problem (seeds at and above ``TRAINING_SEED`` only)."""
    task = rng.choice(sorted(TRAINING[ranges]))
    items = training_dataset(ranges, task)
    return parse(items[rng.randrange(TRAINING_ITEMS)])


def study_problems(task: str, level: str, size: int, seed: int = EVALUATION_SEED) -> list[Problem]:
    """Return ``size`` problems of one study level."""
    return [parse(entry) for entry in study_dataset(task, level, seed, size)]
