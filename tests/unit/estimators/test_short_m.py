"""The vote of the m shortest chains against enumeration."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itc.estimators._checks import DrawsError
from itc.estimators.short_m import short_m_vote


@settings(max_examples=120, deadline=None)
@given(st.lists(st.integers(-1, 3), min_size=1, max_size=9), st.integers(1, 3), st.data())
def test_equals_enumeration(codes, m, data):
    n = len(codes)
    lengths = data.draw(st.permutations(range(n)))
    credit = np.array(data.draw(st.lists(st.integers(0, 1), min_size=4, max_size=4)), dtype=float)

    def vote(subset):
        ended = sorted((i for i in subset if codes[i] >= 0), key=lambda i: lengths[i])[:m]
        counts = Counter(codes[i] for i in ended)
        if not counts:
            return 0.0
        best = max(counts.values())
        return credit[next(codes[i] for i in ended if counts[codes[i]] == best)]

    budgets = list(range(1, n + 1))
    want = [np.mean([vote(s) for s in combinations(range(n), k)]) for k in budgets]
    got = short_m_vote(np.array([codes]), np.array([lengths]), credit[None], budgets, m)[0]
    assert got == pytest.approx(want, abs=1e-12)


def test_refuses_an_m_without_closed_form():
    with pytest.raises(DrawsError, match=r"m: 4, allowed 1\.\.3"):
        short_m_vote(np.zeros((1, 5), dtype=int), np.ones((1, 5)), np.ones((1, 1)), [5], 4)
