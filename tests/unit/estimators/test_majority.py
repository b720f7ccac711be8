"""Exact expected majority votes against enumeration, rational arithmetic and identities."""

import time
from collections import Counter
from fractions import Fraction
from itertools import combinations
from math import comb

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itc.estimators._checks import DrawsError
from itc.estimators.majority import TIES, both_majorities, majority, win_probability


def enumerate_vote(codes, credit, k, ties):
    total = Fraction(0)
    for subset in combinations(range(len(codes)), k):
        votes = Counter(codes[i] for i in subset if codes[i] >= 0)
        if votes:
            top = max(votes.values())
            winners = [c for c in votes if votes[c] == top]
            if ties == "even":
                total += Fraction(sum(credit[c] for c in winners), len(winners))
            else:
                total += credit[next(codes[i] for i in subset if codes[i] in winners)]
    return total / comb(len(codes), k)


def rational_win(votes, others, blank, k):
    """The same generating function in exact fractions, ties as a polynomial in u."""
    n = votes + sum(others) + blank
    total = Fraction(0)
    for t in range(1, min(votes, k) + 1):
        ways = {(0, 0): 1}  # (ties, draws) -> number of ways
        for count in others:
            grown = Counter()
            for (ties, used), number in ways.items():
                for s in range(min(t, count) + 1):
                    grown[ties + (s == t), used + s] += number * comb(count, s)
            ways = grown
        for (ties, used), number in ways.items():
            left = k - t - used
            if 0 <= left <= blank:
                total += Fraction(comb(votes, t) * number * comb(blank, left), ties + 1)
    return total / comb(n, k)


pools = st.lists(st.integers(-1, 3), min_size=1, max_size=9)
credits = st.lists(st.integers(0, 1), min_size=4, max_size=4)


@settings(max_examples=150, deadline=None)
@given(pools, credits, st.sampled_from(TIES))
def test_equals_enumeration_of_all_subsets(codes, credit, ties):
    budgets = list(range(1, len(codes) + 1))
    got = majority(np.array([codes]), np.array([credit]), budgets, ties)[0]
    want = [float(enumerate_vote(codes, credit, k, ties)) for k in budgets]
    assert got == pytest.approx(want, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.lists(st.integers(1, 9), max_size=6), st.integers(0, 5), st.data())
def test_equals_exact_fractions(votes, others, blank, data):
    k = data.draw(st.integers(1, votes + sum(others) + blank))
    got = win_probability(votes, others, blank, [k])[0]
    assert got == pytest.approx(float(rational_win(votes, others, blank, k)), rel=1e-12, abs=1e-15)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=6).filter(sum), st.integers(0, 10))
def test_win_probabilities_of_all_classes_sum_to_one_unless_all_are_blank(counts, blank):
    n = sum(counts) + blank
    budgets = list(range(1, n + 1))
    total = sum(
        win_probability(c, counts[:i] + counts[i + 1 :], blank, budgets)
        for i, c in enumerate(counts)
    )
    all_blank = [comb(blank, k) / comb(n, k) for k in budgets]
    assert total == pytest.approx(1 - np.array(all_blank), abs=1e-12)


def test_one_and_two_votes_are_mean_accuracy_and_n_votes_the_full_vote():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 5, size=(40, 64))
    credit = np.eye(5)[rng.integers(0, 5, size=40)]
    result = majority(codes, credit, [1, 2, 64])
    mean = np.take_along_axis(credit, codes, 1).mean(1)
    assert result[:, 0] == pytest.approx(mean)
    assert result[:, 1] == pytest.approx(mean)
    counts = np.array([np.bincount(row, minlength=5) for row in codes])
    top = counts == counts.max(1, keepdims=True)
    assert result[:, 2] == pytest.approx((credit * top).sum(1) / top.sum(1))


@pytest.mark.parametrize("n", [256, 512, 1000])
def test_large_pools_stay_finite_and_agree_with_symmetry(n):
    half = n // 2
    result = win_probability(half, [n - half], 0, [1, 2, n // 3, n - 1, n])
    assert result == pytest.approx(0.5, abs=1e-9)
    many = win_probability(4, [4] * (n // 4 - 1), n % 4, [n // 8])
    if n % 4 == 0:
        assert many == pytest.approx([4 / n], rel=1e-9)


def test_no_answer_never_wins():
    codes = np.array([[-1, -1, -1, 0]])
    assert majority(codes, np.array([[1.0]]), [1, 4])[0] == pytest.approx([0.25, 1.0])
    assert majority(np.full((1, 3), -1), np.zeros((1, 1)), [1, 3])[0] == pytest.approx([0, 0])


def test_several_right_classes_each_win_their_own_votes():
    codes = np.array([[0, 0, 1, 1, 2]])
    both = majority(codes, np.array([[1.0, 1.0, 0.0]]), [5])
    one = majority(codes, np.array([[1.0, 0.0, 0.0]]), [5])
    assert both[0, 0] == 1.0
    assert one[0, 0] == 0.5


def test_first_seen_differs_from_even_only_by_the_tie():
    codes = np.array([[0, 1, 1, 0]])
    credit = np.array([[1.0, 0.0]])
    assert majority(codes, credit, [4], "first")[0, 0] == 1.0
    assert majority(codes, credit, [4], "even")[0, 0] == 0.5


@pytest.mark.parametrize(
    ("codes", "budgets", "message"),
    [
        ([[0, 0, 1]], [4], "outside 1..3"),
        ([[0, 0, 1]], [0], "outside 1..3"),
        ([[0, 0, 7]], [1], "outside -1..1"),
        ([[0, 0, 1]], [], "not a non-empty list"),
    ],
)
def test_refuses_what_it_must_not_average(codes, budgets, message):
    with pytest.raises(DrawsError, match=message):
        majority(np.array(codes), np.array([[1.0, 0.0]]), budgets)


def test_refuses_counts_and_shapes_without_meaning():
    for votes, others, blank in ((-1, [1], 1), (1, [2, -1], 1), (1, [1], -1)):
        with pytest.raises(DrawsError, match="must not be negative"):
            win_probability(votes, others, blank, [1])
    one = np.array([[1.0, 0.0]])
    with pytest.raises(DrawsError, match=r"codes \(2,\) and credit \(1, 2\)"):
        majority(np.array([0, 1]), one, [1])
    with pytest.raises(DrawsError, match="separate calls"):
        majority(np.array([[0, 1]]), np.vstack([one, one]), [1])
    with pytest.raises(DrawsError, match="ties: 'random', allowed even, first"):
        majority(np.array([[0, 1]]), one, [1], "random")
    with pytest.raises(DrawsError, match=r"values outside -1\.\.1"):
        majority(np.array([[0, -2]]), one, [1])


def test_both_ends_are_the_votes_under_both_credits():
    codes = np.array([[0, 0, 1, 1, 2]])
    low, high = np.array([[1.0, 0, 0]]), np.array([[1.0, 1.0, 0]])
    got = both_majorities(codes, low, high, [1, 5])
    assert got[0] == pytest.approx(majority(codes, low, [1, 5]))
    assert got[1] == pytest.approx(majority(codes, high, [1, 5]))
    same = both_majorities(codes, low, low.copy(), [1, 5])
    assert same[0] is same[1]


def test_refuses_more_draws_than_a_double_can_count():
    with pytest.raises(DrawsError, match="allowed at most 1000"):
        majority(np.zeros((1, 1001), dtype=int), np.ones((1, 1)), [1])


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="NUMBA_DISABLE_JIT: nothing is compiled")
def test_cpu_time_grows_no_faster_than_it_did():
    """125 problems x 256 draws x 9 budgets: the benchmark allows 0.075 s, this 20 times that."""
    rng = np.random.default_rng(0)
    zipf = 1 / np.arange(1, 40) ** 1.2
    wrong = 1 + rng.choice(39, size=(125, 256), p=zipf / zipf.sum())
    codes = np.where(rng.random((125, 256)) < rng.random((125, 1)), 0, wrong)
    credit, budgets = np.eye(40)[np.zeros(125, int)], [1, 2, 4, 8, 16, 32, 64, 128, 256]
    majority(codes[:1], credit[:1], budgets)  # compile
    start = time.process_time()
    result = majority(codes, credit, budgets)
    spent = time.process_time() - start
    assert result[:, 0] == pytest.approx((codes == 0).mean(axis=1))
    assert spent < 1.5
