"""Draw noise against known truth: fresh draws to the same problems, and what a study needs."""

import numpy as np
import pytest
from itc.estimators.majority import majority
from itc.stats import noise

DRAWS = 16


def votes(codes, budgets):
    credit = np.zeros((len(codes), 3))
    credit[:, 0] = 1.0
    return majority(codes, credit, budgets)


def world(problems, seed):
    rng = np.random.default_rng(seed)
    ability = rng.beta(0.8, 0.8, size=problems)
    return ability, rng


def pools(ability, draws, rng):
    wrong = rng.choice([1, 2], p=[0.7, 0.3], size=(len(ability), draws))
    return np.where(rng.random(wrong.shape) < ability[:, None], 0, wrong)


def halves(codes, budgets):
    value, even, odd = (votes(c, budgets) for c in (codes, codes[:, ::2], codes[:, 1::2]))
    return value, even, odd, np.full(value.shape, float(DRAWS)), np.array(budgets)


@pytest.mark.parametrize("budget", [1, 4, 8])
def test_draw_share_of_a_vote_is_right_up_to_half_of_the_draws(budget):
    ability, rng = world(1500, budget)
    runs = np.stack([votes(pools(ability, budget, rng), [budget])[:, 0] for _ in range(40)])
    chance, n = runs.mean(axis=0), len(runs)
    inside = (chance * (1 - chance)).mean() * n / (n - 1)
    truth = inside / (chance.mean() * (1 - chance.mean()))
    data = halves(pools(ability, DRAWS, rng), [budget])
    found = noise.draw_share(data[0], noise.run_variance(*data))[0]
    assert found == pytest.approx(truth, abs=0.03)


@pytest.mark.parametrize("draws", [2, 4, 8])
def test_draw_share_of_one_response_does_not_depend_on_the_number_of_draws(draws):
    ability, rng = world(8000, draws)
    truth = (ability * (1 - ability)).mean() / (ability.mean() * (1 - ability.mean()))
    value = (rng.binomial(draws, ability) / draws)[:, None]
    absent = np.full(value.shape, np.nan)
    within = noise.run_variance(value, absent, absent, absent * 0 + draws, np.array([1]))
    assert np.isnan(within).all()  # an unknown number of draws gives nothing
    number = np.full(value.shape, float(draws))
    within = noise.run_variance(value, absent, absent, number, np.array([1]))
    assert noise.draw_share(value, within)[0] == pytest.approx(truth, abs=0.02)
    assert np.isnan(noise.run_variance(value, absent, absent, number, np.array([2]))).all()


def test_fixed_benchmark_covers_these_problems_and_is_narrower_than_new_ones():
    budgets = [1, 8]
    ability, rng = world(40, 5)
    runs = np.stack([votes(pools(ability, 8, rng), budgets) for _ in range(600)])
    truth = runs.mean(axis=(0, 1))
    inside, widths = np.zeros(2), np.zeros(2)
    for _ in range(200):
        data = halves(pools(ability, DRAWS, rng), budgets)
        variance = noise.draw_variance(*data)
        margin = noise.FixedBenchmark([variance], [np.array([DRAWS, 2.0])]).margin()
        inside += np.abs(data[0].mean(axis=0) - truth) <= margin
        widths += margin / 200
    assert (inside / 200 > 0.93).all()
    spread = np.sqrt(ability.var() / 40)  # of new problems, at the very least
    assert (widths < 1.5 * spread).all()


def test_problems_without_any_variation_keep_the_exact_bound():
    fixed = noise.FixedBenchmark([np.zeros((30, 1))], [np.array([16.0])])
    assert fixed.margin()[0] == pytest.approx(1 - 0.025 ** (1 / 480))


def test_components_and_the_plan_hold_their_power():
    """True differences of sd .2, draws add .3^2 / N: the plan's problems find it in 80 %."""
    rng = np.random.default_rng(6)
    effect, draws = 0.05, 8
    true = rng.normal(effect, 0.2, size=20_000)
    seen = true + rng.normal(scale=0.3 / np.sqrt(draws), size=true.size)
    parts = noise.Components.of(seen, np.full(true.size, 0.3**2 / draws), draws)
    assert parts.problems == pytest.approx(0.04, rel=0.05)
    parts = noise.Components(parts.problems, parts.draws, 100, draws)
    needed = int(parts.problems_needed(effect))
    studies = rng.choice(seen - seen.mean() + effect, size=(needed, 2000))
    t = studies.mean(axis=0) / (studies.std(axis=0, ddof=1) / np.sqrt(needed))
    assert (t > 1.97).mean() == pytest.approx(0.8, abs=0.03)
    more = noise.Components(parts.problems, parts.draws, 140, draws)
    n = more.draws_needed(effect)
    at = noise.Components(parts.problems, parts.draws * draws / n, 140, int(n))
    assert at.detectable() == pytest.approx(effect, rel=0.02) and at.detectable() <= effect
    assert parts.draws_needed(0.01) == np.inf  # problems alone hold it back
    nothing = noise.Components.of(np.zeros(30), np.zeros(30), 8)
    assert np.isnan(nothing.problems_needed(0.02)) and np.isnan(nothing.draws_needed(0.02))
