"""The conditional likelihood of one problem: two ways, each against enumeration and each other."""

from itertools import combinations

import numpy as np
import pytest
from itc.regression import _kernels

WAYS = (_kernels.by_recursion, _kernels.by_inversion)


def computed(way, weight, x, k):
    mean, covariance = np.empty(x.shape[1]), np.empty((x.shape[1], x.shape[1]))
    log_f = way(weight, x, k, mean, covariance)
    return log_f, mean, covariance


def enumerated(weight, x, k):
    chosen = [list(c) for c in combinations(range(len(weight)), k)]
    mass = np.array([weight[c].prod() for c in chosen])
    sums = np.array([x[c].sum(0) for c in chosen])
    mean = mass @ sums / mass.sum()
    return np.log(mass.sum()), mean, (sums.T * mass) @ sums / mass.sum() - np.outer(mean, mean)


def assert_agrees(found, expected, tolerance):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance * max(1.0, np.abs(b).max()), rtol=0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("n", range(2, 11))
def test_equals_enumeration(way, n):
    rng = np.random.default_rng(n)
    for k in range(1, n):
        x = rng.normal(size=(n, 2))
        for spread in (0.0, 1.0, 5.0):
            weight = np.exp(spread * rng.normal(size=n))
            assert_agrees(computed(way, weight, x, k), enumerated(weight, x, k), 1e-11)


@pytest.mark.parametrize(("n", "k"), [(40, 20), (64, 1), (256, 3), (256, 128), (1000, 400)])
@pytest.mark.parametrize("spread", [0.01, 0.5, 3.0])
def test_the_two_ways_agree_for_many_draws(n, k, spread):
    rng = np.random.default_rng(n + k)
    x = rng.normal(size=(n, 3))
    weight = np.exp(spread * (x - x.mean(0)) @ rng.normal(size=3))
    first, second = (computed(way, weight, x, k) for way in WAYS)
    assert_agrees(first, second, 1e-11)


@pytest.mark.parametrize("way", WAYS)
def test_one_response_that_outweighs_all_others(way):
    x = np.arange(30.0)[:, None]
    weight = np.where(x[:, 0] == 7, 1e12, 1.0)
    _, mean, covariance = computed(way, weight, x, 1)
    np.testing.assert_allclose(mean, 7, rtol=1e-9)
    assert 0 < covariance[0, 0] < 1e-8


@pytest.mark.parametrize("bad", [np.inf, 0.0, np.nan])
@pytest.mark.parametrize("n", [20, 200])
def test_weights_out_of_range_are_said_to_be(bad, n):
    weight = np.full(n, bad)
    x, sums = np.ones((n, 1)), np.zeros((1, 1))
    first, events = np.array([0, n]), np.array([n // 2])
    held = (weight, x, events, first, np.empty(1), sums, sums.copy())
    assert not _kernels.conditional(*held)
