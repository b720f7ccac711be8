"""Outcomes with features whose relation to correctness is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from itc.analyses.regression import MARKERS


def outcomes(
    seed=0, models=("m",), datasets=("d",), n_problems=40, n_draws=8, within=1.0, hard=2.0
):
    """Table ``outcomes``: marker rates and log tokens rise with difficulty by ``hard`` and, where
    the response is wrong, by ``within``; discourse markers fall instead.
    """
    rng = np.random.default_rng(seed)
    frames = []
    for model in models:
        for dataset in datasets:
            problem = np.repeat(np.arange(n_problems), n_draws)
            hardness = rng.normal(size=n_problems)[problem]
            right = rng.random(len(problem)) < 1 / (1 + np.exp(1.5 * hardness))
            shift = hard * hardness + within * ~right
            noise = rng.normal(size=(len(problem), 4))
            frame = pd.DataFrame(
                {
                    "dataset": dataset,
                    "model": model,
                    "procedure": "sample",
                    "problem_id": problem.astype(str),
                    "draw": np.tile(np.arange(n_draws), n_problems),
                    "round": 0,
                    "response_id": [f"{model}/{dataset}/{i}" for i in range(len(problem))],
                    "verdict": np.where(right, "right", "wrong"),
                    "answer_class": np.where(right, 0, 1),
                    "truncated": pd.array([False] * len(problem), dtype="boolean"),
                    "n_output_tokens": np.exp(7 + 0.1 * (shift + noise[:, 3])).astype(int),
                }
            )
            for i, column in enumerate(MARKERS):
                sign = -1 if "discourse" in column else 1
                frame[column] = 20 + sign * shift + noise[:, i]
            frame["f_log_tokens"] = np.log(frame["n_output_tokens"])
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)
