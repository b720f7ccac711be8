"""Votes that use features: they gain where features tell the truth and lose nothing to leakage."""

import numpy as np
import pandas as pd
import pytest
from itc.strategies._base import evaluate_with_reasons

NAMES = ("marker_filtered", "marker_weighted", "regression_weighted")


def outcomes(signal, n_problems=60, n_draws=9, seed=0, undecided=0.0):
    """Right answers with chance 0.45 against two wrong ones; markers differ by ``signal``."""
    rng = np.random.default_rng(seed)
    n = n_problems * n_draws
    right = rng.random(n) < 0.45
    answer = np.where(right, 0, rng.integers(1, 3, n))
    verdict = np.where(right, "right", "wrong").astype(object)
    verdict[rng.random(n) < undecided] = "undecided"
    rate = np.clip(rng.normal(10, 2, n) + signal * ~right, 0, None)
    return pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "procedure": "sample",
            "problem_id": np.repeat([f"p{i}" for i in range(n_problems)], n_draws),
            "draw": np.tile(np.arange(n_draws), n_problems),
            "round": 0,
            "verdict": verdict,
            "answer_class": answer,
            "parents": None,
            "n_output_tokens": 1000,
            "n_prompt_tokens": 10,
            "f_words": 1000.0,
            "f_log_words": np.log(1000.0),
            "f_hedging_count": rate,
            "f_thinking_count": 0.0,
            "f_hedging_per_1000_words": rate,
            "f_thinking_per_1000_words": 0.0,
            "f_discourse_per_1000_words": rng.normal(size=n),
        }
    )


def accuracy(name, frame, budgets=(9,)):
    values, reasons = evaluate_with_reasons(name, frame, list(budgets), {}, seed=1)
    return values.groupby("budget")["correct"].mean(), reasons


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_beats_plain_majority(name):
    frame = outcomes(signal=4.0)
    plain = accuracy("majority", frame)[0].loc[9]
    assert accuracy(name, frame)[0].loc[9] > plain + 0.08


@pytest.mark.parametrize("name", ["marker_weighted", "regression_weighted"])
def test_no_signal_neither_gains_nor_loses_much(name):
    gains = []
    for seed in range(8):
        frame = outcomes(signal=0.0, seed=seed)
        gains.append(accuracy(name, frame)[0].loc[9] - accuracy("majority", frame)[0].loc[9])
    assert abs(np.mean(gains)) < 0.03


@pytest.mark.parametrize("name", NAMES)
def test_one_draw_is_its_own_answer(name):
    frame = outcomes(signal=4.0)
    single = (frame["verdict"] == "right").groupby(frame["problem_id"]).mean().mean()
    assert accuracy(name, frame, (1, 9))[0].loc[1] == pytest.approx(single)


@pytest.mark.parametrize("name", ["marker_weighted", "regression_weighted"])
def test_too_few_problems_to_learn_are_a_reason_not_a_number(name):
    values, reasons = evaluate_with_reasons(name, outcomes(4.0, n_problems=6), [9], {}, seed=1)
    assert values.empty and "needed 10" in reasons["reason"].iloc[0]


@pytest.mark.parametrize("name", NAMES)
def test_responses_without_text_are_a_reason(name):
    frame = outcomes(4.0).assign(f_words=np.nan)
    values, reasons = evaluate_with_reasons(name, frame, [9], {}, seed=1)
    assert values.empty and "f_words is missing" in reasons["reason"].iloc[0]


def test_undecided_draws_teach_nothing():
    frame = outcomes(4.0, undecided=0.3)
    marked = frame["verdict"] == "undecided"
    # what undecided draws look like must not move the weights of the others
    other = frame.assign(f_hedging_per_1000_words=frame["f_hedging_per_1000_words"] + 0.0)
    other.loc[marked, "answer_class"] = -1
    twisted = other.copy()
    twisted.loc[marked, ["f_hedging_per_1000_words", "f_discourse_per_1000_words"]] = 1e3
    same = accuracy("marker_weighted", other)[0].loc[9]
    assert accuracy("marker_weighted", twisted)[0].loc[9] == pytest.approx(same)
