"""Tables are built model by model where they may be, and are the same as in one piece."""

import numpy as np
import pandas as pd
import pytest
from itc import registry, tables
from itc.analyses import _run
from itc.analyses._points import dataset_points
from itc.strategies._base import evaluate_strategy

from .feature_outcomes import outcomes

UNITS = {
    name: registry.constants("analyses", name)["UNIT"]
    for name in registry.names("analyses")
    if "UNIT" in registry.constants("analyses", name)
}
JOB_PER = {
    name: registry.constants("analyses", name)["JOB_PER"]
    for name in registry.names("analyses")
    if "JOB_PER" in registry.constants("analyses", name)
}
SETTINGS = {
    "seed": 1,
    "bootstrap": 100,
    "budgets": [1, 4],
    "strategies": ["majority", "marker_weighted"],
}


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


def test_tables_of_all_outcomes_are_built_in_units():
    assert {"markers", "regression", "prediction", "allocation"} <= set(UNITS)
    for name, unit in UNITS.items():
        assert unit in ("cell", "model")
        assert registry.constants("analyses", name)["INPUTS"] == ("outcomes",)


def test_no_table_holds_every_column_of_all_outcomes():
    """5.8 million outcomes of 200 columns would not fit into 4 GB; see docs/scaling.md."""
    for name in registry.names("analyses"):
        if "outcomes" in registry.constants("analyses", name)["INPUTS"]:
            some = hasattr(registry.load("analyses", name), "outcome_columns")
            assert name in UNITS or some, name


@pytest.mark.parametrize("name", UNITS)
def test_unit_by_unit_is_the_same_table(files, name, monkeypatch):
    paths, frame = files
    read, seen = tables.read_many, []

    def watched(chosen, label, columns=None):
        found = read(chosen, label, columns)
        seen.append((found["model"].unique().tolist(), found["dataset"].nunique()))
        return found

    monkeypatch.setattr(tables, "read_many", watched)
    table = tables.to_arrow(_run.run(name, {"outcomes": paths}, SETTINGS), name).to_pandas()
    # never two models in memory
    once = [(["a"], 1), (["b"], 1)]
    assert seen == (2 * once if UNITS[name] == "cell" else [(["a"], 2), (["b"], 2)])
    module = registry.load("analyses", name)
    whole = module.build({"outcomes": frame}, SETTINGS)
    whole = module.finish(whole) if hasattr(module, "finish") else whole
    whole = tables.to_arrow(whole, name).to_pandas()
    pd.testing.assert_frame_equal(table, whole)


def test_a_table_with_a_job_per_model_is_joined_to_the_same_table(files, tmp_path):
    paths, _ = files
    for name in JOB_PER:
        parts = [tmp_path / f"{model}.parquet" for model in "ab"]
        for path in parts:
            own = [p for p in paths if p.endswith(f"/{path.name}")]
            tables.write(_run.run(name, {"outcomes": own}, SETTINGS), name, path)
        joined = _run.run(name, {"parts": list(map(str, parts))}, SETTINGS)
        whole = _run.run(name, {"outcomes": paths}, SETTINGS)
        pd.testing.assert_frame_equal(
            *(tables.to_arrow(table, name).to_pandas() for table in (joined, whole))
        )
        assert len(joined)


def test_only_tables_built_by_model_have_a_job_per_model():
    assert JOB_PER == {"regression": "model"}
    assert all(UNITS[name] == "model" for name in JOB_PER)


def test_inputs_without_files_are_left_out_and_others_come_whole(monkeypatch):
    monkeypatch.setattr(tables, "read_many", lambda paths, label, _: (label, list(paths)))
    monkeypatch.setattr(registry, "load", lambda kind, name: Module)

    class Module:
        @staticmethod
        def build(inputs, settings):
            return inputs

    given = {"datasets": [], "annotations": ["x", "y"], "evaluations": ["d/a", "e/a", "d/b"]}
    assert _run.run("curves", given, {}) == {
        "annotations": ("annotations", ["x", "y"]),
        # a frame per dataset, read when its turn comes
        "evaluations": tables.Parts("evaluations", (("d/a", "d/b"), ("e/a",))),
    }


def test_points_of_a_frame_per_dataset_are_those_of_one_table(tmp_path, files):
    paths = []
    for dataset, rows in files[1].groupby("dataset"):
        path = tmp_path / dataset / "majority.parquet"
        tables.write(evaluate_strategy("majority", rows, [1, 2, 4]), "evaluations", path)
        paths.append(str(path))
    parts = tables.Parts("evaluations", tuple((path,) for path in paths))
    whole = tables.read_many(paths, "evaluations")
    assert len(parts) == len(whole)
    settings = {**SETTINGS, "models": {}}
    for one, other in zip(*(dataset_points(x, settings) for x in (parts, whole)), strict=True):
        assert one.name == other.name and one.keys.equals(other.keys)
        for name, values in one.values.items():
            np.testing.assert_array_equal(values, other.values[name])
    with pytest.raises(ValueError, match="several frames"):
        dataset_points([whole, whole], settings)


@pytest.mark.parametrize("name", ["breadth", "claims", "claim_evidence"])
def test_tables_of_named_columns_are_the_same_as_from_all(files, name):
    frame = files[1].assign(difficulty=files[1]["problem_id"].rank(method="dense") % 3)
    evaluations = pd.concat(
        [
            evaluate_strategy(strategy, rows, [1, 2, 4])
            for _, rows in frame.groupby("dataset")
            for strategy in ("single", "majority", "shortest")
        ],
        ignore_index=True,
    )
    settings = {
        **SETTINGS,
        "models": {m: {"title": m, "reasoning": m == "a", "parameters": 1e9} for m in "ab"},
        "datasets": {d: {"title": d} for d in "de"},
    }
    module = registry.load("analyses", name)
    columns = [c for c in module.outcome_columns(settings, list(frame)) if c in frame]
    assert len(columns) < len(frame.columns)
    part, whole = (
        module.build({"evaluations": evaluations, "outcomes": rows}, settings)
        for rows in (frame[columns], frame.copy())
    )
    pd.testing.assert_frame_equal(part, whole)
    assert len(whole)
