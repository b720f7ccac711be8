"""Small evaluations and outcomes with known effects."""

from __future__ import annotations

import numpy as np
import pandas as pd

MODELS = {
    "thinker": {"reasoning": True, "model": "w"},
    "direct": {"reasoning": False, "model": "w"},
}
SETTINGS = {"models": MODELS, "procedures": {"truncate": {"kind": "truncate"}}}


def evaluations(points, n_problems=40, dataset="d", noise=0.05, seed=0):
    """Table ``evaluations``: ``points`` maps (model, strategy, budget) to (accuracy, tokens)."""
    rng = np.random.default_rng(seed)
    hardness = rng.normal(0, 0.05, n_problems)
    frames = []
    for (model, strategy, budget), (accuracy, tokens) in points.items():
        values = accuracy + hardness + noise * rng.normal(size=n_problems)
        frames.append(
            pd.DataFrame(
                {
                    "dataset": dataset,
                    "model": model,
                    "strategy": strategy,
                    "problem_id": [str(i) for i in range(n_problems)],
                    "budget": budget,
                    "correct": values - (values - hardness).mean() + accuracy - hardness.mean(),
                    "cost_output_tokens": float(tokens),
                    "cost_sequential_tokens": float(tokens) / budget,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def outcomes(seed=0, model="thinker", dataset="d", confounded=2.0, within=0.0, n_problems=60):
    """Table ``outcomes``: difficulty adds ``confounded``, being wrong adds ``within`` to rates."""
    rng = np.random.default_rng(seed)
    problem = np.repeat(np.arange(n_problems), 8)
    hardness = rng.normal(size=n_problems)[problem]
    right = rng.random(len(problem)) < 1 / (1 + np.exp(2 * hardness))
    wrong = (~right).astype(float)
    rate = 10 + confounded * hardness + within * wrong + rng.normal(size=len(problem))
    return pd.DataFrame(
        {
            "dataset": dataset,
            "model": model,
            "procedure": "sample",
            "problem_id": problem.astype(str),
            "draw": np.tile(np.arange(8), n_problems),
            "round": 0,
            "verdict": np.where(right, "right", "wrong"),
            "answer_class": 0,
            "truncated": False,
            "n_output_tokens": np.exp(0.1 * rate) * 100,
            "f_hedging_per_1000_words": rate,
            "f_thinking_per_1000_words": rate,
            "f_discourse_per_1000_words": -rate,
        }
    )
