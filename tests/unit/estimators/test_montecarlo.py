"""Monte Carlo votes against full enumeration, closed forms and the exact majority."""

from functools import cache
from itertools import combinations, permutations

import numba
import numpy as np
import pytest
from itc.estimators import _kernels, montecarlo, stopping, votes
from itc.estimators._checks import DrawsError
from itc.estimators.majority import majority
from scipy import integrate, special

CODES = np.array([[0, 0, 1, 1, 2, -1], [1, 0, 0, 2, 2, 1], [0, 1, 1, 1, 1, 0]])
CREDIT = np.array([[1.0, 0, 0], [0, 1.0, 0], [1.0, 0, 0]])
SCORES = np.array([[5.0, 1, 2, 4, 3, 9], [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]])
LENGTHS = np.array([[40.0, 10, 25, 30, 5, 90], [12, 20, 33, 45, 50, 61], [9, 8, 70, 6, 5, 40]])
SEEDS = montecarlo.problem_seeds(["a", "b", "c"], 0)
BUDGETS = [1, 2, 3, 5, 6]
# Interpreted (NUMBA_DISABLE_JIT=1: coverage, mutants) a replicate costs a hundred times more.
INTERPRETED = bool(numba.config.DISABLE_JIT)
TARGET = 0.01 if INTERPRETED else 0.002
FINE = {"replicates": 4096} if INTERPRETED else {"target_se": TARGET, "max_replicates": 1 << 18}


def winner(p, score):
    if not score:
        return 0.0
    best = max(score.values())
    return np.mean([CREDIT[p, c] for c, s in score.items() if np.isclose(s, best)])


def over_subsets(vote):
    return np.array(
        [
            [np.mean([vote(p, s) for s in combinations(range(6), k)]) for k in BUDGETS]
            for p in range(3)
        ]
    )


def assert_agrees(result, exact):
    assert (np.abs(result.mean - exact) <= 5 * result.se + 1e-12).all()
    assert np.sqrt((result.se**2).sum(0)).max() / 3 <= TARGET
    assert result.se[:, 0] == pytest.approx(0)  # one draw is known exactly
    assert result.mean[:, -1] == pytest.approx(exact[:, -1])  # and so is the whole pool


def test_weighted_vote():
    def vote(p, subset):
        score = {}
        for i in subset:
            if CODES[p, i] >= 0:
                score[CODES[p, i]] = score.get(CODES[p, i], 0) + SCORES[p, i] - 3
        return winner(p, score)

    result = votes.weighted_vote(CODES, SCORES - 3, CREDIT, CREDIT, BUDGETS, SEEDS, **FINE)
    assert_agrees(result, over_subsets(vote))


@pytest.mark.parametrize(("share", "power"), [(1.0, 0.5), (0.5, 0.0), (0.4, 1.2)])
def test_ranked_and_filtered_vote(share, power):
    def vote(p, subset):
        # not SCORES, whose reverse gives the same votes
        ranked = sorted((i for i in subset if CODES[p, i] >= 0), key=lambda i: -LENGTHS[p, i])
        score = {}
        for rank, i in enumerate(ranked[: int(np.ceil(share * len(ranked)))]):
            gain = (len(ranked) - rank) ** power
            score[CODES[p, i]] = score.get(CODES[p, i], 0) + gain
        return winner(p, score)

    result = votes.ranked_vote(
        CODES, LENGTHS, CREDIT, CREDIT, BUDGETS, SEEDS, keep_share=share, power=power, **FINE
    )
    assert_agrees(result, over_subsets(vote))


def test_shortest_majority_vote():
    lengths = 20 * SCORES**2

    def vote(p, subset):
        groups = {}
        for i in subset:
            if CODES[p, i] >= 0:
                groups.setdefault(CODES[p, i], []).append(lengths[p, i])
        return winner(p, {c: len(g) / np.log(np.mean(g)) for c, g in groups.items()})

    result = votes.shortest_majority(CODES, lengths, CREDIT, CREDIT, BUDGETS, SEEDS, **FINE)
    assert_agrees(result, over_subsets(vote))


def test_equal_weights_are_the_exact_majority_without_error():
    result = votes.weighted_vote(CODES, np.ones(CODES.shape), CREDIT, CREDIT, BUDGETS, SEEDS)
    assert result.mean == pytest.approx(majority(CODES, CREDIT, BUDGETS))
    assert result.se.max() == 0


def sequential(p, order, k, stop):
    seen = []
    for i in order[:k]:
        seen.append(i)
        if stop([CODES[p, j] for j in seen]):
            break
    score = {}
    for i in seen:
        if CODES[p, i] >= 0:
            score[CODES[p, i]] = score.get(CODES[p, i], 0) + 1
    spent = [SCORES[p, i] for i in seen]
    return winner(p, score), len(seen), sum(spent), sum(x**2 for x in spent)


def beta_stop(confidence):
    @cache
    def safe(a, b):
        area = integrate.quad(lambda x: x**a * (1 - x) ** b, 0.5, 1)[0]
        return area / special.beta(a + 1, b + 1) >= confidence

    def stop(codes):
        counts = sorted((codes.count(c) for c in set(codes) - {-1}), reverse=True)
        return safe(*(*counts, 0, 0)[:2])

    return stop


def window_stop(window):
    def stop(codes):
        last = codes[-window:]
        return len(codes) % window == 0 and len(set(last)) == 1 and last[0] >= 0

    return stop


@pytest.mark.parametrize(
    ("vote", "stop"),
    [
        (
            lambda *a, **more: stopping.adaptive_vote(*a, confidence=0.8, **more, **FINE),
            beta_stop(0.8),
        ),
        (lambda *a, **more: stopping.window_vote(*a, window=2, **more, **FINE), window_stop(2)),
    ],
)
def test_stopping_rules_against_all_orders(vote, stop):
    result = vote(CODES, SCORES, CREDIT, CREDIT, BUDGETS, SEEDS, also={"squares": SCORES**2})
    for p in range(3):
        runs = np.array(
            [[sequential(p, order, k, stop) for k in BUDGETS] for order in permutations(range(6))]
        ).mean(axis=0)
        assert (np.abs(result.mean[p] - runs[:, 0]) <= 5 * result.se[p] + 1e-9).all()
        assert result.extra["draws"][p] == pytest.approx(runs[:, 1], abs=0.1)
        assert result.extra["tokens"][p] == pytest.approx(runs[:, 2], abs=0.4)
        assert result.extra["squares"][p] == pytest.approx(runs[:, 3], rel=0.03)


def online(p, order, k, warmup, share, consensus):
    """Score, draws, tokens, tokens of draws not stopped, and path of one order; CODES[p] vote."""
    start = list(order[: min(warmup, k)])
    bar = np.percentile(SCORES[p, start], 100 * (1 - share))
    drawn, score = list(start), {}
    for i in start:
        if SCORES[p, i] >= bar and CODES[p, i] >= 0:
            score[CODES[p, i]] = score.get(CODES[p, i], 0) + SCORES[p, i]
    for i in order[len(start) : k]:
        if score and max(score.values()) >= consensus * sum(score.values()):
            break
        drawn.append(i)
        if SCORES[p, i] >= bar and CODES[p, i] >= 0:
            score[CODES[p, i]] = score.get(CODES[p, i], 0) + SCORES[p, i]
    tokens = {i: LENGTHS[p, i] for i in drawn}
    whole = sum(tokens[i] for i in drawn if i in start or SCORES[p, i] >= bar)
    path = max(tokens[i] for i in start) + sum(tokens[i] for i in drawn[len(start) :])
    return winner(p, score), len(drawn), sum(tokens.values()), whole, path


@pytest.mark.parametrize(
    ("warmup", "share", "consensus"), [(2, 0.5, 0.8), (3, 0.1, 0.95), (1, 1.0, 2)]
)
def test_online_confidence_against_all_orders(warmup, share, consensus):
    rule = {"warmup": warmup, "keep_share": share, "consensus": consensus}
    result = stopping.confident_vote(
        CODES, LENGTHS, CREDIT, CREDIT, BUDGETS, SEEDS, SCORES, **rule, **FINE
    )
    for p in range(3):
        runs = np.mean(
            [[online(p, o, k, *rule.values()) for k in BUDGETS] for o in permutations(range(6))],
            axis=0,
        )
        assert (np.abs(result.mean[p] - runs[:, 0]) <= 5 * result.se[p] + 1e-9).all()
        assert result.extra["draws"][p] == pytest.approx(runs[:, 1], abs=0.1)
        for column, name in ((2, "tokens"), (3, "whole"), (4, "path")):
            assert result.extra[name][p] == pytest.approx(runs[:, column], rel=0.03)
    assert (result.extra["whole"] <= result.extra["tokens"] + 1e-9).all()


def test_windows_run_in_parallel_on_the_critical_path():
    codes, tokens = np.zeros((1, 8), dtype=int), np.full((1, 8), 10.0)
    seeds = SEEDS[:1]
    result = stopping.window_vote(codes, tokens, np.ones((1, 1)), np.ones((1, 1)), [2, 4, 8], seeds)
    assert result.extra["tokens"][0] == pytest.approx([20, 40, 40])
    assert result.extra["path"][0] == pytest.approx([10, 10, 10])


def test_beta_rule_equals_its_integral_and_dirichlet_its_nested_one():
    table = stopping.beta_confidence(12)
    for a, b in [(3, 0), (5, 2), (12, 7)]:
        want = integrate.quad(lambda x: x**a * (1 - x) ** b, 0.5, 1)[0]  # noqa: B023
        assert table[a, b] == pytest.approx(want / special.beta(a + 1, b + 1))
    weights, below = stopping.gamma_tables(12)
    rng = np.random.default_rng(0)
    for counts in [(5, 2, 1), (12, 7, 3), (3, 3)]:
        gammas = rng.gamma(np.array(counts) + 1.0, size=(200_000, len(counts)))
        simulated = (gammas.argmax(1) == 0).mean()
        product = np.prod([below[counts[0], :, c] for c in counts[1:]], axis=0)
        assert weights @ product == pytest.approx(simulated, abs=0.005)


def test_dirichlet_stops_no_earlier_than_beta():
    rng = np.random.default_rng(2)
    codes = rng.choice(4, size=(5, 40), p=[0.55, 0.2, 0.15, 0.1])
    credit, seeds = np.eye(4)[[0] * 5], montecarlo.problem_seeds(list("abcde"), 0)
    beta, dirichlet = (
        stopping.adaptive_vote(codes, codes + 1.0, credit, credit, [40], seeds, rule=rule)
        for rule in ("beta", "dirichlet")
    )
    assert (dirichlet.extra["draws"] > beta.extra["draws"]).all()


def test_orders_depend_on_seed_and_problem_alone():
    arguments = (SCORES, CREDIT, CREDIT, BUDGETS)
    whole = votes.weighted_vote(CODES, *arguments, SEEDS, replicates=64)
    again = votes.weighted_vote(CODES, *arguments, SEEDS, replicates=64)
    alone = votes.weighted_vote(
        CODES[1:2], SCORES[1:2], CREDIT[1:2], CREDIT[1:2], BUDGETS, SEEDS[1:2], replicates=64
    )
    assert np.array_equal(whole.mean, again.mean)
    assert np.array_equal(whole.mean[1:2], alone.mean)
    other = votes.weighted_vote(
        CODES, *arguments, montecarlo.problem_seeds(["a", "b", "c"], 1), replicates=64
    )
    assert not np.array_equal(whole.mean, other.mean)


def test_refusals():
    ones = np.ones(CODES.shape)
    with pytest.raises(DrawsError, match="must rise strictly"):
        votes.weighted_vote(CODES, ones, CREDIT, CREDIT, [2, 1], SEEDS)
    with pytest.raises(DrawsError, match=r"keep_share: 0, allowed above 0 up to 1"):
        votes.ranked_vote(CODES, ones, CREDIT, CREDIT, [1], SEEDS, keep_share=0)
    for share in (-0.1, 1.1):
        with pytest.raises(DrawsError, match=f"keep_share: {share}, allowed"):
            votes.ranked_vote(CODES, ones, CREDIT, CREDIT, [1], SEEDS, keep_share=share)
    with pytest.raises(DrawsError, match="weights: 1 missing"):
        holed = ones.copy()
        holed[0, 0] = np.nan
        votes.weighted_vote(CODES, holed, CREDIT, CREDIT, [1], SEEDS)


def every_vote(credit, upper, **precision):
    both = (credit, upper, BUDGETS, SEEDS)
    yield votes.weighted_vote(CODES, SCORES, *both, **precision)
    yield votes.ranked_vote(CODES, SCORES, *both, keep_share=0.5, power=1.2, **precision)
    yield votes.shortest_majority(CODES, LENGTHS, *both, **precision)
    yield stopping.adaptive_vote(CODES, LENGTHS, *both, confidence=0.8, **precision)
    yield stopping.window_vote(CODES, LENGTHS, *both, window=2, **precision)
    yield stopping.confident_vote(CODES, LENGTHS, *both, SCORES, warmup=2, **precision)


def test_the_upper_end_is_the_vote_in_which_undecided_answers_are_right():
    upper = np.array([[1.0, 0, 1.0], [1.0, 1.0, 0], [1.0, 0.5, 0]])
    between = every_vote(CREDIT, upper, replicates=64)
    above = every_vote(upper, upper, replicates=64)
    below = every_vote(CREDIT, CREDIT, replicates=64)
    for result, high, low in zip(between, above, below, strict=True):
        assert result.upper == pytest.approx(high.mean)
        assert result.mean == pytest.approx(low.mean)
        assert (result.upper - result.mean).max() > 0.05


def test_the_standard_error_is_the_spread_over_seeds():
    names, precision = ["a", "b", "c"], {"replicates": 64}
    results = [
        votes.weighted_vote(
            CODES, SCORES - 3, CREDIT, CREDIT, [3], montecarlo.problem_seeds(names, s), **precision
        )
        for s in range(60)
    ]
    spread = np.std([r.mean[:, 0] for r in results], axis=0, ddof=1)
    told = np.sqrt(np.mean([r.se[:, 0] ** 2 for r in results], axis=0))
    assert told == pytest.approx(spread, rel=0.3)  # three standard deviations of a spread of 60


def alternating(calls):
    """A kernel whose differences are +1 and -1 in turn, so that the standard error is known."""

    def kernel(first, last, sums, squares, extras=None):
        calls.append((first, last))
        sums[0] += sum((-1) ** r for r in range(first, last))
        sums[1] += last - first
        squares += last - first
        if extras is not None:
            extras["seen"] += 3 * (last - first)

    return kernel


def test_replicates_are_added_until_the_mean_over_problems_is_precise():
    known, calls = (np.full((4, 1), 0.5), np.full((4, 1), -0.5)), []
    result = montecarlo.run(alternating(calls), known, extra=("seen",), target_se=0.02)
    # 1 / sqrt(replicates x 4 problems) = 0.02 at 625, in blocks of 64
    assert 625 <= result.replicates <= 704 and result.replicates % 64 == 0
    assert calls[0] == (0, 8) and calls[7] == (56, 64)  # a block in eight batches
    assert [first for first, _ in calls[1:]] == [last for _, last in calls[:-1]]
    assert result.se == pytest.approx(1 / np.sqrt(result.replicates - 1), rel=1e-9)
    assert result.mean == pytest.approx(0.5)
    assert result.upper == pytest.approx(0.5)
    assert result.extra["seen"] == pytest.approx(3.0)
    assert result.extra_se["seen"] == pytest.approx(0.0)  # every batch has the same mean


def test_replicates_are_bounded_or_exactly_as_asked():
    known = (np.full((1, 2), 0.5), np.full((1, 2), 0.5))
    assert montecarlo.run(alternating([]), known, max_replicates=200).replicates == 200
    assert montecarlo.run(alternating([]), known, replicates=7).replicates == 7
    assert montecarlo.run(alternating([]), known, target_se=1.0).replicates == 64
    once = montecarlo.run(alternating([]), known, replicates=1)
    assert once.se == pytest.approx(0) and once.mean == pytest.approx(1.0)  # 0.5 + 1, cut to 1


def test_random_orders_are_those_of_earlier_versions():
    """Equal seeds give equal tables for ever: this is the generator, not only a good one."""

    def order(seed, replicate):
        state, drawn = np.zeros(1, np.uint64), np.empty(6, np.int64)
        _kernels.start_order(state, drawn, seed, replicate)
        return [int(_kernels.draw_next(state, drawn, j)) for j in range(6)]

    seeds = montecarlo.problem_seeds(["a", "b"], 0)
    assert seeds.tolist() == [15270482384145340437, 1719134107190115933]
    assert [[order(seed, r) for r in range(2)] for seed in seeds] == [
        [[0, 1, 4, 5, 2, 3], [5, 4, 3, 2, 1, 0]],
        [[4, 5, 3, 0, 1, 2], [3, 5, 1, 4, 0, 2]],
    ]


@pytest.mark.parametrize(
    ("vote", "more", "message"),
    [
        (stopping.adaptive_vote, {"rule": "gamma"}, "rule: 'gamma', allowed beta, dirichlet"),
        (stopping.window_vote, {"window": 0}, "window: 0, allowed 1 or more"),
        (stopping.confident_vote, {"confidence": SCORES, "warmup": 0}, "warmup 0"),
        (stopping.confident_vote, {"confidence": SCORES, "keep_share": 0.0}, "keep_share 0.0"),
        (stopping.confident_vote, {"confidence": SCORES, "keep_share": 1.5}, "keep_share 1.5"),
        (stopping.confident_vote, {"confidence": SCORES, "consensus": 0.0}, "consensus 0.0"),
    ],
)
def test_stopping_rules_refuse_settings_without_meaning(vote, more, message):
    with pytest.raises(ValueError, match=message):
        vote(CODES, LENGTHS, CREDIT, CREDIT, BUDGETS, SEEDS, **more)
