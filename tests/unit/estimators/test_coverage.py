"""Coverage, worst-of-k and G-Pass@k against enumeration and known values."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from itc.estimators._checks import DrawsError
from itc.estimators.coverage import all_right, at_least, coverage


@given(st.integers(1, 9), st.data())
def test_equal_to_enumeration(n, data):
    c = data.draw(st.integers(0, n))
    k = data.draw(st.integers(1, n))
    m = data.draw(st.integers(0, k))
    hits = [sum(i < c for i in s) for s in combinations(range(n), k)]
    counts = np.array([c])
    assert coverage(counts, n, [k])[0, 0] == pytest.approx(np.mean([h >= 1 for h in hits]))
    assert all_right(counts, n, [k])[0, 0] == pytest.approx(np.mean([h == k for h in hits]))
    assert at_least(counts, n, [k], [m])[0, 0] == pytest.approx(np.mean([h >= m for h in hits]))


def test_published_form_of_pass_at_k():
    # 1 - prod(1 - k / i), the stable form of arXiv 2107.03374
    for n, c, k in [(200, 3, 100), (256, 128, 2), (10, 10, 3), (100, 0, 7)]:
        want = 1.0 if n - c < k else 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1))
        assert coverage(np.array([c]), n, [k])[0, 0] == pytest.approx(want, abs=1e-12)


@given(st.lists(st.integers(0, 64), min_size=1, max_size=5))
def test_coverage_never_falls_and_worst_of_k_never_rises_with_k(counts):
    budgets = list(range(1, 65))
    assert (np.diff(coverage(np.array(counts), 64, budgets), axis=1) >= -1e-12).all()
    assert (np.diff(all_right(np.array(counts), 64, budgets), axis=1) <= 1e-12).all()


def test_refuses_impossible_counts():
    with pytest.raises(DrawsError, match=r"outside 0\.\.4"):
        coverage(np.array([5]), 4, [1])
    with pytest.raises(DrawsError, match=r"outside 0\.\.4"):
        coverage(np.array([-1]), 4, [1])
    with pytest.raises(DrawsError, match="expected whole numbers"):
        coverage(np.array([0.5]), 4, [1])
