"""Curve fits recover known laws; allocation and robust means equal their definitions."""

import numpy as np
import pytest
from itc.analyses.resolution import separation
from itc.stats import fits
from itc.stats.allocation import choose, rank_bins
from itc.stats.robust import interquartile_mean
from scipy import optimize, stats

BUDGETS = np.array([1, 2, 4, 8, 16, 32, 64])


def test_power_law_recovers_its_parameters():
    truth = np.array([[-1.2, -0.5], [-0.3, -1.1]])
    curves = np.exp(truth[:, :1] * BUDGETS ** truth[:, 1:])
    fit = fits.power_law(BUDGETS, curves)
    assert fit.parameters == pytest.approx(truth, rel=0.04)
    assert (fit.r_squared > 0.999).all()


def test_power_law_is_the_least_squares_fit():
    curve = np.array([[0.2, 0.38, 0.5, 0.66, 0.72, 0.8, 0.82]])
    fit = fits.power_law(BUDGETS, curve)

    def error(parameters):
        return ((fits.power_curve(np.atleast_2d(parameters), BUDGETS) - curve) ** 2).sum()

    best = optimize.minimize(error, [-1.5, -0.5], method="Nelder-Mead").fun
    assert error(fit.parameters[0]) == pytest.approx(best, rel=0.01)


def test_beta_binomial_recovers_its_parameters_and_what_lies_beyond():
    truth = np.array([[0.4, 1.7], [3.0, 20.0]])
    curves = fits.beta_curve(truth, BUDGETS)
    fit = fits.beta_binomial(BUDGETS, curves)
    assert fit.parameters == pytest.approx(truth, rel=0.1)
    found, want = fits.beta_curve(fit.parameters, [256]), fits.beta_curve(truth, [256])
    assert found == pytest.approx(want, abs=0.002)
    chances = np.random.default_rng(0).beta(0.4, 1.7, 400_000)
    simulated = (1 - (1 - chances) ** 8).mean()
    assert fits.beta_curve(truth[:1], [8])[0, 0] == pytest.approx(simulated, abs=0.003)


def test_saturating_curve_recovers_its_parameters():
    limit, start, q = 0.8, 0.5, 0.2
    curve = limit - (limit - start) * (1 - q) ** (BUDGETS - 1.0)
    fit = fits.saturating(BUDGETS, curve[None])
    assert fit.parameters[0] == pytest.approx([limit, start, q], rel=0.03)
    assert fits.saturating_curve(fit.parameters, BUDGETS) == pytest.approx(fit.fitted)


def test_a_saturating_curve_is_an_accuracy_everywhere():
    rng = np.random.default_rng(0)
    curves = np.clip(0.96 + rng.normal(0, 0.02, (200, 4)), 0, 1)  # nearly flat near one
    curves = np.vstack([curves, [[0.0, 0.0, 0.02, 0.3]], [[1.0, 0.9, 0.4, 0.0]]])
    fit = fits.saturating(np.array([2, 4, 8, 16]), curves)
    assert ((fit.parameters[:, :2] >= 0) & (fit.parameters[:, :2] <= 1)).all()
    grid = fits.saturating_curve(fit.parameters, np.array([2, 4, 8, 16, 1024]))
    assert ((grid >= -1e-12) & (grid <= 1 + 1e-12)).all()


def test_saturation_budget_is_read_off_the_curve_and_never_extrapolated():
    n = np.array([2, 4, 8, 16, 32, 64])
    steady = 0.3 + 0.05 * np.log2(n)  # the same gain at each doubling, without end
    flat = np.full(6, 0.4)
    done = np.array([0.4, 0.5, 0.55, 0.552, 0.553, 0.553])  # gains .1 .05 .002 .001 0
    stars, beyond = fits.saturation_budget(n, np.array([steady, flat, done]), 0.005)
    assert beyond == 32
    assert stars[0] == np.inf and stars[1] == 2
    assert 4 < stars[2] < 8  # between the doubling of 4 (.05) and that of 8 (.002)
    rising_again = np.array([0.4, 0.401, 0.45, 0.5, 0.55, 0.6])
    assert fits.saturation_budget(n, rising_again[None], 0.005)[0][0] == np.inf
    assert np.isnan(fits.saturation_budget(np.array([8]), np.ones((1, 1)), 0.005)[1])


def test_allocation_spends_where_it_pays():
    # option 0 costs 1, option 1 costs 5; only the second half of the problems gains from it
    accuracy = np.array([[0.9, 0.9]] * 5 + [[0.2, 0.8]] * 5)
    cost = np.array([[1.0, 5.0]] * 10)
    bins = rank_bins(accuracy[:, 0], 2)
    assert bins.tolist() == [1] * 5 + [0] * 5
    assert choose(accuracy, cost, bins, 2, target=3.0).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    # half of the step is affordable: the hard bin tosses a coin
    assert choose(accuracy, cost, bins, 2, target=2.0).tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert choose(accuracy, cost, bins, 2, target=0.1).tolist() == [[1.0, 0.0], [1.0, 0.0]]


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
