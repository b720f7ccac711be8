"""Cost axes against their published formulas."""

import numpy as np
import pytest
from itc.costs import derived
from itc.costs.columns import AXES, COSTS, PRODUCTS

SHAPE = {"layers": 28, "heads": 16, "kv_heads": 8, "head_dim": 128}


def stepwise_kinetics(p, c, length, n, shape):
    """eFLOPs of N trials of equal length, added up decode step by decode step.

    Step t multiplies the weights once per trial, lets each head attend to C + t tokens (one
    product with the keys, one with the values, 2 FLOPs per element), and reads the bfloat16 keys
    and values of these tokens: the prompt's once for all trials, each trial's own once. A byte
    counts as 562.5 FLOPs.
    """
    layers, dim = shape["layers"], shape["head_dim"]
    t = np.arange(1, length + 1)
    attended = 2 * 2 * (c + t) * shape["heads"] * dim * layers
    compute = n * (2 * p * length + attended.sum())
    key_and_value, bytes_per_value = 2, 2
    read = (c + n * t) * shape["kv_heads"] * dim * layers * key_and_value * bytes_per_value
    return compute + 562.5 * read.sum()


def published_kinetics(p, c, length, n, shape):
    """The closed form: the sum over steps with t summed to L squared over 2."""
    d = shape["head_dim"] * shape["layers"]
    compute = (2 * p * length + 2 * (2 * c + length) * length * shape["heads"] * d) * n
    return compute + 562.5 * 2 * (2 * c + length * n) * length * shape["kv_heads"] * d


def kinetics(p, c, length, n):
    return derived.kinetics_eflops(
        p / 1e9,
        n * length,
        np.array(n * length**2),
        np.array(n * c * length),
        np.array(c * length),
        SHAPE,
    )


@pytest.mark.parametrize(("n", "c", "length"), [(1, 100, 4000), (32, 256, 1000), (8, 0, 10)])
def test_kinetics_equals_the_published_formula_for_equal_lengths(n, c, length):
    got = kinetics(0.752e9, c, length, n)
    assert got == pytest.approx(published_kinetics(0.752e9, c, length, n, SHAPE))


@pytest.mark.parametrize(("n", "c", "length"), [(1, 100, 4000), (32, 256, 1000), (4, 0, 20000)])
def test_kinetics_equals_the_sum_over_decode_steps(n, c, length):
    # The closed form drops the L / 2 of sum(t) = L (L + 1) / 2.
    got = kinetics(0.752e9, c, length, n)
    assert got == pytest.approx(stepwise_kinetics(0.752e9, c, length, n, SHAPE), rel=1 / length)


def test_kinetics_counts_each_byte_of_the_cache_once():
    # Without parameters and heads only the cache is left: 4 bytes per token, head and layer.
    shape = {"layers": 1, "heads": 0, "kv_heads": 1, "head_dim": 1}
    got = derived.kinetics_eflops(0.0, 10, np.array(100), np.array(0), np.array(70), shape)
    assert got == pytest.approx(562.5 * 4 * (70 + 100 / 2))


def test_layers_with_a_window_cost_nothing_that_grows_with_the_context():
    terms = (0.752, 4000, np.array(4000.0**2), np.array(4e5), np.array(4e5))
    half = derived.kinetics_eflops(*terms, {**SHAPE, "full_layers": 14})
    assert half == pytest.approx(derived.kinetics_eflops(*terms, {**SHAPE, "layers": 14}))
    every = derived.kinetics_eflops(*terms, {**SHAPE, "full_layers": None})
    assert every == pytest.approx(derived.kinetics_eflops(*terms, SHAPE))


def test_derive_gives_only_what_the_settings_allow():
    costs = {
        "cost_output_tokens": np.array([1000.0]),
        "cost_total_tokens": np.array([1100.0]),
        "cost_sequential_tokens": np.array([500.0]),
        "cost_squared_tokens": np.array([5e5]),
    }
    assert derived.derive(costs, {}) == {}
    found = derived.derive(
        costs,
        {
            "parameters": 7.0,
            "shape": SHAPE,
            "price": {"input": 0.5, "output": 2.0, "date": "2025-01-01"},
            "gpu_seconds_per_token": 0.01,
        },
    )
    assert found["cost_flops"][0] == pytest.approx(2 * 7e9 * 1100)
    assert found["cost_money"][0] == pytest.approx((100 * 0.5 + 1000 * 2) / 1e6)
    assert found["cost_gpu_seconds"][0] == pytest.approx(10)
    assert found["cost_eflops"][0] > found["cost_flops"][0] * 1000 / 1100
    assert set(found) <= set(COSTS)
    assert not set(PRODUCTS) & set(AXES)


def test_two_calls_of_two_prompts_cost_as_much_as_each_alone():
    def one(prompt, output):
        return {
            "cost_output_tokens": np.array([output]),
            "cost_total_tokens": np.array([prompt + output]),
            "cost_sequential_tokens": np.array([output]),
            "cost_squared_tokens": np.array([output**2]),
        }

    first, second = one(50.0, 900.0), one(1000.0, 300.0)
    chain = {name: first[name] + second[name] for name in first}
    for name in ("cost_prompt_attention", "cost_prompt_traffic"):
        chain[name] = np.array([50.0 * 900 + 1000.0 * 300])
    model = {"parameters": 7.0, "shape": SHAPE}
    prices = [derived.derive(costs, model)["cost_eflops"] for costs in (first, second, chain)]
    assert prices[2] == pytest.approx(prices[0] + prices[1])


def test_tokens_per_correct():
    got = derived.tokens_per_correct(np.array([100.0, 100.0]), np.array([0.5, 0.0]))
    assert got.tolist() == [200.0, np.inf]
