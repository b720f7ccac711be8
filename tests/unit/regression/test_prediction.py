"""Cross-fitting never sees a question it judges; measures of discrimination are exact."""

import numpy as np
import pytest
from itc.regression import discrimination as measure
from itc.regression.predict import cross_fit, folds, train

from .simulate import simulate


def pairwise(score, right):
    """AUROC by comparing every pair."""
    above = score[right == 1][:, None] - score[right == 0][None, :]
    return ((above > 0) + 0.5 * (above == 0)).mean()


def test_auroc_equals_the_pairwise_count_with_ties():
    rng = np.random.default_rng(0)
    score, right = rng.integers(0, 5, 60).astype(float), rng.integers(0, 2, 60)
    assert measure.auroc(score, right) == pytest.approx(pairwise(score, right))
    assert np.isnan(measure.auroc(score, np.ones(60)))


def test_within_auroc_is_the_mean_over_questions_with_both_outcomes():
    rng = np.random.default_rng(1)
    problem = np.repeat(np.arange(9), 7)
    score, right = rng.integers(0, 4, 63).astype(float), rng.integers(0, 2, 63)
    right[problem == 3] = 1
    each = [pairwise(score[problem == p], right[problem == p]) for p in range(9) if p != 3]
    np.testing.assert_allclose(measure.within_auroc(score, right, problem), each)


def test_auroc_interval_covers_with_clustered_responses():
    areas, errors = [], []
    for seed in range(150):
        frame = simulate(seed, confounding=0.6)
        score, right = -frame["f_0"].to_numpy(), frame["right"].to_numpy()
        influence = measure.auroc_influence(score, right, frame["problem"].to_numpy())
        areas.append(measure.auroc(score, right))
        errors.append(np.sqrt((influence**2).sum() * 60 / 59))
        assert influence.sum() == pytest.approx(0, abs=1e-9)
    covered = np.abs(np.array(areas) - np.mean(areas)) < 2.0 * np.array(errors)
    assert 0.90 <= covered.mean() <= 0.99


def test_reliability_brier_and_calibration_error():
    probability = np.array([0.05, 0.05, 0.95, 0.95, 1.0])
    right = np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    curve = measure.reliability(probability, right)
    assert curve["bin"].tolist() == [0, 9] and curve["n"].tolist() == [2, 3]
    expected = (2 * abs(0.05 - 0.5) + 3 * abs(2.9 / 3 - 2 / 3)) / 5
    assert measure.expected_calibration_error(curve) == pytest.approx(expected)
    assert measure.brier(probability, right) == pytest.approx(((probability - right) ** 2).mean())


def test_a_fit_finds_known_effects():
    frame = simulate(0, n_problems=2000, spread=0.01)
    x = frame[["f_0", "f_1"]].to_numpy()
    fitted = train(x, frame["right"].to_numpy())
    np.testing.assert_allclose(fitted.coefficient / fitted.spread, (-0.8, 0.0), atol=0.06)


def test_separated_data_give_finite_predictions():
    x = np.linspace(-1, 1, 40)[:, None]
    fitted = train(x, (x[:, 0] > 0).astype(float))
    assert np.isfinite(fitted.coefficient).all()
    assert (np.diff(fitted.probability(x)) > 0).all()


def test_too_few_outcomes_or_no_variation_predict_the_share():
    x = np.random.default_rng(0).normal(size=(30, 2))
    y = np.zeros(30)
    y[:2] = 1
    assert train(x, y).probability(x) == pytest.approx(2.5 / 31)
    half = np.tile([0.0, 1.0], 15)
    assert train(np.ones((30, 1)), half).probability(np.ones((4, 1))) == pytest.approx(0.5)


def test_missing_features_count_as_average():
    frame = simulate(0)
    x = frame[["f_0"]].to_numpy().copy()
    fitted = train(x, frame["right"].to_numpy())
    assert fitted.probability(np.array([[np.nan]])) == fitted.probability(fitted.mean[None, :])


def test_folds_keep_questions_whole_and_depend_on_names_only():
    labels = np.repeat([f"p{i}" for i in range(23)], 4)
    found = folds(labels)
    assert all(len(set(found[labels == label])) == 1 for label in labels)
    order = np.random.default_rng(0).permutation(len(labels))
    assert (folds(labels[order]) == found[order]).all()
    sizes = np.bincount(found[::4])
    assert len(sizes) == 5 and sizes.max() - sizes.min() <= 1


def test_no_question_is_judged_by_its_own_outcomes():
    frame = simulate(0)
    x, y, problem = frame[["f_0"]].to_numpy(), frame["right"].to_numpy(), frame["problem"]
    before = cross_fit(x, y, problem.astype(str))
    chosen = (problem == 7).to_numpy()
    turned = np.where(chosen, 1 - y, y)
    after = cross_fit(x, turned, problem.astype(str))
    np.testing.assert_array_equal(before[chosen], after[chosen])
    assert (before[~chosen] != after[~chosen]).any()


def test_pure_noise_has_no_out_of_sample_value():
    areas = []
    for seed in range(40):
        frame = simulate(seed, effects=(0.0, 0.0, 0.0))
        x = frame[["f_0", "f_1", "f_2"]].to_numpy()
        y = frame["right"].to_numpy()
        p = cross_fit(x, y, frame["problem"].astype(str))
        areas.append(measure.within_auroc(p, y, frame["problem"].to_numpy()).mean())
    assert np.mean(areas) == pytest.approx(0.5, abs=0.02)
