import numpy as np
import pandas as pd
import pytest
from itc.claims import _together
from itc.claims._spread import between_models
from itc.claims._verdict import (
    AT_MOST,
    DIRECTION,
    GREATER,
    NOT_TESTED,
    OPPOSITE,
    SUPPORTED,
    TOO_SMALL,
    UNDECIDED,
    Unit,
    assess_units,
    combine,
    decide,
    from_means,
    ruled_out,
)

ABOUT = {"measure": "m", "unit": "u", "smallest_effect": 0.1}


@pytest.mark.parametrize(
    ("low", "high", "greater", "at_most"),
    [
        (0.2, 0.4, SUPPORTED, OPPOSITE),
        (0.1, 0.4, SUPPORTED, OPPOSITE),
        (0.01, 0.29, DIRECTION, UNDECIDED),
        (0.09, 0.41, DIRECTION, UNDECIDED),
        (0.01, 0.09, TOO_SMALL, SUPPORTED),  # real, and too small to matter
        (-0.09, 0.09, TOO_SMALL, SUPPORTED),
        (-0.1, 0.2, UNDECIDED, UNDECIDED),
        (-0.11, 0.05, UNDECIDED, SUPPORTED),
        (-0.2, -0.05, UNDECIDED, SUPPORTED),
        (-0.3, -0.1, OPPOSITE, SUPPORTED),
        (np.nan, np.nan, UNDECIDED, UNDECIDED),
    ],
)
def test_verdict_of_an_interval(low, high, greater, at_most):
    assert decide(GREATER, low, high, 0.1) == greater
    assert decide(AT_MOST, low, high, 0.1) == at_most


def test_an_open_claim_says_where_the_smallest_effect_is_ruled_out():
    assert ruled_out(GREATER, UNDECIDED, 0.05, 0.1)
    assert not ruled_out(GREATER, UNDECIDED, 0.2, 0.1)
    assert not ruled_out(GREATER, TOO_SMALL, 0.05, 0.1)


def values(mean, n=50, seed=0, scale=0.2):
    noise = scale * np.random.default_rng(seed).uniform(-1, 1, size=n)
    return pd.Series(mean + noise - noise.mean(), index=[str(i) for i in range(n)])


def unit(mean, n=50, seed=0, model="m", dataset="d"):
    return from_means(model, dataset, values(mean, n, seed))


def limits(units, by_problems=False):
    return [float(end[0]) for end in combine(units, by_problems).interval()]


def test_an_unbounded_unit_has_the_one_sample_t_interval():
    from scipy import stats

    sample = values(0.3)
    index = "d\x1f" + sample.index
    influence = pd.Series((sample - sample.mean()).to_numpy() / 50, index)
    low, high = limits([Unit("m", "d", 0.3, influence, bounded=False)])
    expected = stats.ttest_1samp(sample, 0).confidence_interval()
    assert (low, high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_models_on_the_same_problems_are_not_independent_evidence():
    one = limits([unit(0.3)])
    copies = limits([unit(0.3, model=m) for m in "abcd"])
    assert copies == pytest.approx(one)
    apart = limits([unit(0.3, dataset=d) for d in "wxyz"])
    assert apart[1] - apart[0] < 0.7 * (one[1] - one[0])


def test_weights_by_problems_or_equal():
    units = [unit(0.0, 10), unit(1.0, 30, dataset="e")]
    assert combine(units, by_problems=False).value[0] == pytest.approx(0.5)
    assert combine(units, by_problems=True).value[0] == pytest.approx(0.75)


def test_too_few_problems_are_no_unit_and_none_is_not_tested():
    assert from_means("m", "d", values(1.0, 4)) is None
    verdict = assess_units("p", [None], ABOUT, "why")
    assert (verdict.verdict, verdict.reason) == (NOT_TESTED, "why") and np.isnan(verdict.effect)


@pytest.mark.parametrize("kind", [GREATER, AT_MOST])
def test_five_problems_without_any_difference_decide_nothing(kind):
    flat = from_means("m", "d", pd.Series(np.zeros(5)))
    verdict = assess_units("p", [flat], ABOUT | {"smallest_effect": 0.02}, "", kind)
    assert verdict.verdict == UNDECIDED
    assert verdict.low < -0.3 and verdict.high > 0.3


def test_a_feature_that_never_varies_decides_nothing():
    still = Unit("m", "d", 0.0, pd.Series(np.zeros(40)), bounded=False)
    assert assess_units("p", [still], ABOUT, "").verdict == UNDECIDED


def test_agreeing_units_are_counted_on_the_side_of_the_claim():
    units = [unit(0.05, model="a"), unit(-0.3, seed=1, model="b")]
    assert assess_units("p", units, ABOUT, "").agree == (True, False)
    assert assess_units("p", units, ABOUT, "", AT_MOST).agree == (True, True)


def test_a_truth_just_below_the_smallest_effect_is_hardly_ever_supported():
    # Against zero, 46 % of such studies were called supported.
    found = []
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(0.0099, 0.1, size=1000)
        one = from_means("m", "d", pd.Series(np.clip(noise, -1, 1)))
        found.append(assess_units("p", [one], ABOUT | {"smallest_effect": 0.01}, "").verdict)
    assert found.count(SUPPORTED) <= 10
    assert found.count(DIRECTION) + found.count(UNDECIDED) + found.count(TOO_SMALL) >= 190


def test_parts_are_decided_together_and_a_shared_baseline_costs_little():
    rng = np.random.default_rng(4)
    alone = assess_units("a", [unit(0.2)], ABOUT, "")
    apart = [
        assess_units(str(i), [from_means("m", "d", values(0.2, seed=i))], ABOUT, "")
        for i in range(10)
    ]
    shared = rng.uniform(-0.2, 0.2, 50)
    alike = [
        assess_units(
            str(i),
            [from_means("m", "d", pd.Series(0.2 + shared + 0.01 * rng.normal(size=50)))],
            ABOUT,
            "",
        )
        for i in range(10)
    ]
    assert _together.jointly([alone])[0].joint_low == alone.low
    ratio = {}
    for name, parts in (("apart", apart), ("alike", alike)):
        both = _together.jointly(parts)
        wider = [(v.joint_high - v.joint_low) / (v.high - v.low) for v in both]
        ratio[name] = np.mean(wider)
        assert all(v.p_joint >= v.p_value for v in both)
    assert 1.3 < ratio["apart"] < 1.7 and 1.0 <= ratio["alike"] < 1.1


def test_joint_intervals_of_ten_parts_hold_together():
    missed, studies = 0, 60
    for seed in range(studies):
        rng = np.random.default_rng(seed)
        parts = [
            assess_units(
                str(i), [from_means("m", "d", pd.Series(rng.uniform(-0.5, 0.5, 40)))], ABOUT, ""
            )
            for i in range(10)
        ]
        missed += any(v.joint_low > 0 or v.joint_high < 0 for v in _together.jointly(parts))
    assert missed <= studies * 0.05 + 1.64 * np.sqrt(studies * 0.05 * 0.95)


def test_a_claim_about_every_strategy_needs_every_strategy():
    good, bad = unit(-0.3, 200, 1), unit(0.3, 200, 2)
    parts = [assess_units(n, [u], ABOUT, "", AT_MOST) for n, u in (("g", good), ("b", bad))]
    assert [p.verdict for p in parts] == [SUPPORTED, OPPOSITE]
    assert _together.whole(parts[:1], "largest").verdict == SUPPORTED
    assert _together.whole(parts, "largest").verdict == OPPOSITE
    greater = [assess_units(n, [u], ABOUT, "") for n, u in (("g", good), ("b", bad))]
    assert _together.whole(greater, "smallest").verdict == OPPOSITE
    assert _together.whole(greater, "largest").verdict == SUPPORTED


def test_a_secondary_part_does_not_make_the_claim():
    first = assess_units("within", [unit(0.0)], ABOUT, "")
    second = assess_units("pooled", [unit(0.9)], ABOUT, "", primary=False)
    whole = _together.whole(_together.jointly([first, second]), "smallest")
    assert whole.verdict == TOO_SMALL and whole.n_tested == 1


def test_what_a_study_resolves_is_what_it_sees_with_80_percent_power():
    rng = np.random.default_rng(3)

    def study(effect):
        sample = pd.Series(np.clip(rng.normal(effect, 0.2, size=60), -1, 1))
        return assess_units("p", [from_means("m", "d", sample)], ABOUT, "")

    resolves = np.mean([_together.whole([study(0.1)], "smallest").resolves for _ in range(30)])
    seen = [study(0.1 + resolves).verdict == SUPPORTED for _ in range(300)]
    assert 0.72 <= np.mean(seen) <= 0.88


def test_tau_is_the_spread_of_models_beyond_their_errors():
    taus, inside = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shared = rng.normal(0, 0.2, size=100)
        units = []
        for m, own in enumerate(rng.normal(0.1, 0.05, size=7)):
            noisy = own + shared + rng.normal(0, 0.2, size=100)
            units.append(from_means(f"m{m}", "d", pd.Series(noisy)))
        spread = between_models(assess_units("p", units[:6], ABOUT, ""))
        taus.append(spread.tau**2)
        inside.append(spread.low <= units[6].effect <= spread.high)
    assert np.sqrt(np.mean(taus)) == pytest.approx(0.05, abs=0.012)
    assert np.mean(inside) >= 0.9


def test_two_models_say_nothing_of_a_third_and_a_lone_carrier_is_named():
    units = [unit(0.5, model="a"), unit(0.0, seed=1, model="b")]
    spread = between_models(assess_units("p", units, ABOUT, ""))
    assert np.isnan(spread.tau) and "a" in spread.hinges_on


def test_intervals_cover_across_models_that_share_problems():
    covered = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        shared = rng.normal(size=40)
        noisy = [np.clip(0.2 + 0.2 * (shared + rng.normal(size=40)), -1, 1) for _ in "abc"]
        units = [from_means(m, "d", pd.Series(n)) for m, n in zip("abc", noisy, strict=True)]
        low, high = limits(units)
        covered.append(low <= 0.2 <= high)
    assert 0.91 <= np.mean(covered) <= 1.0
