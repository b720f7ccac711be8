"""Picks by a score, order statistics and early halts against enumeration."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itc.estimators import order
from itc.estimators._checks import DrawsError

draws = st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.booleans()), min_size=1, max_size=8)


def over_subsets(n, function):
    return [
        np.mean([function(list(subset)) for subset in combinations(range(n), k)], axis=0)
        for k in range(1, n + 1)
    ]


@settings(max_examples=80, deadline=None)
@given(draws)
def test_pick_by_score_shares_ties_and_prefers_valid_draws(rows):
    score, right, valid = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)

    def pick(subset):
        chosen = [i for i in subset if valid[i]] or subset
        if any(valid[i] for i in subset):
            best = max(score[i] for i in chosen)
            chosen = [i for i in chosen if score[i] == best]
        return np.mean([right[i] for i in chosen])

    got = order.expected_pick(
        score[None].astype(float), right[None], list(range(1, n + 1)), valid[None]
    )
    assert got[0] == pytest.approx(over_subsets(n, pick), abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(draws, st.integers(1, 4))
def test_tokens_of_halted_chains(rows, m):
    tokens, finishes, _ = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)

    def halt(subset):
        ends = sorted(tokens[i] for i in subset if finishes[i])
        stop = ends[m - 1] if len(ends) >= m else max(tokens[i] for i in subset)
        return [sum(min(tokens[i], stop) for i in subset), stop]

    spent, path = order.expected_halt_tokens(
        tokens[None].astype(float), finishes[None], list(range(1, n + 1)), m
    )
    want = np.array(over_subsets(n, halt))
    assert spent[0] == pytest.approx(want[:, 0])
    assert path[0] == pytest.approx(want[:, 1])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=8), st.integers(1, 3))
def test_order_statistics(values, m):
    n = len(values)
    array = np.array([values], dtype=float)
    budgets = list(range(m, n + 1))
    if budgets:
        smallest = over_subsets(n, lambda s: sorted(values[i] for i in s)[min(m, len(s)) - 1])
        got = order.expected_order_statistic(array, budgets, m)[0]
        assert got == pytest.approx(smallest[m - 1 :])
    largest = over_subsets(n, lambda s: max(values[i] for i in s))
    assert order.expected_maximum(array, list(range(1, n + 1)))[0] == pytest.approx(largest)


def test_weights_are_a_distribution_and_reach_256_draws():
    weights = order.order_weights(256, [1, 2, 128, 256], m=1)
    assert weights.sum(axis=1) == pytest.approx(1.0)
    assert weights[3, 0] == 1.0
    assert order.order_weights(4, [2], m=3).sum() == 0.0


def test_missing_and_uneven_draws_are_refused():
    with pytest.raises(DrawsError, match="1 missing values, first at problem 0, draw 1"):
        order.expected_maximum(np.array([[1.0, np.nan]]), [1])
    with pytest.raises(DrawsError, match="uneven"):
        order.expected_maximum([[1.0, 2.0], [1.0]], [1])
    with pytest.raises(DrawsError, match=r"outside 1\.\.2"):
        order.expected_maximum(np.ones((1, 2)), [3])
    with pytest.raises(DrawsError, match=r"shape \(2,\), expected \[problems, draws\]"):
        order.expected_maximum(np.ones(2), [1])


def test_an_order_below_one_is_refused():
    with pytest.raises(DrawsError, match="m: 0, allowed 1 or more"):
        order.order_weights(4, [2], m=0)
    with pytest.raises(DrawsError, match="m: 0, allowed 1 or more"):
        order.expected_halt_tokens(np.ones((1, 2)), np.ones((1, 2)), [1], 0)
