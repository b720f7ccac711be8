"""Intervals of bounded means: closed forms, limits, coverage where the old ones failed."""

import numpy as np
import pytest
from itc.stats import intervals
from scipy import stats


def test_no_spread_gives_the_exact_bound_and_never_no_width():
    bound = 1 - 0.025 ** (1 / 5)
    low, high = intervals.difference(np.zeros(5)).interval()
    assert low[0] == pytest.approx(-bound) and high[0] == pytest.approx(bound)
    low, high = intervals.share(np.ones(5)).interval()
    assert low[0] == pytest.approx(1 - bound) and high[0] == 1


@pytest.mark.parametrize("nearly", [0.999, 1 - 1e-6, 1 - 1e-16])
@pytest.mark.parametrize("how_many", [1, 5])
def test_almost_all_right_is_as_uncertain_as_all_right(nearly, how_many):
    bound = 1 - 0.025 ** (1 / 5)
    values = np.ones(5)
    values[:how_many] = nearly
    low, high = intervals.share(values).interval()
    assert low[0] == pytest.approx(1 - bound, abs=0.01)
    assert high[0] == pytest.approx(1, abs=1e-3)


def test_counts_get_the_clopper_pearson_interval():
    values = np.zeros(30)
    values[:3] = 1
    low, high = intervals.share(values).interval()
    student = 0.1 + stats.t.ppf(0.975, 29) * values.std(ddof=1) / np.sqrt(30)
    assert high[0] == pytest.approx(max(stats.beta.ppf(0.975, 4, 27), student), rel=0.02)
    assert low[0] == 0  # Student's t reaches below 0 here and is the wider one


def test_large_samples_get_students_t():
    values = np.random.default_rng(1).uniform(-0.5, 0.6, size=(20_000, 2))
    estimate = intervals.difference(values)
    reach = stats.t.ppf(0.975, 19_999) * values.std(axis=0, ddof=1) / np.sqrt(20_000)
    low, high = estimate.interval()
    assert high - estimate.value == pytest.approx(reach, rel=0.03)
    assert estimate.value - low == pytest.approx(reach, rel=0.03)


def test_free_means_follow_satterthwaite():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=5), rng.normal(size=500)
    estimate = intervals.free([first, second])
    welch = stats.ttest_ind(first, second, equal_var=False)
    assert estimate.degrees[0] == pytest.approx(welch.df)
    single = intervals.free(first)
    assert single.p_value()[0] == pytest.approx(stats.ttest_1samp(first, 0).pvalue, rel=1e-5)


def test_p_value_and_interval_agree():
    rng = np.random.default_rng(3)
    values = rng.choice([-1, 0, 0.5, 1], p=[0.1, 0.6, 0.1, 0.2], size=(20, 300))
    estimate = intervals.difference([values[:12], values[12:]])
    p = estimate.p_value()
    for level in (0.8, 0.95, 0.99):
        low, high = estimate.interval(level)
        assert (((low > 0) | (high < 0)) == (p < 1 - level)).all()
    assert ((p > 0.05) & (p < 1)).any() and (p < 0.05).any()
    assert intervals.difference(np.zeros(30)).p_value()[0] == 1


def test_missing_problems_and_single_problems():
    values = np.array([[0.5, np.nan], [0.25, 1.0], [np.nan, np.nan]])
    estimate = intervals.share(values)
    alone = intervals.share(values[:2, 0])
    assert estimate.interval()[0][0] == alone.interval()[0][0]
    assert [limit[1] for limit in estimate.interval()] == [0, 1]
    assert np.isnan(intervals.share(np.full((3, 1), np.nan)).interval()).all()
    assert np.isnan(intervals.free(np.ones(1)).interval()).all()
    with pytest.raises(ValueError, match="must lie in"):
        intervals.share(np.array([0.5, 1.2]))


def test_influences_of_means_give_the_same_interval():
    values = np.random.default_rng(4).choice([-1, 0, 1], p=[0.1, 0.7, 0.2], size=40) * 1.0
    influence = (values - values.mean()) / 40
    direct = intervals.difference(values).interval()
    linear = intervals.from_influence([values.mean()], [influence]).interval()
    assert np.allclose(direct, linear)


def coverage(estimate, truth):
    low, high = estimate.interval()
    return ((low <= truth) & (truth <= high)).mean()


@pytest.mark.parametrize("problems", [5, 15, 60])
def test_rare_gains_are_not_called_small(problems):
    """Gain of 1 on 2 % of problems: upper limit below the truth in at most 2.5 % of studies."""
    rng = np.random.default_rng(problems)
    values = (rng.random((problems, 2000)) < 0.02) * 1.0
    assert (intervals.difference(values).interval()[1] < 0.02).mean() <= 0.035


@pytest.mark.parametrize("share", [0.095, 0.97])
def test_shares_near_the_ends_are_covered(share):
    rng = np.random.default_rng(5)
    log_odds = rng.normal(np.log(share / (1 - share)), 1.8, size=400_000)
    truth = (1 / (1 + np.exp(-log_odds))).mean()
    ability = 1 / (1 + np.exp(-log_odds[: 30 * 1000]))
    values = (rng.binomial(16, ability) / 16).reshape(30, 1000)
    assert coverage(intervals.share(values), truth) > 0.93


def test_datasets_of_unequal_size_are_covered():
    rng = np.random.default_rng(6)
    parts = [rng.beta(0.5, 0.5, size=(n, 1000)) for n in (5, 500)]
    assert coverage(intervals.share(parts), 0.5) > 0.94
    signed = [rng.choice([-1.0, 0, 1], p=[0.2, 0.6, 0.2], size=(n, 1000)) for n in (5, 500)]
    assert coverage(intervals.difference(signed), 0.0) > 0.94
