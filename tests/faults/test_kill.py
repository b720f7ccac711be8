"""SIGKILL in every stage: the same command goes on, with the same bytes, and asks nothing twice."""

from __future__ import annotations

import shutil

import pytest

from .conftest import DRAWS, HERE, PROBLEMS, kill_all, wait_for

# What each stage writes: a glob below results/ of its files.
STAGES = {
    "dataset": "datasets/sums-*.parquet",
    "generate": "responses/*/*/*/000.parquet",
    "annotate": "annotations/*/*/*/000.parquet",
    "outcomes": "small/outcomes/sums/scripted-a.parquet",
    "evaluate": "small/evaluations/sums/majority.parquet",
    "table": "small/tables/curves.parquet",
    "figure": "small/figures/accuracy_by_samples.pdf",
    "report": "small/report.html",
    "archive": "small/small-archive.tar",
}
OFTEN = {("generate", "die"), ("evaluate", "wait")}  # the others take too long for every day
CASES = [
    pytest.param(stage, what, marks=() if (stage, what) in OFTEN else pytest.mark.full)
    for stage in STAGES
    for what in ("die", "die behind", "wait")
]


def about_to_fail(study, stage, what, target):
    """Remove what the stage wrote and arrange its fault."""
    if stage == "generate":
        shutil.rmtree(study.folder / "journal")
        (study.folder / "calls.txt").unlink()
    target.unlink(missing_ok=True)
    study.environment |= {
        "PYTHONPATH": str(HERE / "hooks"),
        "FAULT_AT": str(target.relative_to(study.folder)),
        "FAULT_DONE": str(study.folder / "fault"),
        "FAULT_WHAT": what,
    }


@pytest.mark.parametrize(("stage", "what"), CASES)
def test_killed_in_the_middle_of_a_stage(study, stage, what):
    if stage == "archive":
        study.run("archive")
    (file,) = study.results.glob(STAGES[stage])
    before, tables = file.read_bytes(), study.tables()
    target = str(file.relative_to(study.folder))
    about_to_fail(study, stage, what, file)
    if what == "wait":
        process = study.start(target)
        wait_for("the stage to write", (study.folder / "fault").exists)
        kill_all(process)
        assert "--unlock" in study.run(target, fails=True)
        study.run(target, options=("--unlock",))
    else:
        study.run(target, fails=True)
    assert (study.folder / "fault").exists()

    study.run(target)
    assert file.read_bytes() == before
    assert study.tables() == tables
    assert not study.half_written()
    assert len(study.calls()) == DRAWS * PROBLEMS and set(study.calls().values()) == {1}
    assert len(study.journal.read_bytes().splitlines()) == DRAWS * PROBLEMS


@pytest.mark.full
def test_a_study_killed_once_in_every_stage(fresh, undisturbed):
    """From the first problem to the report, nothing made before."""
    shutil.rmtree(fresh.results)
    for stage, pattern in STAGES.items():
        if stage == "archive":
            continue
        path = "results/" + pattern.split("*")[0]
        fresh.environment |= {
            "PYTHONPATH": str(HERE / "hooks"),
            "FAULT_AT": path,
            "FAULT_DONE": str(fresh.folder / f"fault-{stage}"),
            "FAULT_WHAT": "die",
        }
        fresh.run("all", fails=True)
        assert (fresh.folder / f"fault-{stage}").exists(), stage
    fresh.run("all")
    assert fresh.tables() == undisturbed.tables()
    assert not fresh.half_written()
    assert len(fresh.calls()) == DRAWS * PROBLEMS and set(fresh.calls().values()) == {1}


@pytest.mark.full
def test_the_model_process_dies_after_every_few_answers(fresh, undisturbed):
    """Snakemake starts the job again as often as it is told to; each attempt goes on."""
    fresh.environment["ITC_SCRIPTED_DIE_AFTER"] = "20"
    output = fresh.run("responses", options=("--retries", "2"))
    assert output.count("Trying to restart") == 2
    assert fresh.responses.read_bytes() == undisturbed.responses.read_bytes()
    assert len(fresh.calls()) == DRAWS * PROBLEMS and set(fresh.calls().values()) == {1}
