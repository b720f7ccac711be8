"""Fits equal statsmodels, and failures give reasons and no numbers."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from itc.regression import checks
from itc.regression.conditional import fit_within
from itc.regression.design import collinear, intercepts, make_design
from itc.regression.fit import COLUMNS
from itc.regression.linear import fit_linear_within
from itc.regression.methods import METHODS, run
from itc.regression.mixed import log_likelihood
from itc.regression.pooled import fit_pooled
from scipy import stats
from statsmodels.discrete.conditional_models import ConditionalLogit

from .simulate import simulate

F = ("f_0", "f_1")
NUMBERS = {"coefficient", "se", "low", "high", "p", "odds_ratio", "marginal_effect"}


def test_conditional_logit_equals_statsmodels():
    for seed in range(5):
        frame = simulate(seed, n_problems=30, effects=(-0.8, 0.4), confounding=0.5)
        frame = frame.drop(frame.index[::7])  # unequal numbers of draws
        design = make_design(frame, F)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that it drops groups with one outcome
            model = ConditionalLogit(design.y, design.x, groups=design.problem)
        theirs = model.fit(disp=0)
        ours = fit_within(design).coefficient
        np.testing.assert_allclose(ours, theirs.params, atol=2e-3)  # their optimiser stops early
        np.testing.assert_allclose(model.score(ours), 0, atol=1e-6)
        assert model.loglike(ours) >= theirs.llf - 1e-9


def test_conditional_logit_is_exact_for_many_draws():
    frame = simulate(3, n_problems=40, n_draws=300, effects=(-0.8, 0.4), spread=1.0)
    fit = fit_within(make_design(frame, F))
    scale = frame[list(F)].std(ddof=0).to_numpy()
    np.testing.assert_allclose(fit.coefficient / scale, (-0.8, 0.4), atol=0.1)


def test_pooled_equals_statsmodels_with_clustered_errors():
    frame = simulate(2)
    design = make_design(frame, F)
    result = sm.Logit(design.y, sm.add_constant(design.x)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": design.problem}
    )
    fit = fit_pooled(design)
    np.testing.assert_allclose(fit.coefficient, result.params[1:], atol=1e-6)
    np.testing.assert_allclose(fit.se, result.bse[1:], atol=1e-6)
    effects = result.get_margeff(at="overall", method="dydx")
    np.testing.assert_allclose(fit.marginal, effects.margeff, rtol=1e-5)
    np.testing.assert_allclose(fit.marginal_se, effects.margeff_se, rtol=1e-5)


def test_pooled_over_datasets_gives_each_its_intercept():
    easy = simulate(1, effects=(0.0, 0.0))
    hard = simulate(2, effects=(0.0, 0.0)).assign(dataset="e", right=0.0)
    hard.loc[hard.index[::10], "right"] = 1.0
    hard["problem"] += 1000
    hard["f_0"] += 5  # differs between datasets only
    fit = fit_pooled(make_design(pd.concat([easy, hard]), ["f_0"]))
    assert abs(fit.coefficient[0] / fit.se[0]) < 3


def test_a_dataset_with_one_outcome_does_not_stop_the_pooled_fit():
    frame = simulate(1)
    solved = simulate(2).assign(dataset="e", right=1.0, problem=lambda d: d["problem"] + 1000)
    both = fit_pooled(make_design(pd.concat([frame, solved]), F))
    assert both.n_problems == 60 and np.isfinite(both.se).all()


def test_mixed_likelihood_is_the_integral_and_its_gradient_fits():
    frame = simulate(3, n_problems=12)
    design = make_design(frame, F)
    x = np.column_stack([design.x, np.ones(len(design.y))])
    theta = np.array([-0.5, 0.1, 0.2, 0.4])
    assert (np.diff(design.problem) >= 0).all()
    held = (x, design.y, np.arange(0, len(x) + 1, len(x) // 12), np.zeros(12))
    value, scores = log_likelihood(theta, *held)
    grid = np.linspace(-15, 15, 4001)
    density = stats.norm.pdf(grid, scale=np.exp(0.4))
    eta = (x @ theta[:3])[:, None] + grid
    each = np.where(design.y[:, None] > 0, 1 / (1 + np.exp(-eta)), 1 / (1 + np.exp(eta)))
    parts = [
        np.log((each[design.problem == p].prod(0) * density).sum() * 0.0075) for p in range(12)
    ]
    assert value == pytest.approx(sum(parts), abs=1e-4)
    for i in range(4):
        step = np.eye(4)[i] * 1e-4
        ends = [log_likelihood(theta + s * step, *held)[0] for s in (1, -1)]
        assert scores.sum(0)[i] == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=1e-3)


def test_linear_within_equals_least_squares_with_problem_dummies():
    frame = simulate(4, n_problems=20)
    design = make_design(frame, F)
    keep = design.informative()[design.problem]
    dummies = intercepts(design.problem[keep])
    beta = np.linalg.lstsq(np.column_stack([design.x[keep], dummies]), design.y[keep], rcond=None)
    np.testing.assert_allclose(fit_linear_within(design).coefficient, beta[0][:2], atol=1e-9)


def test_draw_intercepts_take_out_an_effect_of_the_draw_index():
    frame = simulate(5, n_problems=150, effects=(0.0, 0.0))
    odd = frame["draw"] % 2 == 1
    frame["f_0"] += 3 * odd
    rng = np.random.default_rng(0)
    frame["right"] = np.where(odd & (rng.random(len(frame)) < 0.7), 0.0, frame["right"])
    design = make_design(frame, F)
    without, with_draws = (METHODS[f"linear_within{s}"](design) for s in ("", "_draws"))
    assert without.coefficient[0] / without.se[0] < -5
    assert abs(with_draws.coefficient[0] / with_draws.se[0]) < 3


def fails(frame, features=F, methods=METHODS):
    """Reasons of every method, after checking that none gave a number."""
    reasons = {}
    for method in methods:
        records = run(method, make_design(frame, features), features)
        assert {r["term"] for r in records} == set(features)
        for record in records:
            assert record["status"] in ("failed", "dropped") and not NUMBERS & set(record)
            assert set(record) <= {"term", "component", *COLUMNS}
            reasons[method, record["term"]] = record["reason"]
    return reasons


def test_outcome_without_variation_fails():
    reasons = fails(simulate(0).assign(right=1.0))
    assert all("all 480 responses are correct" in r for r in reasons.values())


def test_too_few_problems_fail():
    reasons = fails(simulate(0, n_problems=5))
    assert all("too few problems" in r for r in reasons.values())


def test_no_features_fail_and_say_why_each_is_gone():
    reasons = fails(simulate(0).assign(f_0=1.0, f_1=np.nan))
    assert reasons["pooled", "f_0"].startswith("constant")
    assert reasons["pooled", "f_1"].startswith("absent")


def test_separation_fails_pooled_and_within():
    frame = simulate(0)
    frame["f_0"] = frame["right"] * 2 - 1 + np.random.default_rng(0).random(len(frame)) * 0.5
    assert "separation" in fails(frame, methods=["pooled"])["pooled", "f_0"]
    frame["f_0"] += 10 * frame["problem"]  # separated within questions only
    assert "separation" in fails(frame, methods=["within"])["within", "f_0"]
    assert METHODS["pooled"](make_design(frame, F)).coefficient.shape == (2,)


def test_quasi_separation_by_a_rare_indicator_fails():
    frame = simulate(0)
    rare = frame.index[frame["right"] == 1][:3]
    frame["f_1"] = 0.0
    frame.loc[rare, "f_1"] = 1.0
    assert "separation" in fails(frame, methods=["pooled"])["pooled", "f_1"]


@pytest.mark.parametrize("decide", [checks.separated, checks._separated_by_programme])
def test_separated_as_a_whole_and_within_groups(decide):
    y = np.array([0.0, 0, 1, 1])
    one = np.zeros(4, dtype=int)
    assert decide(y, np.array([[0.0], [1], [2], [3]]), one)
    assert decide(y, np.array([[0.0], [2], [2], [3]]), one)  # quasi-complete
    assert not decide(y, np.array([[0.0], [3], [2], [3]]), one)
    # an intercept per pair: apart within each pair, though not over all
    pairs = np.array([0, 1, 0, 1])
    assert decide(y, np.array([[0.0], [5], [1], [6]]), pairs)
    assert not decide(y, np.array([[0.0], [5], [1], [6]]), one)
    assert not decide(y, np.array([[0.0], [6], [1], [5]]), pairs)


def test_a_certificate_of_overlap_agrees_with_the_linear_programme():
    rng = np.random.default_rng(0)
    certified = parted = 0
    for trial in range(200):
        n, p, groups = int(rng.integers(8, 60)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
        group = np.repeat(np.arange(groups), n)
        x = rng.normal(size=(len(group), p)).round(int(rng.integers(0, 3)))
        y = (x[:, 0] * (trial % 5) + rng.logistic(size=len(group)) > 0).astype(float)
        y[np.unique(group, return_index=True)[1]] = 0.0
        y[np.unique(group, return_index=True)[1] + 1] = 1.0
        truth = checks._separated_by_programme(y, x, group)
        found = checks.overlap_certified(y, x, group)
        assert not (found and truth)
        certified, parted = certified + found, parted + truth
    # nearly every overlap is proven without the programme, which takes a hundred times as long
    assert parted >= 10 and certified > 0.9 * (200 - parted)


@pytest.mark.parametrize("unequal", [False, True])
def test_draws_swept_out_are_as_draws_with_an_intercept_each(unequal):
    frame = simulate(4, n_problems=30)
    if unequal:
        frame = frame.drop(frame.index[::7])
    design = make_design(frame, F)
    keep = design.informative()[design.problem]
    groups = np.unique(design.problem[keep], return_inverse=True)[1]
    dummies = np.column_stack(
        [np.eye(groups.max() + 1)[groups], np.eye(design.draw.max() + 1)[design.draw[keep]][:, 1:]]
    )
    whole = sm.OLS(design.y[keep], np.column_stack([design.x[keep], dummies])).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True}
    )
    fit = METHODS["linear_within_draws"](design)
    np.testing.assert_allclose(fit.coefficient, whole.params[:2], atol=1e-10)
    # intercepts of problems are nested in the clusters and do not count as parameters
    n, k = int(keep.sum()), 2 + design.draw.max()
    factor = np.sqrt((n - whole.df_model - 1) / (n - k))
    np.testing.assert_allclose(fit.se, whole.bse[:2] * factor, rtol=1e-8)


def test_dropped_terms_leave_the_others_their_numbers():
    frame = simulate(0).assign(f_2=1.0)
    frame["f_3"] = 2 * frame["f_0"] + frame["f_1"]
    features = ("f_0", "f_1", "f_2", "f_3")
    for method in METHODS:
        records = run(method, make_design(frame, features), features)
        status = {r["term"]: r["status"] for r in records}
        assert status == {"f_0": "ok", "f_1": "ok", "f_2": "dropped", "f_3": "dropped"}, method


def test_feature_constant_within_questions_is_dropped_within_only():
    frame = simulate(0)
    frame["f_1"] = frame["problem"] % 7
    for method, status in (("pooled", "ok"), ("within", "dropped"), ("mundlak", "dropped")):
        records = run(method, make_design(frame, F), F)
        assert {r["status"] for r in records if r["term"] == "f_1"} == {status}


def test_rows_with_missing_features_are_left_out_and_counted():
    frame = simulate(0)
    frame.loc[frame.index[:5], "f_0"] = np.nan
    design = make_design(frame, F)
    assert design.n_missing == 5 and len(design.y) == len(frame) - 5
    assert run("pooled", design, F)[0]["n_missing"] == 5


def test_collinear_names_the_later_column():
    x = np.random.default_rng(0).normal(size=(20, 2))
    found = collinear(np.column_stack([x, x.sum(1)]), ["a", "b", "c"])
    assert list(found) == ["c"]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_units_of_a_feature_do_not_matter(scale):
    frame = simulate(6)
    base = fit_within(make_design(frame, F)).coefficient
    other = fit_within(make_design(frame.assign(f_0=frame["f_0"] * scale), F)).coefficient
    np.testing.assert_allclose(other, base, rtol=1e-6)
