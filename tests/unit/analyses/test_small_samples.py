"""Tables of small studies: no certainty from values without spread, noise is no signal."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from itc import registry
from itc.analyses import resolution, stability
from itc.analyses.learned_votes import summary
from itc.stats import intervals
from itc.stats.robust import interquartile_influence, interquartile_mean

SETTINGS = {"seed": 7, "bootstrap": 200, "models": {}}
BOUND = 1 - 0.025 ** (1 / 5)
BENCHMARK = Path(__file__).resolve().parents[3] / "benchmarks/intervals.py"


def five_problems(values):
    """Evaluations of five problems; ``values``: (strategy, budget) -> chance per problem."""
    frames = [
        pd.DataFrame(
            {
                "dataset": "d",
                "model": "m",
                "strategy": strategy,
                "problem_id": [f"p{i}" for i in range(5)],
                "budget": budget,
                "correct": chance,
                "correct_if_undecided_right": chance,
                "monte_carlo_se": 0.0,
                "n_draws": 4,
            }
        )
        for (strategy, budget), chance in values.items()
    ]
    return pd.concat(frames, ignore_index=True)


def build(name, frame):
    return registry.load("analyses", name).build({"evaluations": frame}, SETTINGS)


def test_five_problems_that_do_not_differ_prove_nothing():
    right = np.ones(5)
    frame = five_problems({("majority", 2): right, ("majority", 4): right, ("coverage", 4): right})
    gains = build("gains", frame)
    assert (gains["value"] == 0).all() and (gains["p_value"] == 1).all()
    assert gains["low"].tolist() == pytest.approx([-BOUND] * len(gains))
    assert gains["high"].tolist() == pytest.approx([BOUND] * len(gains))
    found = summary([np.zeros(5)])
    assert (found["low"], found["high"]) == (pytest.approx(-BOUND), pytest.approx(BOUND))
    same = stability._difference(pd.Series(right), pd.Series(right), "")
    assert (same["low"], same["high"]) == pytest.approx((-BOUND, BOUND))


def test_a_vote_almost_always_right_is_no_more_certain_than_one_always_right():
    nearly = np.array([1.0, 1, 1, 1, 0.999])
    curves = build("curves", five_problems({("majority", 2): nearly, ("majority", 4): np.ones(5)}))
    low = curves.set_index("budget")["low"]
    assert low[4] == pytest.approx(1 - BOUND)
    assert low[2] == pytest.approx(1 - BOUND, abs=0.01)


def test_signal_of_equal_models_is_near_zero():
    rng = np.random.default_rng(1)
    ratios, separated, named = [], [], []
    for _ in range(150):
        ability = rng.beta(0.7, 0.7, size=(30, 1))
        found = resolution.separation(rng.binomial(8, np.repeat(ability, 8, axis=1)) / 8)
        ratios.append(found["signal_to_noise"])
        separated.append(found["share_separated"])
        named.append(found["mean_difference"] / found["noise"])
    assert np.median(ratios) < 0.2 < np.median(named)
    assert np.mean(separated) < 0.05
    same = resolution.separation(np.repeat(rng.random((30, 1)), 3, axis=1))
    assert np.isnan(same["signal_to_noise"]) and np.isnan(same["detectable"])


def test_interval_of_the_interquartile_mean_covers():
    rng = np.random.default_rng(2)
    law = rng.beta(0.6, 0.9, size=100_000)[:, None]
    truth = interquartile_mean(law, np.full((1, len(law)), 1 / len(law)))[0, 0]
    values = rng.beta(0.6, 0.9, size=(30, 500))
    means = interquartile_mean(values, np.full((1, 30), 1 / 30))[0]
    around = intervals.from_influence(
        [means], interquartile_influence([values]), kind=intervals.SHARE
    )
    low, high = around.interval()
    assert ((low <= truth) & (truth <= high)).mean() > 0.92


@pytest.mark.full
def test_the_benchmark_of_intervals_holds_its_bars(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["intervals.py", "--quick"])
    spec = importlib.util.spec_from_file_location("benchmark_intervals", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main() == 0, capsys.readouterr().out
