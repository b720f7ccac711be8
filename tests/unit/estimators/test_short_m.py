"""The vote of the m shortest chains against enumeration."""

from collections import Counter
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itc.estimators._checks import DrawsError
from itc.estimators.majority import majority
from itc.estimators.short_m import short_m_vote


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(-1, 3), min_size=1, max_size=6), st.integers(1, 3), st.data())
def test_equals_enumeration(codes, m, data):
    n = len(codes)
    lengths = data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    credit = data.draw(st.lists(st.integers(0, 1), min_size=4, max_size=4))
    assert_agrees(codes, lengths, credit, m)


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize(
    "lengths", [[1, 1, 2, 2, 3, 3], [1, 1, 1, 2, 2, 2], [1, 2, 2, 2, 2, 3], [1, 2, 3, 4, 5, 6]]
)
@pytest.mark.parametrize("codes", [[0, 0, 0, 1, 1, 2], [0, 1, 0, 0, 1, 1], [1, 1, 0, 0, 2, 0]])
def test_groups_of_one_length_and_one_answer(codes, lengths, m):
    assert_agrees(codes, lengths, [1, 0, 0, 0], m)
    assert_agrees(codes, lengths, [0, 1, 1, 0], m)


def assert_agrees(codes, lengths, credit, m):
    """The exact form and the mean over all subsets and all orders of equally long chains."""
    n, credit = len(codes), np.array(credit, dtype=float)

    def vote(subset):
        """Mean over all orders in which equally long chains may finish."""
        ended = [i for i in subset if codes[i] >= 0]
        times = sorted({lengths[i] for i in ended})
        groups = [permutations([i for i in ended if lengths[i] == t]) for t in times]
        return np.mean([first([i for g in order for i in g][:m]) for order in product(*groups)])

    def first(ended):
        counts = Counter(codes[i] for i in ended)
        if not counts:
            return 0.0
        best = max(counts.values())
        return credit[next(codes[i] for i in ended if counts[codes[i]] == best)]

    budgets = list(range(1, n + 1))
    want = [np.mean([vote(s) for s in combinations(range(n), k)]) for k in budgets]
    got = short_m_vote(np.array([codes]), np.array([lengths]), credit[None], budgets, m)[0]
    assert got == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_chains_of_one_length_are_draws_in_random_order(m):
    """m = 1 and 2: any single one, m = 3: the exact majority of three."""
    codes = np.array([[0, 0, 0, 1, 1, 2, 2, 3, 3]])
    credit = np.array([[1.0, 0.0, 0.0, 0.0]])
    got = short_m_vote(codes, np.full(codes.shape, 7), credit, [3, 9], m)[0]
    want = majority(codes, credit, [3])[0, 0] if m == 3 else 1 / 3
    assert got == pytest.approx([want, want])


def test_refuses_an_m_without_closed_form():
    with pytest.raises(DrawsError, match=r"m: 4, allowed 1\.\.3"):
        short_m_vote(np.zeros((1, 5), dtype=int), np.ones((1, 5)), np.ones((1, 1)), [5], 4)
