"""What a baseline is worth at a cost, and the plans that may toss a coin."""

import numpy as np
import pytest
from itc.stats.matched import CHEAPER, DEARER, UNKNOWN, Part, at_cost, cheapest_mix
from itc.stats.paired import Paired
from scipy.optimize import linprog

CURVE_COST = np.tile([10.0, 20.0, 40.0], (4, 1))
CURVE = np.tile([0.1, 0.3, 0.5], (4, 1))


def worth(costs, **more):
    cost = np.tile(np.asarray(costs, dtype=float), (4, 1))
    found = at_cost([Part(cost, CURVE_COST, CURVE)], **more)
    return found.values[0].mean(axis=0), found.reasons.tolist()


def test_inside_it_interpolates_and_outside_it_says_why_there_is_no_value():
    value, reasons = worth([5.0, 10.0, 15.0, 30.0, 40.0, 41.0, np.nan])
    assert value[1:5] == pytest.approx([0.1, 0.2, 0.4, 0.5])
    assert np.isnan(value[[0, 5, 6]]).all()
    assert reasons == [CHEAPER, "", "", "", "", DEARER, UNKNOWN]


def test_one_budget_of_a_vote_does_not_stand_for_any_cost():
    cost = np.full((4, 2), [8000.0, 99_000.0])
    found = at_cost([Part(cost, cost[:, :1], CURVE[:, :1])])
    assert found.reasons.tolist() == ["", DEARER]
    assert at_cost([Part(cost, cost[:, :1], CURVE[:, :1])], constant=True).reasons.tolist() == [
        "",
        "",
    ]


def test_unknown_costs_of_the_baseline_are_no_costs():
    unknown = CURVE_COST.copy()
    unknown[:, 1] = np.nan
    assert at_cost([Part(CURVE_COST[:, :1], unknown, CURVE)]).reasons.tolist() == [UNKNOWN]


def test_datasets_weigh_equally_in_cost_and_in_worth():
    rng = np.random.default_rng(0)
    parts = []
    for n in (6, 30):
        cost = np.sort(rng.uniform(1, 9, size=(n, 3)), axis=1)
        parts.append(Part(cost[:, [1]] * 1.1, cost, rng.random((n, 3))))
    found = at_cost(parts)
    x, y = (
        np.mean([getattr(p, k).mean(axis=0) for p in parts], axis=0)
        for k in ("curve_cost", "curve")
    )
    wanted = np.mean([p.cost.mean() for p in parts])
    mean = np.mean([v.mean() for v in found.values])
    assert mean == pytest.approx(np.interp(wanted, x, y))


def test_the_spread_of_a_matched_difference_holds_the_noise_of_mean_costs():
    rng = np.random.default_rng(5)

    def study(n=60):
        hard = rng.normal(size=n)
        curve_cost = np.exp(0.5 * hard)[:, None] * [100, 200] * rng.lognormal(0, 0.4, (n, 2))
        curve = np.column_stack([np.clip(0.3 - 0.1 * hard, 0, 1), np.clip(0.8 - 0.1 * hard, 0, 1)])
        cost = 150 * np.exp(0.5 * hard) * rng.lognormal(0, 0.4, n)
        own = np.clip(0.55 - 0.1 * hard + rng.normal(0, 0.05, n), 0, 1)
        found = at_cost([Part(cost[:, None], curve_cost, curve)])
        return Paired.of([own[:, None] - found.values[0]], bounded=False)

    studies = [study() for _ in range(400)]
    spread = np.std([s.value[0] for s in studies])
    assert np.mean([s.se[0] for s in studies]) == pytest.approx(spread, rel=0.12)


@pytest.mark.parametrize("seed", range(20))
def test_the_mix_solves_its_linear_programme(seed):
    rng = np.random.default_rng(seed)
    groups, options = 3, 6
    gains, costs = rng.random((groups, options)), rng.uniform(1, 9, (groups, options))
    weight = rng.dirichlet(np.ones(groups))
    target = float(weight @ costs.min(axis=1) + rng.uniform(0, 4))
    mix = cheapest_mix(gains, costs, weight, target)
    assert mix.sum(axis=1) == pytest.approx(1) and (mix >= -1e-12).all()
    assert weight @ (mix * costs).sum(axis=1) <= target + 1e-9
    best = linprog(
        -(weight[:, None] * gains).ravel(),
        A_ub=[(weight[:, None] * costs).ravel()],
        b_ub=[target],
        A_eq=np.kron(np.eye(groups), np.ones(options)),
        b_eq=np.ones(groups),
        bounds=(0, 1),
    )
    assert (weight[:, None] * gains * mix).sum() == pytest.approx(-best.fun)
