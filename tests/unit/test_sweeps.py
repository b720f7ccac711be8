"""A sweep makes the cells of its grid: named, bounded, checked, and none of them twice."""

import copy
from pathlib import Path

import pytest
import yaml
from itc.config import ConfigError, read_config, sweeps
from itc.grid import Grid
from itc.grid.checks import check

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def default():
    merged = {}
    for stem in ("default", "datasets", "models", "procedures"):
        merged |= yaml.safe_load((ROOT / "config" / f"{stem}.yaml").read_text())
    return merged


def swept(default, sweep, name="sample", **study):
    raw = copy.deepcopy(default)
    raw["procedures"][name]["sweep"] = sweep
    raw["study"] |= study
    return raw


def test_cells_are_the_product_of_the_values_and_the_entry_itself_is_one_of_them(default):
    raw = swept(default, {"temperature": [0.2, 0.8], "prompt": ["sample", "sample_plain"]})
    config = read_config(raw)
    made = {n: p for n, p in config.procedures.items() if p.swept_from == "sample"}
    # 0.8 with the template `sample` is what the entry says anyway.
    assert list(made) == [
        "sample-temperature_0.2-prompt_sample",
        "sample-temperature_0.2-prompt_sample_plain",
        "sample-temperature_0.8-prompt_sample_plain",
    ]
    cell = made["sample-temperature_0.2-prompt_sample_plain"]
    assert (cell.temperature, cell.prompt, cell.top_p, cell.kind) == (
        0.2,
        "sample_plain",
        config.procedures["sample"].top_p,
        "sample",
    )
    assert cell.title == "Independent samples, temperature 0.2, prompt sample_plain"
    at = config.study.procedures.index("sample")
    assert config.study.procedures[at + 1 : at + 4] == list(made)
    assert config.study.procedures[at + 4] == default["study"]["procedures"][at + 1]


def test_cells_have_paths_of_their_own_and_change_no_other(default):
    plain = Grid(read_config(default), ROOT)
    grid = Grid(read_config(swept(default, {"temperature": [0.2, 0.8]})), ROOT)
    check(grid)
    assert {run.folder for run in plain.runs} < {run.folder for run in grid.runs}
    cells = {run.folder for run in grid.runs if run.procedure == "sample-temperature_0.2"}
    assert len(cells) == len(grid.study.datasets) * len(grid.study.models)
    assert grid.batches  # jobs are planned for them


def test_expanding_twice_changes_nothing(default):
    config = read_config(swept(default, {"top_p": [0.5, 0.9], "temperature": [0.2]}))
    again, problems = sweeps.expand(config)
    assert (again, problems) == (config, [])
    raw = config.model_dump(mode="json", exclude_none=True)
    assert read_config(raw).study.procedures == config.study.procedures


def test_a_child_sweeps_over_its_parents_cells(default):
    raw = swept(default, {"temperature": [0.2]})
    raw["procedures"]["judge_score"]["sweep"] = {"parent": ["sample", "sample-temperature_0.2"]}
    config = read_config(raw)
    child = config.procedures["judge_score-parent_sample-temperature_0.2"]
    assert (child.parent, child.kind) == ("sample-temperature_0.2", "judge")
    check(Grid(config, ROOT))


def test_values_without_a_plain_spelling_are_named_by_their_hash(default):
    prompts = [{"prompt": "sample_plain"}, {"prompt": "sample"}]
    config = read_config(swept(default, {"prompt": prompts, "top_k": [-1, 20]}))
    names = [n for n, p in config.procedures.items() if p.swept_from]
    assert len(names) == 4 and all(n.count("-") in (2, 3) for n in names)
    turned = read_config(swept(default, {"prompt": prompts[::-1], "top_k": [-1, 20]}))
    assert {n for n, p in turned.procedures.items() if p.swept_from} == set(names)


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ({"temprature": [1]}, "procedures.sample.sweep.temprature: no key to sweep.*temperature"),
        ({"draws": [4, 8]}, "procedures.sample.sweep.draws: no key to sweep"),
        ({"temperature": []}, "procedures.sample.sweep.temperature: .*at least one value"),
        ({"temperature": [1, 1]}, "each of them once"),
        ({"temperature": ["hot"]}, "procedures.sample.sweep.temperature: value 'hot' refused"),
        ({"top_p": [0.5, 1.5]}, "procedures.sample.sweep.top_p: value 1.5 refused"),
        (
            {"temperature": [i / 10 for i in range(8)], "top_p": [i / 10 for i in range(1, 6)]},
            "8 x 5 values make 40 cells, more than study.sweep_cells 32",
        ),
        ({"parent": ["sampel"]}, "parent: 'sampel' is not among study.procedures"),
    ],
)
def test_faults_name_the_key_and_the_way_out(default, sweep, message):
    with pytest.raises(ConfigError, match=message):
        read_config(swept(default, sweep))


def test_a_taken_name_is_refused(default):
    raw = swept(default, {"temperature": [0.2]})
    raw["procedures"]["sample-temperature_0.2"] = {"kind": "sample", "prompt": "x", "max_tokens": 1}
    with pytest.raises(ConfigError, match=r"'sample-temperature_0\.2' is defined already"):
        read_config(raw)
