"""Strategies that replay sampled responses, against enumeration of all subsets of a small pool."""

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from itc import registry, tables
from itc.strategies._base import evaluate_strategy, evaluate_with_reasons
from itc.strategies.reliability_vote import log_odds, reliabilities

BUDGETS = [1, 2, 3, 6]


@pytest.fixture
def small(make):
    return make(problems=5, draws=6, models=("m",), seed=5)


def enumerate_subsets(outcomes, vote):
    """Mean over problems of the mean of vote(rows of a subset), for each budget."""
    result = []
    for k in BUDGETS:
        values = [
            np.mean([vote([rows[i] for i in s]) for s in combinations(range(len(rows)), k)])
            for rows in (group.to_dict("records") for _, group in outcomes.groupby("problem_id"))
        ]
        result.append(np.mean(values))
    return result


def best_by(key):
    def vote(rows):
        pool = [r for r in rows if r["answer_class"] >= 0] or rows
        if pool[0]["answer_class"] < 0:
            return 0.0
        best = max(key(r) for r in pool)
        return np.mean([r["verdict"] == "right" for r in pool if key(r) == best])

    return vote


def share_at_least(tau):
    return lambda rows: sum(r["verdict"] == "right" for r in rows) >= tau * len(rows) - 1e-9


def abstain(rows):
    counts = Counter(r["answer_class"] for r in rows if r["answer_class"] >= 0)
    for code, count in counts.items():
        if count > len(rows) / 2:
            return code == 0
    return 0.0


EXPECTED = {
    "shortest": best_by(lambda r: -r["n_output_tokens"]),
    "longest": best_by(lambda r: r["n_output_tokens"]),
    "best_likelihood": best_by(lambda r: r["cumulative_logprob"] / r["n_output_tokens"]),
    "best_confidence": best_by(lambda r: r["confidence_mean"]),
    "worst_of_n": share_at_least(1.0),
    "g_pass": share_at_least(0.5),
    "abstaining": abstain,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_exact_strategies_equal_enumeration(small, name):
    frame = evaluate_strategy(name, small, BUDGETS)
    got = frame.groupby("budget")["correct"].mean()
    assert got.tolist() == pytest.approx(enumerate_subsets(small, EXPECTED[name]))
    assert registry.constants("strategies", name)["EXACT"]
    assert (frame["monte_carlo_se"] == 0).all()


REPLAYED = [
    n
    for n in registry.names("strategies")
    if registry.constants("strategies", n)["PROCEDURE"] == "sample"
    and not n.startswith(("marker", "regression"))  # these read features, tested beside them
]


@pytest.mark.parametrize("name", REPLAYED)
def test_every_replayed_strategy_gives_a_valid_deterministic_table(outcomes, name):
    frame = evaluate_strategy(name, outcomes, BUDGETS, seed=3)
    assert len(frame) > 0
    assert frame["correct"].between(0, 1).all()
    again = evaluate_strategy(name, outcomes.sample(frac=1, random_state=0), BUDGETS, seed=3)
    table = tables.to_arrow(frame, "evaluations")
    assert table.equals(tables.to_arrow(again, "evaluations"))
    assert frame["cost_output_tokens"].gt(0).all()
    assert (frame["cost_sequential_tokens"] <= frame["cost_output_tokens"] * (1 + 1e-9)).all()
    about = registry.constants("strategies", name)
    assert set(about) >= {"TITLE", "DESCRIPTION", "CITATION", "NEEDS", "EXACT", "UPPER_BOUND"}


@pytest.mark.parametrize("name", REPLAYED)
def test_every_cost_that_the_responses_allow_is_there(outcomes, name):
    frame = evaluate_strategy(
        name, outcomes.assign(f_bytes=2.0 * outcomes["n_output_tokens"]), BUDGETS
    )
    tokens, squares = frame["cost_output_tokens"], frame.get("cost_squared_tokens")
    for column in ("cost_total_tokens", "cost_sequential_tokens", "cost_calls"):
        assert (frame[column] > 0).all()
    if registry.constants("strategies", name).get("SCOPE") != "dataset":  # priced by one model
        assert (squares >= tokens**2 / frame["cost_calls"] * (1 - 1e-9)).all()
    if name not in ("shortest", "short_m"):  # where in its text a chain was halted is not known
        assert frame["cost_bytes"].to_numpy() == pytest.approx(2 * tokens.to_numpy())


def test_monte_carlo_is_below_a_tenth_of_a_point_by_default(outcomes):
    for name in ("borda", "deepconf_tail", "shortest_majority", "length_filtered"):
        frame = evaluate_strategy(name, outcomes, BUDGETS)
        error = frame.groupby(["model", "budget"])["monte_carlo_se"].apply(
            lambda s: np.sqrt((s**2).sum()) / len(s)
        )
        assert error.max() <= 0.001
        assert error.max() > 0


def test_borda_with_power_zero_is_the_plain_vote(outcomes):
    plain = evaluate_strategy("majority", outcomes, BUDGETS)["correct"]
    borda = evaluate_strategy("borda", outcomes, BUDGETS, {"p": 0.0})["correct"]
    assert borda.to_numpy() == pytest.approx(plain.to_numpy())


def test_stopping_saves_draws_and_never_exceeds_the_budget(outcomes):
    names = ("adaptive_beta", "adaptive_dirichlet", "early_stopping", "deepconf_online")
    for name in names:
        options = {"warmup": 3} if name == "deepconf_online" else {}
        frame = evaluate_strategy(name, outcomes, BUDGETS, options)
        assert (frame["cost_calls"] <= frame["budget"] + 1e-9).all()
        assert frame.loc[frame["budget"] == 6, "cost_calls"].mean() < 6


def test_online_confidence_brackets_what_stopped_draws_cost(outcomes):
    frame = evaluate_strategy("deepconf_online", outcomes, [2, 8], {"warmup": 4, "consensus": 2})
    every = evaluate_strategy("majority", outcomes, [2, 8])
    tokens, least = frame["cost_output_tokens"], frame["metric_least_output_tokens"]
    assert tokens.to_numpy() == pytest.approx(every["cost_output_tokens"].to_numpy(), rel=0.05)
    warm = frame["budget"] == 2  # a budget within the warm-up stops nothing
    assert least[warm].to_numpy() == pytest.approx(tokens[warm].to_numpy())
    assert least[~warm].sum() < 0.9 * tokens[~warm].sum()


def test_short_1_is_the_shortest_also_where_lengths_are_equal(outcomes):
    coarse = outcomes.assign(n_output_tokens=outcomes["n_output_tokens"] // 100)
    one, first = (
        evaluate_strategy("short_m", coarse, BUDGETS, {"m": 1}),
        evaluate_strategy("shortest", coarse, BUDGETS),
    )
    assert one["correct"].to_numpy() == pytest.approx(first["correct"].to_numpy())


def test_short_m_costs_lie_between_one_chain_and_all(outcomes):
    one = evaluate_strategy("shortest", outcomes, BUDGETS)
    three = evaluate_strategy("short_m", outcomes, BUDGETS)
    every = evaluate_strategy("majority", outcomes, BUDGETS)
    for cost in ("cost_output_tokens", "cost_sequential_tokens"):
        assert (one[cost] <= three[cost] + 1e-9).all()
        assert (three[cost] <= every[cost] + 1e-9).all()


def test_missing_log_probabilities_are_a_reason_not_a_number(outcomes):
    frame, reasons = evaluate_with_reasons("borda", outcomes.drop(columns="confidence_mean"), [1])
    assert frame.empty
    assert reasons["reason"].tolist() == ["confidence_mean is missing in 96 of 96 draws"] * 2


def test_mixed_vote_pools_the_draws_of_all_models(make):
    good, poor = make(seed=1, models=("a",)), make(seed=2, models=("b",))
    both = [good, poor]
    frame = evaluate_strategy("mixed_majority", pd.concat(both), [1, 4, 16])
    assert set(frame["model"]) == {"all models"}
    single = np.mean([(f["verdict"] == "right").mean() for f in both])
    assert frame.loc[frame["budget"] == 1, "correct"].mean() == pytest.approx(single)
    assert evaluate_with_reasons("mixed_majority", good, [1])[1]["reason"].tolist() == [
        "needs draws of at least two models"
    ]


def test_reliability_finds_the_better_model_without_labels():

    rng = np.random.default_rng(0)
    truth = rng.integers(0, 5, size=(300, 1))
    model = np.repeat([0, 1, 2], 6)
    rate = np.array([0.9, 0.6, 0.3])[model]
    codes = np.where(rng.random((300, 18)) < rate, truth, rng.integers(0, 5, size=(300, 18)))
    found, _ = reliabilities(codes, model, 50)
    assert found == pytest.approx(0.8 * np.array([0.9, 0.6, 0.3]) + 0.2, abs=0.03)
    weights = log_odds(codes, model, 50)
    assert (weights[:, 0] > weights[:, 6]).all()
    assert (weights[:, 6] > weights[:, 12]).all()
