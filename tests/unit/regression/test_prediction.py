"""Cross-fitting never sees a question it judges; measures of discrimination are exact."""

import numpy as np
import pytest
from itc.analyses import prediction
from itc.regression import calibration as measure
from itc.regression import cross_validation as validation
from itc.regression.predict import cross_fit, folds, train

from .simulate import simulate


def pairwise(score, right):
    """AUROC by comparing every pair."""
    above = score[right == 1][:, None] - score[right == 0][None, :]
    return ((above > 0) + 0.5 * (above == 0)).mean()


def coded(seed, n=60, blocks=3):
    rng = np.random.default_rng(seed)
    score, right = rng.integers(0, 5, n).astype(float), rng.integers(0, 2, n).astype(bool)
    return score, right, rng.integers(0, blocks, n)


def test_auroc_compares_pairs_of_one_fold_with_ties():
    score, right, fold = coded(0)
    won = pairs = 0.0
    for k in range(3):
        own = fold == k
        size = right[own].sum() * (~right[own]).sum()
        won, pairs = won + pairwise(score[own], right[own]) * size, pairs + size
    assert validation.fold_auroc(score, right, fold) == pytest.approx(won / pairs)
    assert np.isnan(validation.fold_auroc(score, np.ones(60, bool), fold))


def test_problem_auroc_is_missing_where_all_draws_have_one_outcome():
    score, right, problem = coded(1, n=63, blocks=9)
    right[problem == 3] = True
    found = validation.problem_auroc(score, right, problem)
    assert np.isnan(found[3])
    for p in (0, 1, 2, 4, 8):
        own = problem == p
        assert found[p] == pytest.approx(pairwise(score[own], right[own]))


def test_leaving_out_a_group_drops_its_pairs():
    score, right, fold = coded(2)
    group = 2 * fold + np.arange(60) % 2
    found = validation.CrossFit(score, fold, group, None, np.full(60, 0.5))
    left = validation._auroc_without(found, right)
    for g in range(6):
        rest = group != g
        assert left[g] == pytest.approx(validation.fold_auroc(score[rest], right[rest], fold[rest]))


def test_one_newton_step_is_close_to_the_fit_without_a_group():
    frame = simulate(3, n_problems=20)
    x, y = frame[["f_0", "f_1"]].to_numpy(), frame["right"].to_numpy()
    labels = frame["problem"].astype(str).to_numpy()
    found = validation.cross_fitted(x, y, labels)
    np.testing.assert_allclose(found.probability, cross_fit(x, y, labels))
    for g in (0, 7, 19):
        own, inside = found.group == g, found.fold != found.fold[found.group == g][0]
        k = found.fold[inside][0]
        judged = found.fold == k
        exact = train(x[~judged & ~own], y[~judged & ~own]).log_odds(x[judged])
        moved = exact - found.log_odds[judged]
        step = found.without[judged, g] - found.log_odds[judged]
        np.testing.assert_allclose(step, moved, atol=0.15 * np.abs(moved).max())


def test_base_share_comes_from_the_other_folds():
    frame = simulate(4, n_problems=10)
    y = frame["right"].to_numpy()
    found = validation.cross_fitted(frame[["f_0"]].to_numpy(), y, frame["problem"].astype(str))
    for k in range(5):
        assert found.base[found.fold == k] == pytest.approx(y[found.fold != k].mean())


@pytest.mark.parametrize("n_problems", [15, 30])
def test_noise_has_an_auroc_of_a_half_and_intervals_that_hold(n_problems):
    areas, below, missed = [], 0, 0
    for seed in range(100):
        frame = simulate(seed, n_problems=n_problems, effects=(0.0, 0.0, 0.0))
        x, y = frame[["f_0", "f_1", "f_2"]].to_numpy(), frame["right"].to_numpy()
        problem = frame["problem"].to_numpy()
        found = validation.cross_fitted(x, y, problem.astype(str))
        row = prediction.measures(found, y, problem)
        areas.append(row["auroc"])
        below += row["auroc_high"] < 0.5
        missed += not row["within_auroc_low"] <= 0.5 <= row["within_auroc_high"]
    error = np.std(areas) / 10
    assert abs(np.mean(areas) - 0.5) < 0.015 + 2 * error
    assert below <= 8 and missed <= 11  # 5 and 6 %, and two standard errors of 100 studies


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
