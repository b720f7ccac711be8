"""The chance that a model's commonest answer is right, against simulation from the posterior."""

import numpy as np
import pandas as pd
import pytest
from itc.analyses import vote_limits
from itc.estimators.mode import SETTLED, right_mode
from itc.tables import to_arrow


def test_chance_equals_draws_from_the_dirichlet_posterior():
    rng = np.random.default_rng(0)
    counts = np.array([[5, 4, 2, 0], [1, 1, 0, 0], [0, 7, 3, 3], [30, 1, 1, 1]])
    credit = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0]])
    found = right_mode(counts, credit)
    for row, right, chance in zip(counts, credit, found, strict=True):
        seen = row > 0
        worth = np.append(right[seen], not right[seen].any())  # one answer not yet drawn
        shares = rng.dirichlet(np.append(row[seen], 0) + 1.0, 200_000)
        assert chance == pytest.approx(worth[shares.argmax(axis=1)].mean(), abs=0.005)


def test_a_few_equal_draws_settle_nothing():
    chances = right_mode(np.array([[3, 0], [0, 3]]), np.array([[1.0, 0], [1, 0]]))
    assert 0.9 < chances[0] < SETTLED and 1 - SETTLED < chances[1] < 0.1


def test_no_answer_leaves_nothing_to_vote_for_and_many_draws_settle():
    counts = np.array([[0, 0], [3000, 1000]])
    assert right_mode(counts, np.array([[1.0, 0], [1, 0]])) == pytest.approx([0, 1])


def outcomes(n_draws, rng, n_problems=30):
    """Draws of problems whose right answer has chance 1/4 to 3/4, one wrong answer has the rest."""
    chance = rng.uniform(0.25, 0.75, n_problems)
    right = rng.random((n_problems, n_draws)) < chance[:, None]
    frame = pd.DataFrame(
        {
            "problem_id": np.repeat([f"p{i}" for i in range(n_problems)], n_draws),
            "draw": np.tile(np.arange(n_draws), n_problems),
            "verdict": np.where(right.ravel(), "right", "wrong"),
            "answer_class": np.where(right.ravel(), 0, 1),
        }
    )
    return frame.assign(dataset="d", model="m", procedure="sample", round=0)


def test_the_interval_of_the_limit_holds_the_truth():
    held = []
    for seed in range(20):
        frame = outcomes(32, np.random.default_rng(seed))
        table = vote_limits.build({"outcomes": frame}, {})
        to_arrow(table, "vote_limits")
        held.append(table["low"][0] <= 0.5 <= table["high"][0])
        assert table["low"][0] <= table["limit"][0] <= table["high"][0]
    assert np.mean(held) >= 0.95
    many = vote_limits.build({"outcomes": outcomes(512, np.random.default_rng(0))}, {})
    assert many["high"][0] - many["low"][0] < 0.7 < table["high"][0] - table["low"][0]


def test_blank_and_undecided_draws_are_no_right_mode():
    frame = outcomes(8, np.random.default_rng(0)).assign(verdict="undecided")
    found = vote_limits.build({"outcomes": frame}, {})
    assert found["undecided"][0] == 1 and found["settled_right"][0] == 0
    assert vote_limits.build({"outcomes": outcomes(2, np.random.default_rng(0))}, {}).empty
