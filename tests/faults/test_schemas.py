"""Half a deployment: files that another release of the workflow left."""

from __future__ import annotations

import shutil

import pyarrow.parquet as pq
import pytest
from itc import schemas
from itc.fingerprint import _parsed

CURVES = "results/small/tables/curves.parquet"


def rewrite(path, *, without=(), version=None):
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata)
    if version is not None:
        metadata[b"itc.version"] = str(version).encode()
    pq.write_table(table.drop_columns(list(without)).replace_schema_metadata(metadata), path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"without": ["platform"]}, "without the columns ['platform']"),
        pytest.param({"version": 99}, "; update the checkout, or delete", marks=pytest.mark.full),
        pytest.param({"version": 0}, "'outcomes' version 1; delete", marks=pytest.mark.full),
    ],
)
def test_an_old_outcome_table_is_refused_and_the_mend_works(study, undisturbed, change, message):
    """Results came without Snakemake's records, so nothing tells it that the file is old."""
    shutil.rmtree(study.folder / ".snakemake")
    outcomes = study.home / "outcomes/sums/scripted-a.parquet"
    rewrite(outcomes, **change)
    for table in (study.home / "evaluations/sums").iterdir():
        table.unlink()
    evaluation = "results/small/evaluations/sums/single.parquet"
    output = study.run(evaluation, fails=True)
    assert message in output and "scripted-a.parquet: holds table 'outcomes'" in output
    assert "delete the file and let its rule remake it" in output

    outcomes.unlink()
    study.run(evaluation)
    path = study.folder / evaluation
    assert path.read_bytes() == (undisturbed.folder / evaluation).read_bytes()


@pytest.mark.full
def test_responses_of_an_older_release_are_analysed_as_they_are(study, undisturbed):
    shutil.rmtree(study.results / "annotations")
    shutil.rmtree(study.folder / "journal")
    rewrite(study.responses, without=["condition", "source_correct"], version=0)
    old = study.responses.read_bytes()
    annotation = next(undisturbed.results.glob("annotations/*/*/*/*.parquet"))
    study.run(str(annotation.relative_to(undisturbed.folder)))
    path = study.folder / annotation.relative_to(undisturbed.folder)
    assert path.read_bytes() == annotation.read_bytes()
    assert study.responses.read_bytes() == old and not (study.folder / "journal").exists()


def test_a_new_column_remakes_derived_tables_and_samples_nothing(study):
    file = study.folder / "workflow/scripts/itc/schemas.py"
    text = file.read_text()
    old = '                "platform": STRING,'
    assert old in text
    file.write_text(text.replace(old, f'                "colour": STRING,\n{old}'))
    output = study.run(CURVES, options=("-n",))
    assert "build_outcomes" in output and "evaluate_strategy" in output
    assert "generate_scripted" not in output and "prepare_dataset" not in output


@pytest.mark.parametrize(
    "modules",
    [
        ("annotate",),
        ("outcomes", "schemas"),  # as the rule names them
        ("strategies.single", "strategies._base"),
        ("report.examples",),
    ],
)
def test_what_writes_a_derived_table_is_remade_when_schemas_change(modules):
    todo, seen = [f"itc.{name}" for name in modules], set()
    while todo:
        module = todo.pop()
        if module not in seen:
            seen.add(module)
            todo.extend(_parsed(module)[1])
    assert "itc.schemas" in seen


def test_what_was_recorded_is_marked_so():
    recorded = {name for name, schema in schemas.SCHEMAS.items() if schema.recorded}
    assert {"responses", "datasets"} <= recorded
    assert not recorded & {"annotations", "outcomes", "evaluations"}
