"""Bad input stops with a message that says what to mend, and leaves nothing half-written."""

import pytest

MINI = "tests/config/mini.yaml"


def nothing_half_written(project):
    results = project.folder / "results"
    left = [p for p in results.rglob("*") if p.is_file()] if results.exists() else []
    return not [p for p in left if "partial" in p.name]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bootstrap: 200", "bootstap: 200", "study.bootstap: unknown key"),
        ("bootstrap: 200", "bootstap: 200", "did you mean 'bootstrap'"),
        ("models: [scripted-a, scripted-b]", "models: [scripted-c]", "'scripted-c' is not defined"),
        ("strategies: [single,", "strategies: [singel,", "did you mean 'single'"),
        ("datasets: [sums]", "datasets: []", "study.datasets: value []"),
        ("budgets: [1, 2, 4, 8]", "budgets: [1, 16]", "[16] exceed study.draws 8"),
        ("draws: 8", "draws: 6", "study.draws: 6 is no multiple"),
        ("draws: 8", "draws: 0", "study.draws: value 0"),
        ("loader: local", "loader: locla", "did you mean 'local'"),
        ("answer_type: number", "answer_type: numbr", "did you mean 'number'"),
        ("path: tests", "paht: tests", "datasets.sums.paht: unknown key"),
    ],
)
def test_config_is_refused(project, old, new, message):
    project.edit(MINI, old, new)
    output = project.snakemake("-n", "all", fails=True)
    assert message in output
    assert "Traceback" not in output
    assert not (project.folder / "results").exists()


def test_a_fault_of_the_claims_file_stops_before_any_job(project):
    project.edit("config/claims.yaml", "smallest_effect: 0.05", "smallest_effect: 5 %")
    output = project.snakemake("-n", "all", fails=True)
    assert "config/claims.yaml: claim 'reasoning_floor': smallest_effect '5 %'" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("problem_id,text,gold\na,What?,1\n", "question"),
        ("problem_id,question,gold\na,What?,1\na,Which?,2\n", "problem ids occur twice"),
        ("problem_id,question,gold\n", "holds no problem"),
    ],
)
def test_dataset_file_is_refused(project, content, message):
    (project.folder / "tests/config/sums.csv").write_text(content)
    output = project.snakemake("all", fails=True)
    assert message in output
    assert "sums.csv: " in output or "dataset 'Sums'" in output
    assert not (project.folder / "results/datasets").exists() or not list(
        (project.folder / "results/datasets").iterdir()
    )
    assert nothing_half_written(project)


def test_missing_dataset_file_is_named(project):
    (project.folder / "tests/config/sums.csv").unlink()
    assert "sums.csv" in project.snakemake("all", fails=True)


def test_missing_model_folder_is_named_before_anything_is_sampled(project):
    project.edit(
        MINI,
        "engine: scripted\n    model: scripted\n    thinking",
        "model: models/none\n    thinking",
    )
    output = project.snakemake("-n", "all", fails=True)
    assert "model 'scripted-a': key 'model': there is no folder models/none" in output


def test_prompts_over_the_window_stop_before_the_model_is_loaded(project):
    project.edit(
        MINI,
        "engine: scripted\n    model: scripted\n    thinking",
        "model: models/tiny-reasoner\n    max_model_len: 10\n    thinking",
    )
    output = project.snakemake("responses", fails=True)
    assert "12 prompts leave no room in the window of 10 tokens" in output
    assert "sums/" in output and "long_prompt: skip" in output
    assert not (project.folder / "journal/scripted-a").exists()
    assert nothing_half_written(project)


def test_missing_recordings_are_named(project):
    project.configfile = "config/replay.yaml"
    assert "--config recordings=PATH" in project.snakemake("-n", "all", fails=True)
    output = project.snakemake("-n", "all", "--config", "recordings=nowhere", fails=True)
    assert "nowhere/art_of_tts_aime.jsonl.gz' does not exist" in output


def test_truncated_response_shard_is_named(finished):
    shard = sorted((finished.folder / "results/responses").rglob("*.parquet"))[0]
    shard.write_bytes(shard.read_bytes()[:-50])
    output = finished.snakemake("--forcerun", "annotate_scripted_a_depth0", "--", "all", fails=True)
    assert "not a readable parquet file" in output
    assert shard.name in output
