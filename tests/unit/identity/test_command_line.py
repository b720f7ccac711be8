"""A setting is the same setting, whether a file or the command line gives it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from itc.config import read_config
from itc.config.command_line import reread
from itc.grid import Grid
from snakemake.cli import parse_config
from snakemake.utils import update_config

REPO = Path(__file__).parents[3]


def defaults() -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for stem in ("default", "datasets", "models", "procedures"):
        merged |= yaml.safe_load((REPO / "config" / f"{stem}.yaml").read_text())
    merged["study"] |= {"models": ["tiny-direct"], "procedures": ["sample", "judge_yesno"]}
    return merged


def paths(raw: dict[str, Any]) -> list[str]:
    return [run.folder for run in Grid(read_config(raw), REPO).runs]


def by_file(text: str) -> list[str]:
    raw = defaults()
    update_config(raw, yaml.safe_load(text))
    return paths(raw)


def by_command(*given: str) -> list[str]:
    """As rules/common.smk does with what Snakemake read from the command line."""
    raw = defaults()
    overwrite = parse_config(list(given))
    update_config(raw, overwrite)
    update_config(raw, reread(overwrite, raw))
    return paths(raw)


@pytest.mark.parametrize(
    "text",
    [
        "models: {tiny-direct: {engine_options: {hf_overrides: {a: 4096, b: false, c: 0.5}}}}",
        "models: {tiny-direct: {engine_options: {kv_cache_dtype: fp8, x: null, y: [1, two]}}}",
        "models: {tiny-direct: {enable_thinking: true, quantization: null, max_model_len: 999}}",
        "procedures: {judge_yesno: {votes: 3, words: ['1', '2']}}",
        "procedures: {sample: {stop: ['5'], temperature: 1, system_prompt: 'null and 7'}}",
        "procedures: {sample: {system_prompt: '12'}}",
        "datasets: {chain_sum: {seed: 7, levels: [{difficulty: 1, size: 4, config: {}}]}}",
        "study: {seed: 3, shard_size: 8, derived_draws: null}",
    ],
)
def test_the_command_line_gives_the_paths_of_a_file(text):
    (key, value), *more = yaml.load(text, yaml.BaseLoader).items()
    assert not more
    given = yaml.dump(value, default_flow_style=True, width=10**6).strip()
    assert by_command(f"{key}={given}") == by_file(text) != paths(defaults())


def test_texts_stay_texts():
    given = {
        "study": {"title": "2024", "draws": "8", "notice": "null"},
        "datasets": {"d": {"title": "1", "gold_after": "####", "revision": "main", "size": "3"}},
        "models": {"m": {"title": "true", "price": {"input": "1", "date": "2025-01-01"}}},
        "procedures": {"p": {"prompt": "7", "kind": "judge"}, "q": "no mapping"},
        "imports": {"i": {"columns": {"a": "1"}, "exclude": [{"x": "1"}], "file": "2"}},
        "prune": "true",
        "unheard_of": {"a": "1"},
    }
    before = copy.deepcopy(given)
    found = reread(given, given)
    assert given == before
    assert found["study"] == {"title": "2024", "draws": 8, "notice": "null"}
    assert found["datasets"]["d"] == {
        **{"title": "1", "gold_after": "####", "revision": "main", "size": 3}
    }
    assert found["models"]["m"] == {"title": "true", "price": {"input": 1, "date": "2025-01-01"}}
    assert found["procedures"] == {"p": {"prompt": "7", "kind": "judge"}, "q": "no mapping"}
    assert found["imports"]["i"] == {"columns": {"a": "1"}, "exclude": [{"x": 1}], "file": "2"}
    assert found["prune"] is True and found["unheard_of"] == {"a": 1}
