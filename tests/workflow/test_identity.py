"""Responses outlive what decides nothing; what does decide is named before anything is asked."""

import json
import shutil


def asked(project):
    """Answers that engines gave, by journal."""
    return sum(
        session["requests_finished"]
        for path in (project.folder / "journal").rglob("*.timing.json")
        for session in json.loads(path.read_text())
    )


def forget_views(project):
    shutil.rmtree(project.folder / "results/responses")


def test_patience_comments_and_renamed_folders_ask_nothing(finished):
    before = asked(finished)
    bytes_before = {
        path.name: path.read_bytes()
        for path in (finished.folder / "results/responses").rglob("*-b/*/*.parquet")
    }
    finished.edit(
        "tests/config/mini.yaml",
        "title: Scripted A",
        "title: Other\n    serving_options: {x: 1}\n    max_num_seqs: 3\n    quantization: null\n"
        "    engine_options: {latency: 0}  # a comment",
    )
    finished.edit("config/prompts/sample.j2", "{#", "{# another comment -#}\n{#")
    finished.edit("config/procedures.yaml", "    kind: sample", "    min_p: 0\n    kind: sample")
    assert "generate_scripted_a_depth0" not in finished.jobs("responses")
    for folder in (finished.folder / "journal").glob("*/sample-*"):
        folder.rename(folder.with_name("sample-ffffffffff"))
        forgotten = folder.with_name("sample-ffffffffff") / "identity.json"
        forgotten.unlink()
    forget_views(finished)
    told = finished.snakemake("identity")
    assert told.count("nothing is asked (96 answers are taken over from other paths)") == 2
    finished.snakemake("responses")
    assert asked(finished) == before
    log = (finished.folder / "logs/generate/scripted_a_depth0/000.log").read_text()
    assert "48 answers to sample were found in journal/scripted-a/sample-ffffffffff/000" in log
    after = {
        path.name: path.read_bytes()
        for path in (finished.folder / "results/responses").rglob("*-b/*/*.parquet")
    }
    assert after == bytes_before


def test_one_changed_key_is_named_before_anything_is_asked(finished):
    assert finished.snakemake("identity").count("nothing is asked") == 2
    finished.edit("config/procedures.yaml", "temperature: 0.8", "temperature: 0.7")
    told = finished.snakemake("identity")
    assert told.count("0 of 96  sampled anew; others lie in journal/scripted-") == 2
    assert told.count("because of procedures.sample.temperature: 0.8 -> 0.7") == 2
    assert "sampled anew, though" not in finished.snakemake("identity", "--quiet", "all")
    told = finished.snakemake("responses")
    lines = [line for line in told.splitlines() if "sample of scripted-a is sampled anew" in line]
    assert len(lines) == 1 and "temperature: 0.8 -> 0.7" in lines[0]
    # Back again: both pools are there, each under its own path.
    finished.edit("config/procedures.yaml", "temperature: 0.7", "temperature: 0.8")
    assert finished.jobs("responses") == {}


def test_the_command_line_says_the_same_as_a_file(finished):
    options = "models={scripted-a: {engine_options: {latency: 0, other: 4096, more: false}}}"
    told = finished.snakemake("identity", "--config", options)
    assert "because of model.engine_options.more: (not set) -> false" in told
    finished.edit(
        "tests/config/mini.yaml",
        "title: Scripted A",
        "title: Other\n    engine_options: {more: false, other: 4096}",
    )
    finished.snakemake("responses")
    assert "nothing is asked" in finished.snakemake("identity", "--config", options)
    assert finished.jobs("responses", "--config", options) == {}
