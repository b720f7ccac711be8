"""Ranks, bands, Bayes@N and corrected accuracies against formulas and known truth."""

import numpy as np
import pytest
from itc.stats import bands, bayes, intervals, misclassification, ranks
from scipy import stats


def test_posterior_is_that_of_independent_betas():
    right, n = np.array([0, 3, 8, 5]), 8
    found = bayes.posterior(np.column_stack([n - right, right]))
    each = [stats.beta(1 + r, 1 + n - r) for r in right]
    assert found.mean == pytest.approx(np.mean([b.mean() for b in each]))
    assert found.sd == pytest.approx(np.sqrt(sum(b.var() for b in each)) / 4)
    low, high = found.interval()
    draws = np.mean([b.rvs(40_000, random_state=i) for i, b in enumerate(each)], axis=0)
    assert (low, high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.01)
    three = bayes.posterior(np.array([[1, 2, 5]]), scores=(0.0, 0.5, 1.0))
    samples = np.random.default_rng(1).dirichlet([2, 3, 6], size=100_000) @ [0, 0.5, 1]
    assert (three.mean, three.sd) == pytest.approx((samples.mean(), samples.std()), rel=0.02)


def test_the_largest_posterior_is_most_likely_best():
    parts = [bayes.posterior(np.full((30, 2), [8 - r, r])) for r in (2, 4, 4)]
    chance = bayes.chance_best(parts, np.random.default_rng(2))
    assert chance.sum() == pytest.approx(1) and chance[0] < 0.001
    assert chance[1:] == pytest.approx([0.5, 0.5], abs=0.03)


def test_ranks_hold_what_is_sure_and_no_more():
    rng = np.random.default_rng(3)
    values = (rng.random((200, 4)) < [0.9, 0.88, 0.5, 0.2]).astype(float)
    found = ranks.of([values])
    assert found.rank.tolist() == [1, 2, 3, 4] or found.rank.tolist() == [2, 1, 3, 4]
    assert found.low.tolist() == [1, 1, 3, 4]
    assert found.high.tolist() == [2, 2, 3, 4]
    assert found.tier.tolist() == [1, 1, 2, 3]
    same = ranks.of([np.repeat(values[:, :1], 3, axis=1)])
    assert (same.rank == 2).all() and (same.low == 1).all() and (same.high == 3).all()


def test_a_band_holds_for_all_points_and_is_no_narrower_than_intervals():
    rng = np.random.default_rng(4)
    inside = np.zeros(2)
    for _ in range(150):
        values = rng.choice([0.0, 0.5, 1.0], size=(40, 6))
        estimate = intervals.share(values)
        level = bands.level(estimate, bands.resample(values, 300, rng))
        assert (level >= 0.95).all()
        for k, at in enumerate((level, 0.95)):
            low, high = estimate.interval(at)
            inside[k] += ((low <= 0.5) & (high >= 0.5)).all()
    assert inside[0] / 150 > 0.93
    assert inside[1] < inside[0]  # six independent points: intervals alone hold in about 74 %


def grades(problems, draws, fr, fw, second, rng):
    ability = rng.beta(1, 1, size=(problems, 1))
    true = rng.random((problems, draws)) < ability
    graded = np.where(true, rng.random(true.shape) >= fw, rng.random(true.shape) < fr)
    known = rng.random(true.shape) < second
    count = lambda chosen: chosen.sum(axis=1).astype(float)  # noqa: E731
    return misclassification.Counts(
        n=np.full(problems, float(draws)),
        right=count(graded),
        truly_wrong=count(known & ~true),
        false_right=count(known & ~true & graded),
        truly_right=count(known & true),
        false_wrong=count(known & true & ~graded),
    )


@pytest.mark.parametrize(("fr", "fw"), [(0.1, 0.2), (0.02, 0.0)])
def test_corrected_accuracy_covers_the_truth(fr, fw):
    rng = np.random.default_rng(5)
    inside, found = 0, []
    for _ in range(200):
        value, low, high = misclassification.corrected(grades(40, 8, fr, fw, 0.3, rng))
        inside += low <= 0.5 <= high
        found.append(value)
        assert 0 <= low <= value <= high <= 1
    assert inside / 200 > 0.93
    assert np.mean(found) == pytest.approx(0.5, abs=0.015)


def test_correction_needs_both_rates_and_information():
    rng = np.random.default_rng(6)
    every = grades(30, 8, 0.1, 0.1, 1.0, rng)
    value = misclassification.corrected(every)[0]
    truth = (every.truly_right.sum()) / every.n.sum()  # every response has a second grade
    assert value == pytest.approx(truth)
    none = misclassification.Counts(*(np.zeros(30) if i > 1 else every.n for i in range(6)))
    assert misclassification.corrected(none) is None
    assert misclassification.corrected(grades(30, 8, 0.5, 0.45, 1.0, rng)) is None
    low, high = misclassification.false_right(grades(30, 8, 0.0, 0.1, 1.0, rng)).interval()
    assert low[0] == 0 and 0.05 < high[0] < 0.2  # none seen is not none
