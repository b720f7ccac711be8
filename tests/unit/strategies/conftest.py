"""Synthetic outcomes of two models for tests of strategies."""

import numpy as np
import pandas as pd
import pytest

LOGPROBS = (
    "cumulative_logprob",
    "confidence_mean",
    "confidence_tail",
    "confidence_lowest",
    "confidence_bottom10",
)


def make_outcomes(problems=12, draws=8, models=("m1", "m2"), dataset="d", seed=0):
    rng = np.random.default_rng(seed)
    frames = []
    for model in models:
        ability = rng.beta(1.5, 1.0, size=(problems, 1))
        right = rng.random((problems, draws)) < ability
        codes = np.where(right, 0, 1 + np.minimum(rng.geometric(0.5, right.shape) - 1, 3))
        blank = rng.random(right.shape) < 0.08
        codes, right = np.where(blank, -1, codes).ravel(), (right & ~blank).ravel()
        frame = pd.DataFrame(
            {
                "dataset": dataset,
                "model": model,
                "procedure": "sample",
                "problem_id": np.repeat([f"p{i:03d}" for i in range(problems)], draws),
                "draw": np.tile(np.arange(draws, dtype=np.int32), problems),
                "round": np.int32(0),
                "answer_class": codes.astype(np.int32),
                "answer": np.where(codes >= 0, np.char.add("x", codes.astype(str)), None),
                "verdict": np.where(right, "right", "wrong"),
                "n_prompt_tokens": np.int32(40),
                "n_output_tokens": rng.lognormal(5, 0.6, size=len(codes)).astype(np.int32) + 1,
            }
        )
        frame["response_id"] = [f"{model}-{i}" for i in range(len(frame))]
        for column in LOGPROBS:
            frame[column] = rng.normal(size=len(frame)) + right
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def outcomes():
    return make_outcomes()


@pytest.fixture
def make():
    return make_outcomes
