import numpy as np
import pandas as pd
import pytest
from itc.claims._verdict import (
    AT_MOST,
    CONTRADICTED,
    GREATER,
    MISSING,
    SUPPORTED,
    UNDECIDED,
    assess_units,
    combine,
    decide,
    from_means,
)

ABOUT = {"measure": "m", "unit": "u", "smallest_effect": 0.1}


@pytest.mark.parametrize(
    ("effect", "low", "high", "greater", "at_most"),
    [
        (0.3, 0.2, 0.4, SUPPORTED, CONTRADICTED),
        (0.15, 0.01, 0.29, SUPPORTED, CONTRADICTED),
        (0.05, 0.01, 0.09, CONTRADICTED, SUPPORTED),  # real, and too small to matter
        (0.05, -0.1, 0.2, UNDECIDED, UNDECIDED),
        (0.08, 0.01, 0.15, UNDECIDED, UNDECIDED),
        (-0.2, -0.3, -0.1, CONTRADICTED, SUPPORTED),
        (np.nan, np.nan, np.nan, UNDECIDED, UNDECIDED),
    ],
)
def test_verdict_of_an_interval(effect, low, high, greater, at_most):
    assert decide(GREATER, effect, low, high, 0.1) == greater
    assert decide(AT_MOST, effect, low, high, 0.1) == at_most


def values(mean, n=50, seed=0):
    noise = np.random.default_rng(seed).normal(size=n)
    return pd.Series(mean + noise - noise.mean(), index=range(n))


def test_unit_interval_is_the_one_sample_t_interval():
    from scipy import stats

    sample = values(0.3)
    effect, low, high, n = combine([from_means("m", "d", sample)], by_problems=False)
    expected = stats.ttest_1samp(sample, 0).confidence_interval()
    assert (effect, n) == (pytest.approx(0.3), 50)
    assert (low, high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_models_on_the_same_problems_are_not_independent_evidence():
    same = values(0.3)
    one = combine([from_means("a", "d", same)], by_problems=False)
    copies = combine([from_means(m, "d", same) for m in "abcd"], by_problems=False)
    assert copies[1:3] == (pytest.approx(one[1]), pytest.approx(one[2]))
    apart = combine([from_means("a", d, same) for d in "wxyz"], by_problems=False)
    assert apart[2] - apart[1] < 0.6 * (one[2] - one[1])


def test_weights_by_problems_or_equal():
    units = [from_means("a", "d", values(0.0, 10)), from_means("a", "e", values(1.0, 30))]
    assert combine(units, by_problems=False)[0] == pytest.approx(0.5)
    assert combine(units, by_problems=True)[0] == pytest.approx(0.75)


def test_too_few_problems_are_no_unit_and_none_is_missing_data():
    assert from_means("m", "d", values(1.0, 4)) is None
    verdict = assess_units("p", [None], ABOUT, "why")
    assert (verdict.verdict, verdict.reason) == (MISSING, "why") and np.isnan(verdict.effect)


def test_agreeing_units_are_counted_on_the_side_of_the_claim():
    units = [from_means("a", "d", values(0.05)), from_means("b", "d", values(-0.3, seed=1))]
    assert assess_units("p", units, ABOUT, "").agree == (True, False)
    assert assess_units("p", units, ABOUT, "", AT_MOST).agree == (True, True)


def test_intervals_cover_across_models_that_share_problems():
    covered = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        shared = rng.normal(size=40)
        units = [from_means(m, "d", pd.Series(0.2 + shared + rng.normal(size=40))) for m in "abc"]
        _, low, high, _ = combine(units, by_problems=False)
        covered.append(low <= 0.2 <= high)
    assert 0.91 <= np.mean(covered) <= 0.99
