"""A fault of the configuration names the key, the value, what is allowed there, and the mend."""

import copy
from pathlib import Path

import pytest
import yaml
from itc.config import ConfigError, read_config

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def default():
    merged = {}
    for stem in ("default", "datasets", "models", "procedures"):
        merged |= yaml.safe_load((CONFIG / f"{stem}.yaml").read_text())
    return merged


def changed(default, key, value):
    raw = copy.deepcopy(default)
    *path, last = key.split("/")
    section = raw
    for part in path:
        section = section.setdefault(part, {})
    section[last] = value
    return raw


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (
            "sutdy",
            1,
            ["sutdy: unknown key (value 1)", "did you mean 'study'?", "journal, limits"],
        ),
        ("study/drws", 4, ["study.drws: unknown key (value 4)", "did you mean 'draws'?"]),
        ("study/probe/batch", 1, ["study.probe.batch: unknown key", "allowed: batch_sizes, data"]),
        (
            "models/tiny-direct/shape",
            {"layers": 1, "heads": 1, "kv_heads": 1, "head_dim": 1, "head": 2},
            ["models.tiny-direct.shape.head: unknown key", "head_dim, heads, kv_heads, layers"],
        ),
        ("models/tiny-direct/tilte", "x", ["models.tiny-direct.tilte", "did you mean 'title'?"]),
        ("study/title", None, ["study.title: value None refused", "correct the value"]),
        ("study/draws", 17, ["study.draws: 17 is no multiple of study.shard_size 16", "use 16"]),
        ("study/budgets", [99], ["study.budgets: [99] exceed study.draws"]),
        ("study/datasets", ["sum"], ["study.datasets: 'sum' is not defined"]),
        ("study/features", ["lenth"], ["study.features: 'lenth' has no file", "'length'"]),
        ("study/probe", {"dataset": "x"}, ["study.probe.dataset: 'x' is not in study.datasets"]),
        (
            "study/strategy_options",
            {"short_m": {"n": 1}},
            ["study.strategy_options.short_m.n: unknown parameter (value 1); allowed: m"],
        ),
        (
            "study/strategy_options",
            {"short_m": {"m": "two"}},
            ["study.strategy_options.short_m.m: 'two' is no int"],
        ),
        (
            "study/strategy_options",
            {"short": {"strategy": "shortm"}},
            ["no strategy 'shortm'", "did you mean 'short_m'?"],
        ),
        (
            "study/strategy_options",
            {"single": {"strategy": "short_m"}},
            ["a variant of 'short_m' needs a name of its own"],
        ),
        ("models/tiny-direct/model", None, ["models.tiny-direct.model: missing"]),
        ("models/tiny-direct/engine", "vlm", ["models.tiny-direct.engine: no engine 'vlm'"]),
        ("models/tiny-direct/source", "import", ["import_from: None is not in `imports`"]),
        (
            "models/bad--name",
            {"title": "x", "reasoning": False},
            ["models.bad--name: ", "it may hold letters"],
        ),
    ],
)
def test_a_fault_is_told_with_its_mend(default, key, value, told):
    with pytest.raises(ConfigError) as error:
        read_config(changed(default, key, value))
    missing = [text for text in told if text not in str(error.value)]
    assert not missing, f"{missing} not in: {error.value}"


def test_all_faults_are_told_at_once(default):
    raw = changed(changed(default, "study/budgets", [99]), "study/features", ["lenth"])
    with pytest.raises(ConfigError) as error:
        read_config(raw)
    assert "study.budgets" in str(error.value) and "study.features" in str(error.value)


def test_a_missing_section_is_told(default):
    with pytest.raises(ConfigError, match="models: required and missing"):
        read_config({key: value for key, value in default.items() if key != "models"})
