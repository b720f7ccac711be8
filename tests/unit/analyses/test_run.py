"""Tables are built model by model where they may be, and are the same as in one piece."""

import pandas as pd
import pytest
from itc import registry, tables
from itc.analyses import _run

from .feature_outcomes import outcomes

PER_MODEL = [
    name
    for name in registry.names("analyses")
    if registry.constants("analyses", name).get("PER_MODEL")
]
SETTINGS = {"seed": 1, "budgets": [1, 4], "strategies": ["majority", "marker_weighted"]}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Outcome files of two models on two datasets, and all of their rows."""
    frame = outcomes(models=("a", "b"), datasets=("d", "e"), n_problems=24)
    frame["f_words"], frame["n_prompt_tokens"] = frame["n_output_tokens"].astype(float), 10
    frame.loc[frame["model"] == "b", "f_discourse_per_1000_words"] = None
    paths = []
    for (dataset, model), rows in frame.groupby(["dataset", "model"]):
        path = tmp_path_factory.getbasetemp() / "outcomes" / dataset / f"{model}.parquet"
        tables.write(rows, "outcomes", path)
        paths.append(str(path))
    return paths, tables.read_many(paths, "outcomes")


def test_there_are_tables_built_model_by_model():
    assert {"markers", "regression", "prediction"} <= set(PER_MODEL)
    for name in PER_MODEL:
        assert registry.constants("analyses", name)["INPUTS"] == ("outcomes",)


@pytest.mark.parametrize("name", PER_MODEL)
def test_model_by_model_is_the_same_table(files, name, monkeypatch):
    paths, frame = files
    read, seen = tables.read_many, []

    def watched(chosen, label):
        found = read(chosen, label)
        seen.append(set(found["model"]))
        return found

    monkeypatch.setattr(tables, "read_many", watched)
    table = tables.to_arrow(_run.run(name, {"outcomes": paths}, SETTINGS), name).to_pandas()
    assert seen == [{"a"}, {"b"}]  # never two models in memory
    module = registry.load("analyses", name)
    whole = module.build({"outcomes": frame}, SETTINGS)
    whole = module.finish(whole) if hasattr(module, "finish") else whole
    whole = tables.to_arrow(whole, name).to_pandas()
    assert set(table["model"]) == {"a", "b"}
    pd.testing.assert_frame_equal(table, whole)


def test_inputs_without_files_are_left_out_and_others_come_whole(monkeypatch):
    monkeypatch.setattr(tables, "read_many", lambda paths, label: (label, list(paths)))
    monkeypatch.setattr(registry, "load", lambda kind, name: Module)

    class Module:
        @staticmethod
        def build(inputs, settings):
            return inputs

    found = _run.run("curves", {"evaluations": ["x", "y"], "annotations": []}, {})
    assert found == {"evaluations": ("evaluations", ["x", "y"])}
