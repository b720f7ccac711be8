import importlib.util
import json
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from itc import tables
from itc.datasets._load import load_dataset
from itc.datasets._problems import DatasetError, duplicates, normalise_question
from itc.registry import UnknownExtensionError

ROOT = Path(__file__).resolve().parents[3]


def local(path, **more):
    return {"title": "mine", "loader": "local", "answer_type": "number", "path": path, **more}


def write(folder, kind, rows):
    path = folder / f"problems.{kind}"
    frame = pd.DataFrame(rows)
    if kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif kind == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path.name


ROWS = {"id": ["b", "a"], "q": ["One?", "Two?"], "a": ["007", "2"], "why": ["x", "y"]}
COLUMNS = {"problem_id": "id", "question": "q", "gold": "a", "metadata": ["why"]}


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_local_files_of_each_kind_hold_the_same_problems(tmp_path, kind):
    frame = load_dataset(local(write(tmp_path, kind, ROWS), columns=COLUMNS), tmp_path)
    assert list(frame["problem_id"]) == ["a", "b"]
    assert list(frame["gold"]) == ["2", "007"]  # text stays text: AIME golds keep their zeros
    assert json.loads(frame["metadata"][0]) == {"data": {"why": "y"}}
    tables.to_arrow(frame, "datasets")


@pytest.mark.parametrize(
    ("rows", "more", "message"),
    [
        ({**ROWS, "id": ["a", "a"]}, {}, "1 problem ids occur twice, the first is 'a'"),
        ({**ROWS, "q": ["One?", None]}, {}, "1 problems have no question, the first at row 1"),
        ({**ROWS, "a": ["1", None]}, {}, "have no gold answer, the first at row 1"),
        (ROWS, {"columns": {"question": "quest"}}, "column 'quest' .* the columns are: id, q, a"),
        (ROWS, {"columns": {"answer": "a"}}, "columns.answer is no column of ours; allowed: prob"),
        ({k: [] for k in ROWS}, {}, "holds no problem"),
    ],
)
def test_errors_say_what_to_mend(tmp_path, rows, more, message):
    spec = local(write(tmp_path, "parquet", rows), **{"columns": COLUMNS, **more})
    with pytest.raises(DatasetError, match=message):
        load_dataset(spec, tmp_path)


def test_missing_file_unknown_kind_damaged_file_and_unknown_loader(tmp_path):
    with pytest.raises(DatasetError, match=r"path 'none.csv' is no file .*; correct `path`"):
        load_dataset(local("none.csv"), tmp_path)
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(DatasetError, match=r"files of kind '.txt' are not read; allowed: .jsonl"):
        load_dataset(local("x.txt"), tmp_path)
    (tmp_path / "x.parquet").write_text("no parquet")
    with pytest.raises(DatasetError, match=r"x.parquet: not readable as parquet"):
        load_dataset(local("x.parquet"), tmp_path)
    with pytest.raises(DatasetError, match="key 'path' is required and missing"):
        load_dataset(local(None), tmp_path)
    with pytest.raises(UnknownExtensionError, match="known: huggingface, local, reasoning_gym"):
        load_dataset({**local("x"), "loader": "lcoal"}, tmp_path)


def test_reasoning_gym_is_stable_and_keeps_what_its_scorer_needs(tmp_path):
    level = {"difficulty": 2, "size": 5, "config": {"min_terms": 3, "max_terms": 3}}
    spec = {
        "title": "sums",
        "loader": "reasoning_gym",
        "answer_type": "reasoning_gym",
        "task": "chain_sum",
        "seed": 1,
        "levels": [level],
    }
    frame = load_dataset(spec, tmp_path)
    pd.testing.assert_frame_equal(frame, load_dataset(spec, tmp_path))
    assert list(frame["problem_id"]) == [f"d2-000{i}" for i in range(5)]
    more = load_dataset({**spec, "levels": [{**level, "size": 7}]}, tmp_path)
    assert list(more["question"][:5]) == list(frame["question"])
    metadata = json.loads(frame["metadata"][0])
    made = {"task": "chain_sum", "seed": 1, "size": 5, "config": level["config"], "index": 0}
    assert {key: metadata[key] for key in made} == made and set(metadata) - set(made) == {
        "entry_sha256"
    }
    for change, message in (
        ({"task": "chain_som"}, "task 'chain_som' is not in reasoning-gym .* allowed: ab"),
        ({"seed": 1_000_000}, "seed 1000000 is not in 0..999,999"),
        ({"levels": [{**level, "config": {"terms": 3}}]}, r"levels\[0\] .* is refused by task"),
        ({"levels": [{**level, "config": {"min_terms": 9, "max_terms": 2}}]}, "is refused by"),
    ):
        with pytest.raises(DatasetError, match=message):
            load_dataset({**spec, **change}, tmp_path)


def test_demo_datasets_mirror_the_levels_of_the_demo_models(tmp_path):
    place = ROOT / "models/recipe/tasks.py"
    module = importlib.util.spec_from_file_location("recipe_tasks", place)
    tasks = importlib.util.module_from_spec(module)
    sys.modules["recipe_tasks"] = tasks
    module.loader.exec_module(tasks)
    entries = yaml.safe_load((ROOT / "config/datasets.yaml").read_text())["datasets"]
    for name in ("chain_sum", "leg_counting"):
        configs = [level["config"] for level in entries[name]["levels"]]
        assert configs == list(tasks.LEVELS[name].values())
        assert entries[name]["seed"] < tasks.TRAINING_SEED
        frame = load_dataset(entries[name], tmp_path)
        assert frame["difficulty"].value_counts().to_dict() == {1.0: 20, 2.0: 20, 3.0: 20}


def test_duplicates_within_and_between_datasets(tmp_path, caplog):
    one = pd.DataFrame(
        {
            "problem_id": ["a", "b", "c"],
            "question": ["What is  $1+1$?", "what is 1+1", "Other"],
            "gold": ["2", "2", "3"],
        }
    )
    two = pd.DataFrame({"problem_id": ["z"], "question": ["OTHER!"], "gold": ["4"]})
    found = duplicates({"one": one, "two": two})
    groups = found.groupby("group")[["dataset", "problem_id"]].apply(
        lambda group: {tuple(row) for row in group.to_numpy()}
    )
    assert {frozenset(group) for group in groups} == {
        frozenset({("one", "a"), ("one", "b")}),
        frozenset({("one", "c"), ("two", "z")}),
    }
    assert duplicates({"two": two}).empty
    rows = {**ROWS, "q": ["Same?", "same"]}
    load_dataset(local(write(tmp_path, "csv", rows), columns=COLUMNS), tmp_path)
    assert "1 groups of problems ask the same question: a, b" in caplog.text


def test_questions_that_differ_in_a_sign_are_no_duplicates():
    assert normalise_question("What is 3 - 2?") != normalise_question("What is 3 + 2?")
    assert normalise_question("What is $3 \\cdot 2$?") == normalise_question("what is 3 \\cdot 2")
