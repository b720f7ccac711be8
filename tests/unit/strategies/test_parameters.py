"""Parameters of strategies: found without import, the same as the function has, and in use."""

import inspect

import numpy as np
import pandas as pd
import pytest
from itc import registry
from itc.strategies._base import evaluate_strategy


@pytest.mark.parametrize("name", registry.names("strategies"))
def test_parameters_are_those_of_the_function(name):
    found = inspect.signature(registry.load("strategies", name).evaluate).parameters
    defaults = {k: p.default for k, p in found.items() if p.default is not p.empty}
    assert registry.parameters("strategies", name, "evaluate") == defaults


def test_a_parameter_changes_the_result():
    outcomes = pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "procedure": "sample",
            "problem_id": "p",
            "draw": np.arange(4),
            "round": 0,
            "answer_class": [0, 1, 1, 0],
            "verdict": ["right", "wrong", "wrong", "right"],
            "n_output_tokens": [5, 6, 7, 8],
            "n_prompt_tokens": 3,
        }
    )
    three = evaluate_strategy("short_m", outcomes, [4], {"m": 3})["correct"].item()
    one = evaluate_strategy("short_m", outcomes, [4], {"m": 1})["correct"].item()
    assert (one, three) == (1.0, 0.0)
