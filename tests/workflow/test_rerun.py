"""What reruns and what does not: identity is content, and responses are sacred."""

import os
import shutil

import pytest

SAMPLING = "generate_scripted"


def sampling(jobs):
    return {rule: count for rule, count in jobs.items() if rule.startswith(SAMPLING)}


def engine_calls(project):
    return sum(
        len(path.read_text().splitlines()) for path in (project.folder / "journal").rglob("*.jsonl")
    )


def sources(project):
    for part in ("workflow", "config", "reports", "Snakefile", "profiles", "tests"):
        path = project.folder / part
        yield from [path] if path.is_file() else (p for p in path.rglob("*") if p.is_file())


def test_second_run_has_nothing_to_do(finished):
    assert finished.jobs("all") == {}
    assert "Nothing to be done" in finished.snakemake("all")


def test_touching_every_source_reruns_nothing(finished):
    for path in sources(finished):
        os.utime(path)
    assert finished.jobs("all") == {}


def test_commenting_every_module_reruns_nothing(finished):
    for path in (finished.folder / "workflow" / "scripts").rglob("*.py"):
        path.write_text(path.read_text(encoding="utf-8") + "\n# a comment\n", encoding="utf-8")
    assert finished.jobs("all") == {}


def test_editing_one_strategy_reruns_its_jobs_and_what_hangs_below(finished):
    file = finished.folder / "workflow/scripts/itc/strategies/shortest.py"
    file.write_text(file.read_text(encoding="utf-8") + "\n_EDITED = 1\n", encoding="utf-8")
    jobs = finished.jobs("all")
    assert jobs["evaluate_strategy"] == 1
    assert {"analyse", "render_report"} <= set(jobs)
    assert not sampling(jobs)
    assert not {"build_outcomes", "prepare_dataset"} & set(jobs)
    assert not [rule for rule in jobs if rule.startswith("annotate")]


def test_more_draws_run_only_the_new_shard(finished):
    finished.edit("tests/config/mini.yaml", "draws: 8", "draws: 12")
    assert sampling(finished.jobs("all")) == {
        "generate_scripted_a_depth0": 1,
        "generate_scripted_b_depth0": 1,
    }


def test_fresh_clone_with_responses_in_place_does_not_sample(finished, project):
    shutil.copytree(finished.folder / "results/responses", project.folder / "results/responses")
    assert not sampling(project.jobs("all"))
    before = {p: p.read_bytes() for p in (project.folder / "results/responses").rglob("*.parquet")}
    project.snakemake("results/mini/tables/curves.parquet")
    assert not (project.folder / "journal").exists()
    assert {p: p.read_bytes() for p in before} == before


def test_fresh_clone_with_journal_rebuilds_without_asking_the_engine(finished, project):
    shutil.copytree(finished.folder / "journal", project.folder / "journal")
    before = engine_calls(project)
    project.snakemake("responses")
    assert engine_calls(project) == before
    for path in (finished.folder / "results/responses").rglob("*.parquet"):
        copy = project.folder / path.relative_to(finished.folder)
        assert copy.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("config/procedures.yaml", "temperature: 0.8", "temperature: 0.7"),
        ("config/prompts/sample.j2", "Put your final", "Write your final"),
        ("config/default.yaml", "seed: 20250418", "seed: 1"),
    ],
)
def test_what_decides_a_response_samples_into_a_new_path(finished, path, old, new):
    before = sorted((finished.folder / "results/responses").rglob("*.parquet"))
    finished.edit(path, old, new)
    assert sum(sampling(finished.jobs("responses")).values()) == 4
    finished.snakemake("responses")
    after = sorted((finished.folder / "results/responses").rglob("*.parquet"))
    assert set(before) < set(after)
    assert len(after) == 2 * len(before)


def test_a_title_or_a_run_time_starts_no_generation(finished):
    finished.edit(
        "tests/config/mini.yaml",
        "title: Scripted A",
        "title: Another\n    runtime: 999\n    threads: 1",
    )
    assert not sampling(finished.jobs("all"))


def test_a_datasets_title_neither_loads_it_again_nor_hides_missing_responses(finished):
    finished.edit("tests/config/mini.yaml", "title: Sums", "title: Additions")
    assert "prepare_dataset" not in finished.jobs("all")
    for path in (finished.folder / "results/responses").rglob("*.parquet"):
        path.unlink()
    assert sampling(finished.jobs("responses"))


def test_a_changed_problem_resamples_only_itself(finished):
    before = engine_calls(finished)
    finished.edit("tests/config/sums.csv", "What is 5 + 6?", "What is 5 + 0?")
    finished.snakemake("responses")
    draws, models = 8, 2
    assert engine_calls(finished) - before == draws * models


def test_an_added_dataset_asks_only_for_its_own_responses(finished):
    before = engine_calls(finished)
    old = sorted((finished.folder / "results/responses").rglob("*.parquet"))
    bytes_before = [path.read_bytes() for path in old]
    (finished.folder / "tests/config/more.csv").write_text(
        "problem_id,question,gold\nm1,What is 100 + 1?,101\n"
    )
    finished.edit("tests/config/mini.yaml", "datasets: [sums]", "datasets: [sums, more]")
    finished.edit(
        "tests/config/mini.yaml",
        "datasets:\n  sums:",
        "datasets:\n  more:\n    title: More\n    loader: local\n    path: tests/config/more.csv\n"
        "    answer_type: number\n  sums:",
    )
    finished.snakemake("responses")
    assert engine_calls(finished) - before == 8 * 2
    assert [path.read_bytes() for path in old] == bytes_before
