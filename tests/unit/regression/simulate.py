"""Responses whose true effects are known."""

from __future__ import annotations

import numpy as np
import pandas as pd


def simulate(seed, n_problems=60, n_draws=8, effects=(-0.8, 0.0), confounding=0.0, spread=1.5):
    """Frame with right, problem, dataset, draw and features f_0, f_1, ...

    P(right) = logistic(ability of the problem + effects . own part of the features); a feature is
    that own part (standard normal) minus ``confounding`` times the ability.
    """
    rng = np.random.default_rng(seed)
    problem = np.repeat(np.arange(n_problems), n_draws)
    ability = rng.normal(0.3, spread, n_problems)[problem]
    own = rng.normal(size=(len(problem), len(effects)))
    chance = 1 / (1 + np.exp(-(ability + own @ np.array(effects))))
    frame = pd.DataFrame(
        own - confounding * ability[:, None], columns=[f"f_{i}" for i in range(len(effects))]
    )
    return frame.assign(
        right=(rng.random(len(problem)) < chance).astype(float),
        problem=problem,
        dataset="d",
        draw=np.tile(np.arange(n_draws), n_problems),
    )
