"""Shards, draws and identities of a study's runs, from the configuration alone."""

import copy
from pathlib import Path

import pytest
import yaml
from itc.config import ConfigError, read_config
from itc.grid import Grid

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def default():
    merged = {}
    for stem in ("default", "datasets", "models", "procedures"):
        merged |= yaml.safe_load((REPO / "config" / f"{stem}.yaml").read_text())
    return merged


@pytest.fixture
def grid(default):
    def made(procedures=None, **study):
        raw = copy.deepcopy(default)
        raw["study"] |= study
        for name, changes in (procedures or {}).items():
            raw["procedures"][name] |= changes
        return Grid(read_config(raw), REPO)

    return made


def hashes(grid, procedure):
    return {run.folder for run in grid.runs if run.procedure == procedure}


def test_only_the_first_draws_are_derived(grid):
    study = grid(draws=32, shard_size=16, derived_draws=4)
    assert study.shards("sample") == ("000", "001")
    assert study.shards("judge_score") == ("000",)
    assert (study.block("sample"), study.block("judge_score")) == (16, 4)
    assert {b.name: b.shards for b in study.batches}["tiny_direct_depth1"] == ("000",)


def test_an_entry_may_have_its_own_draws(grid):
    study = grid({"judge_score": {"draws": 32}}, draws=32, shard_size=16, derived_draws=4)
    assert study.shards("judge_score") == ("000", "001")
    assert study.shards("revise_full") == ("000",)


def test_more_draws_in_a_shard_are_another_shard(grid):
    few, more = grid(derived_draws=4), grid(derived_draws=8)
    assert hashes(few, "sample") == hashes(more, "sample")
    assert hashes(few, "select").isdisjoint(hashes(more, "select"))
    # Whole shards are added, none is changed.
    assert hashes(grid(draws=32, derived_draws=16), "select") == hashes(
        grid(draws=32, derived_draws=32), "select"
    )


def test_all_draws_are_derived_where_nothing_is_said(grid):
    study = grid(derived_draws=None, draws=32)
    assert study.shards("extend") == ("000", "001")


@pytest.mark.parametrize(
    ("study", "procedures", "said"),
    [
        ({"derived_draws": 20}, {}, "study.derived_draws: 20, but sample has 16 draws"),
        (
            {"derived_draws": 20, "draws": 32},
            {},
            "study.derived_draws: 20 must be a multiple of study.shard_size 16, or smaller",
        ),
        (
            {},
            {"judge_score": {"draws": 17}},
            "procedures.judge_score.draws: 17, but sample has 16 draws; ask for at most 16",
        ),
        (
            {},
            {"sample": {"draws": 2}},
            "study.derived_draws: 4, but sample has 2 draws; ask for at most 2",
        ),
    ],
)
def test_draws_that_cannot_be(grid, study, procedures, said):
    with pytest.raises(ConfigError, match=said.replace(".", r"\.")):
        _ = grid(procedures, **study).batches


def test_parameters_of_strategies_reach_the_settings_and_faults_are_named(grid):
    options = {"short_m": {"m": 2}, "borda": {"p": 1}}
    study = grid(strategy_options=options)
    assert study.settings()["strategy_options"] == options
    for wrong, message in (
        ({"short": {"m": 2}}, r"strategy_options.short: no strategy 'short'"),
        ({"short_m": {"n": 2}}, r"short_m.n: unknown parameter \(value 2\); allowed: m"),
        ({"short_m": {"m": "two"}}, r"short_m.m: 'two' is no int; give one, such as the default 3"),
        ({"short_m": {"m": True}}, r"short_m.m: True is no int"),
        ({"short_1": {"strategy": "short"}}, r"strategy_options.short_1: no strategy 'short'"),
        ({"single": {"strategy": "short_m"}}, r"a variant of 'short_m' needs a name of its own"),
        ({"a/b": {"strategy": "short_m"}}, r"options.a/b: a variant of 'short_m' needs a name"),
        ({"s1": {"strategy": "short_m", "n": 1}}, r"s1.n: unknown parameter \(value 1\)"),
        ({"single": {"m": 2}}, r"single.m: unknown parameter .* none, it has no parameter"),
    ):
        with pytest.raises(ConfigError, match=message):
            grid(strategy_options=wrong)


def test_a_variant_is_a_strategy_of_its_own(grid):
    options = {"short_1": {"strategy": "short_m", "m": 1}, "short_m": {"m": 2}}
    everything = grid(strategy_options=options)
    assert {"short_1", "short_m"} <= set(everything.strategies)
    chosen = grid(strategies=["single", "short_1"], strategy_options=options)
    assert chosen.strategies == ("single", "short_1")
    assert chosen.settings()["strategies"] == ["single", "short_1"]
    with pytest.raises(ConfigError, match=r"study\.strategies: 'short_2' has no file"):
        grid(strategies=["short_2"], strategy_options=options)


def test_the_measured_speed_of_a_model_reaches_the_costs_and_no_response(default):
    raw = copy.deepcopy(default)
    name = raw["study"]["models"][0]
    before = Grid(read_config(raw), REPO)
    raw["models"][name]["gpu_seconds_per_token"] = 0.002
    after = Grid(read_config(raw), REPO)
    assert after.settings()["models"][name]["gpu_seconds_per_token"] == 0.002
    assert before.settings()["models"][name]["gpu_seconds_per_token"] is None
    assert {run.folder for run in after.runs} == {run.folder for run in before.runs}
