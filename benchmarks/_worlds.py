"""Simulated studies of known truth, for benchmarks and tests of intervals and verdicts.

A problem has a difficulty; a model's chance of a right draw is logistic in its skill, the
difficulty and an effect of its own on this problem. Wrong answers fall on three classes by a fixed
law. A world says which models there are, and what else carries information: the length and the
words of a response, a judge, a revision, thinking that is cut. In the worlds where nothing differs
all of that is noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pandas as pd
from itc.strategies._base import evaluate_strategy

STRATEGIES = (
    "single",
    "majority",
    "coverage",
    "worst_of_n",
    "shortest",
    "shortest_majority",
    "length_filtered",
    "marker_filtered",
    "marker_weighted",
    "regression_weighted",
    "judge_best",
    "judge_vote",
    "revision_last",
)
WRONG = (0.6, 0.3, 0.1)  # chances of the wrong classes 1, 2, 3; class 0 is right
DIFFICULTY_SD, OWN_SD = 1.8, 0.6  # in log odds: of problems, and of a model on a problem
RATES = {"hedging": (5.0, 2.0), "thinking": (15.0, 4.0), "discourse": (40.0, 7.0)}  # mean, sd


def logistic(x: np.ndarray) -> np.ndarray:
    """Inverse of the log odds."""
    return 1 / (1 + np.exp(-x))


@cache
def skill_for(accuracy: float, spread: float = float(np.hypot(DIFFICULTY_SD, OWN_SD))) -> float:
    """Skill (log odds) with which one draw is right with chance ``accuracy`` over all problems.

    ``spread``: standard deviation of the log odds over problems.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        mean = (weights * logistic(middle + spread * nodes)).sum() / weights.sum()
        low, high = (middle, high) if mean < accuracy else (low, middle)
    return (low + high) / 2


def abilities(
    n: int,
    skills: np.ndarray | list[float],
    rng: np.random.Generator,
    difficulty_sd: float = DIFFICULTY_SD,
    own_sd: float = OWN_SD,
) -> np.ndarray:
    """Chance of a right draw, float [n, M], of models with ``skills`` [M] on n new problems."""
    difficulty = rng.normal(scale=difficulty_sd, size=(n, 1))
    own = rng.normal(scale=own_sd, size=(n, len(skills)))
    return logistic(np.asarray(skills) - difficulty + own)


def draw(ability: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Answer classes, int [n, draws], of one model with ``ability`` [n]; class 0 is right."""
    wrong = rng.choice([1, 2, 3], size=(len(ability), draws), p=WRONG)
    return np.where(rng.random(wrong.shape) < ability[:, None], 0, wrong)


def credit(n: int) -> np.ndarray:
    """Credits [n, 4] of the four classes: only class 0 is right."""
    result = np.zeros((n, 1 + len(WRONG)))
    result[:, 0] = 1.0
    return result


@dataclass(frozen=True)
class World:
    """What is true. Effects are of being wrong, within a question, unless said otherwise.

    ``accuracy``: model -> accuracy of one draw; models named ``thinker...`` reason. ``tokens``:
    model kind -> typical length. ``longer``: log length of wrong responses; ``words``: change of
    a rate per 1,000 words for wrong ones. ``judge``: how much higher a right response scores, in
    standard deviations. ``revision``: change of the log odds by a revision. ``cut``: change of the
    log odds where thinking is cut at its smallest budget.
    """

    name: str
    accuracy: dict[str, float]
    draws: int = 8
    tokens: dict[str, float] = field(default_factory=lambda: {"thinker": 2000.0, "direct": 400.0})
    longer: float = 0.0
    words: dict[str, float] = field(default_factory=dict)
    judge: float = 0.0
    revision: float = 0.0
    cut: float = 0.0

    @property
    def models(self) -> dict[str, dict[str, object]]:
        """Settings of the models, as in a study's config."""
        return {m: {"reasoning": m.startswith("thinker"), "model": m} for m in self.accuracy}

    @property
    def settings(self) -> dict[str, object]:
        """Settings that analyses read."""
        kinds = {"sample": "sample", "truncate": "truncate"}
        kinds |= {"judge_score": "judge", "revise_full": "revise"}
        return {
            "seed": 1,
            "bootstrap": 200,
            "budgets": list(range(1, self.draws + 1)),
            "models": self.models,
            "procedures": {name: {"kind": kind} for name, kind in kinds.items()},
        }


EQUAL = World(
    "nothing differs", dict.fromkeys(("thinker-a", "thinker-b", "direct-a", "direct-b"), 0.5)
)
ACCURATE = replace(
    EQUAL, name="nothing differs, accurate", accuracy=dict.fromkeys(EQUAL.accuracy, 0.87)
)
PAPERS = World(
    "effects as in the papers",
    {"thinker-a": 0.7, "thinker-b": 0.6, "direct-a": 0.3, "direct-b": 0.35},
    longer=0.15,
    words={"hedging": 0.39, "thinking": 0.78, "discourse": -1.55},
    judge=0.5,
    revision=-0.1,
    cut=-2.5,
)
WORLDS = (EQUAL, ACCURATE, PAPERS)


def outcomes(world: World, problems: dict[str, int], rng: np.random.Generator) -> pd.DataFrame:
    """Table ``outcomes`` of one study: ``problems`` maps datasets to their numbers of problems."""
    frames = []
    for dataset, n in problems.items():
        difficulty = rng.normal(scale=DIFFICULTY_SD, size=n)
        for model, accuracy in world.accuracy.items():
            logit = skill_for(accuracy) - difficulty + rng.normal(scale=OWN_SD, size=n)
            frames += _responses(world, dataset, model, logit, difficulty, rng)
    table = pd.concat(frames, ignore_index=True)
    table["answer"] = "x" + table["answer_class"].astype(str)
    table["verdict"] = np.where(table["answer_class"] == 0, "right", "wrong")
    return table


def evaluations(
    outcomes: pd.DataFrame, budgets: tuple[int, ...], strategies: tuple[str, ...] = STRATEGIES
) -> pd.DataFrame:
    """Table ``evaluations`` of ``outcomes``, by the strategies' own code."""
    frames = [
        evaluate_strategy(name, rows, budgets, seed=1)
        for _, rows in outcomes.groupby("dataset", sort=True)
        for name in strategies
    ]
    return pd.concat(frames, ignore_index=True)


def _responses(
    world: World,
    dataset: str,
    model: str,
    logit: np.ndarray,
    difficulty: np.ndarray,
    rng: np.random.Generator,
) -> list[pd.DataFrame]:
    """Rows of one model on one dataset: samples, and for reasoning models the other procedures."""
    n, draws = len(logit), world.draws
    kind = "thinker" if model.startswith("thinker") else "direct"
    problem = np.repeat(np.arange(n), draws)
    place = pd.DataFrame(
        {
            "dataset": dataset,
            "model": model,
            "problem_id": np.char.add("p", np.char.zfill(problem.astype(str), 5)),
            "draw": np.tile(np.arange(draws), n).astype(np.int32),
            "round": np.int32(0),
            "n_prompt_tokens": 100,
            "truncated": False,
        }
    )
    base = f"{dataset}-{model}-" + pd.Series(np.arange(n * draws).astype(str))

    def rows(procedure: str, shift: float) -> pd.DataFrame:
        codes = draw(logistic(logit + shift), draws, rng).ravel()
        spread = 0.2 * difficulty[problem] + 0.3 * rng.normal(size=codes.size)
        length = world.tokens[kind] * np.exp(spread + world.longer * (codes > 0))
        frame = place.assign(procedure=procedure, answer_class=codes, score=np.nan)
        frame["n_output_tokens"] = np.maximum(length, 1).astype(np.int64)
        frame["response_id"] = f"{procedure}-" + base
        return frame

    sample = rows("sample", 0.0)
    wrong = (sample["answer_class"] > 0).to_numpy(float)
    sample["f_words"] = 0.7 * sample["n_output_tokens"]
    for name, (mean, sd) in RATES.items():
        noise = rng.normal(scale=sd, size=len(wrong)) + 0.3 * sd * difficulty[problem]
        rate = np.maximum(mean + world.words.get(name, 0.0) * wrong + noise, 0.0)
        sample[f"f_{name}_per_1000_words"] = rate
        sample[f"f_{name}_count"] = np.round(rate * sample["f_words"] / 1000)
    sample["parents"] = [()] * len(sample)
    if kind != "thinker":
        return [sample]
    parents = [(name,) for name in sample["response_id"]]
    judged = rows("judge_score", 0.0).assign(round=1, answer_class=-1, n_output_tokens=50)
    judged["score"] = np.clip(5 + 2 * (rng.normal(size=len(wrong)) - world.judge * wrong), 0, 10)
    judged["parents"] = parents
    revised = rows("revise_full", world.revision).assign(round=1)
    revised["parents"] = parents
    short = rows("truncate", world.cut).assign(round=256, n_output_tokens=300)
    short["parents"] = parents
    return [sample, judged, revised, short]
