"""Known effects: difficulty biases the pooled fit, not the within-question ones."""

import numpy as np
import pytest
from itc.analyses._contrast import contrast
from itc.regression.design import make_design
from itc.regression.methods import METHODS

from .simulate import simulate

TRUTH = -0.8
RUNS = 80


def estimates(method, confounding, component):
    """(RUNS, 2) coefficient of f_0 per unit, and whether its interval covers the truth."""
    found = []
    for seed in range(RUNS):
        frame = simulate(seed, confounding=confounding)
        scale = frame["f_0"].std(ddof=0)
        fit = METHODS[method](make_design(frame, ["f_0", "f_1"]))
        row = next(r for r in fit.records() if r["term"] == "f_0" and r["component"] == component)
        low, high = row["low"] / scale, row["high"] / scale
        found.append((row["coefficient"] / scale, low <= TRUTH <= high))
    return np.array(found)


@pytest.mark.parametrize("confounding", [0.0, 0.6])
def test_conditional_logit_is_unbiased_and_its_intervals_cover(confounding):
    found = estimates("within", confounding, "within")
    error = found[:, 0].std(ddof=1) / np.sqrt(RUNS)
    # finite-sample bias of a logit away from zero is below 5 % here
    assert abs(found[:, 0].mean() - TRUTH) < 3 * error + 0.05 * abs(TRUTH)
    assert 0.88 <= found[:, 1].mean() <= 1.0


def test_pooled_logit_is_biased_by_difficulty_and_misses_the_truth():
    found = estimates("pooled", 0.6, "total")
    assert found[:, 0].mean() < TRUTH - 0.15
    assert found[:, 1].mean() < 0.6


def test_pooled_logit_sees_an_effect_where_there_is_none():
    frame = simulate(1, effects=(0.0, 0.0), confounding=0.6)
    design = make_design(frame, ["f_0"])
    pooled, within = METHODS["pooled"](design).records()[0], METHODS["within"](design).records()[0]
    assert pooled["p"] < 1e-4 and within["p"] > 0.01


def test_mundlak_within_is_the_truth_where_problem_means_tell_the_difficulty():
    assert estimates("mundlak", 0.6, "within")[:, 0].mean() == pytest.approx(TRUTH, abs=0.06)


def test_mundlak_within_is_only_attenuated_without_confounding():
    # an average over unequal problems: nearer to zero than the effect in each of them
    assert TRUTH < estimates("mundlak", 0.0, "within")[:, 0].mean() < 0.5 * TRUTH


@pytest.mark.parametrize("confounding", [0.0, 0.6])
def test_mixed_logit_within_is_the_truth_whatever_the_confounding(confounding):
    found = []
    for seed in range(25):
        frame = simulate(seed, confounding=confounding)
        row = METHODS["mixed"](make_design(frame, ["f_0"])).records()[0]
        found.append(row["coefficient"] / frame["f_0"].std(ddof=0))
    assert abs(np.mean(found) - TRUTH) < 3 * np.std(found, ddof=1) / 5 + 0.05 * abs(TRUTH)


def test_within_difference_of_the_contrast_is_free_of_difficulty():
    pooled, within, covered = [], [], []
    for seed in range(RUNS):
        frame = simulate(seed, effects=(0.0, 0.0), confounding=0.6)
        row = contrast(frame[["f_0"]].to_numpy(), frame["right"], frame["problem"]).iloc[0]
        pooled.append(row["pooled_difference"])
        within.append(row["within_difference"])
        covered.append(row["within_low"] <= 0 <= row["within_high"])
    assert np.mean(pooled) < -0.5
    assert abs(np.mean(within)) < 3 * np.std(within, ddof=1) / np.sqrt(RUNS)
    assert 0.88 <= np.mean(covered) <= 1.0


def test_pooled_interval_of_the_contrast_covers_without_confounding():
    truth = []
    covered = []
    for seed in range(200):
        frame = simulate(seed, effects=(-0.8, 0.0))
        row = contrast(frame[["f_0"]].to_numpy(), frame["right"], frame["problem"]).iloc[0]
        truth.append(row["pooled_difference"])
        covered.append((row["pooled_low"], row["pooled_high"]))
    low, high = np.array(covered).T
    centre = np.mean(truth)
    assert 0.91 <= np.mean((low <= centre) & (centre <= high)) <= 1.0
