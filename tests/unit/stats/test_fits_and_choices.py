"""Curve fits recover known laws; allocation and robust means equal their definitions."""

import numpy as np
import pytest
from itc.analyses.resolution import separation
from itc.stats import fits
from itc.stats.allocation import choose, rank_bins
from itc.stats.robust import interquartile_mean
from scipy import stats

BUDGETS = np.array([1, 2, 4, 8, 16, 32, 64])


def test_power_law_recovers_its_parameters():
    truth = np.array([[-1.2, -0.5], [-0.3, -1.1]])
    curves = np.exp(truth[:, :1] * BUDGETS ** truth[:, 1:])
    fit = fits.power_law(BUDGETS, curves)
    assert fit.parameters == pytest.approx(truth, rel=0.04)
    assert (fit.r_squared > 0.999).all()


def test_saturating_curve_recovers_limit_and_saturation_budget():
    limit, start, q = 0.8, 0.5, 0.2
    curve = limit - (limit - start) * (1 - q) ** (BUDGETS - 1.0)
    fit = fits.saturating(BUDGETS, curve[None])
    assert fit.parameters[0] == pytest.approx([limit, start, q], rel=0.03)
    n = np.arange(1, 100)
    gain = (limit - start) * ((1 - q) ** (n - 1.0) - (1 - q) ** (2.0 * n - 1))
    want = n[(gain < 0.005).argmax()]
    found = fits.saturation_budget(np.array([[limit, start, q]]), 0.005, 200)[0]
    assert found == want
    assert fits.saturation_budget(np.array([[0.9, 0.1, 0.01]]), 0.001, 10)[0] == 11


def test_a_flat_curve_has_no_r_squared_and_saturates_at_once():
    fit = fits.saturating(BUDGETS, np.full((1, 7), 0.4))
    assert np.isnan(fit.r_squared[0])
    assert fits.saturation_budget(fit.parameters, 0.005, 64)[0] == 1


def test_allocation_spends_where_it_pays():
    # option 0 costs 1, option 1 costs 5; only the second half of the problems gains from it
    accuracy = np.array([[0.9, 0.9]] * 5 + [[0.2, 0.8]] * 5)
    cost = np.array([[1.0, 5.0]] * 10)
    bins = rank_bins(accuracy[:, 0], 2)
    assert bins.tolist() == [1] * 5 + [0] * 5
    assert choose(accuracy, cost, bins, 2, target=3.0).tolist() == [1, 0]
    assert choose(accuracy, cost, bins, 2, target=1.5).tolist() == [0, 0]
    assert choose(accuracy, cost, bins, 2, target=0.1).tolist() == [0, 0]


def test_equal_scores_share_a_bin():
    assert rank_bins(np.array([1.0, 1, 1, 1, 2]), 2).tolist() == [0, 0, 0, 0, 1]


def test_interquartile_mean_equals_the_trimmed_mean():
    values = np.random.default_rng(0).random((20, 3))
    got = interquartile_mean(values, np.ones((1, 20)))[0]
    assert got == pytest.approx(stats.trim_mean(values, 0.25))
    repeated = np.repeat(values, 4, axis=0)
    weights = np.full((1, 20), 4.0)
    assert interquartile_mean(values, weights)[0] == pytest.approx(stats.trim_mean(repeated, 0.25))


def test_detectable_difference_has_its_power():
    rng = np.random.default_rng(1)
    spread = 0.3
    base = rng.normal(0.5, 0.1, size=(60, 1))
    pair = np.hstack([base, base + rng.normal(0, spread, size=(60, 1))])
    least = separation(pair)["detectable"]
    found = 0
    for _ in range(2000):
        d = rng.normal(least, (pair[:, 1] - pair[:, 0]).std(ddof=1), 60)
        found += stats.ttest_1samp(d, 0).pvalue < 0.05
    assert found / 2000 == pytest.approx(0.8, abs=0.04)


def test_nothing_to_separate_below_two():
    assert separation(np.ones((10, 1))) is None
    assert separation(np.ones((2, 3))) is None
