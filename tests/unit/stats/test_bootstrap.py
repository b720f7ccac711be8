"""Intervals, tests and the frontier against textbook values and brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from itc.stats import bootstrap
from itc.stats.frontier import on_frontier
from scipy import stats


def test_weights_are_resamples_and_depend_on_seed_and_name_only():
    draw = lambda *names: bootstrap.problem_weights(  # noqa: E731
        30, 200, bootstrap.generator(1, *names)
    )
    assert (draw("a").sum(1) == 30).all()
    assert np.array_equal(draw("a"), draw("a"))
    assert not np.array_equal(draw("a"), draw("b"))


def test_expanded_percentiles_are_students_interval_for_a_normal_mean():
    values = np.random.default_rng(2).normal(size=(25, 1))
    weights = bootstrap.problem_weights(25, 40_000, bootstrap.generator(0, "x"))
    low, high = bootstrap.percentile_interval(bootstrap.resampled_means(weights, values), 25, 24)
    want = stats.t.interval(0.95, 24, values.mean(), values.std(ddof=1) / 5)
    assert (low[0], high[0]) == pytest.approx(want, abs=0.04)


def test_means_skip_the_problems_that_a_point_lacks():
    values = np.array([[1.0, 1.0], [0.0, np.nan], [0.0, 0.0]])
    weights = np.array([[1.0, 1, 1], [0, 3, 0]])
    means = bootstrap.resampled_means(weights, values)
    assert means[0].tolist() == pytest.approx([1 / 3, 1 / 2])
    assert means[1, 0] == 0.0
    assert np.isnan(means[1, 1])


def test_clustered_se_is_several_times_the_pooled_one_where_problems_differ():
    rng = np.random.default_rng(3)
    draws = rng.random((500, 40)) < rng.choice([0.05, 0.95], size=(500, 1))
    pooled = draws.std() / np.sqrt(draws.size)
    assert bootstrap.clustered_se(draws.mean(1, keepdims=True))[0] / pooled > 5


def test_holm_by_hand_and_with_gaps():
    adjusted = bootstrap.holm(np.array([0.01, np.nan, 0.04, 0.03]))
    assert adjusted[[0, 2, 3]] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(adjusted[1])


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), min_size=1, max_size=12),
)
def test_frontier_equals_its_definition(points):
    cost, gain = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    want = [
        not any((c <= cost[i] and g >= gain[i]) and (c < cost[i] or g > gain[i]) for c, g in points)
        for i in range(len(points))
    ]
    assert on_frontier(cost[None], gain[None])[0].tolist() == want


def test_an_interval_of_one_problem_is_all_that_was_seen():
    assert bootstrap.expanded_level(1, 5) == 0.0
    assert bootstrap.expanded_level(5, 0) == 0.0
    assert bootstrap.expanded_level(2, 1) > 0.0
    low, high = bootstrap.percentile_interval(np.array([[0.1], [0.9], [0.4]]), 1, 0)
    assert (low[0], high[0]) == (0.1, 0.9)
