"""One run of the whole chain on scripted responses: files, determinism, extension."""

import json
import shutil

STRATEGY = '''"""Always right: an extension written by a test."""

TITLE = "Copycat"
DESCRIPTION = "A single sample under another name."
CITATION = "none"
PROCEDURE = "sample"
NEEDS = ()
EXACT = True
UPPER_BOUND = False

from itc.strategies.single import evaluate  # noqa: E402, F401
'''


def tables_of(project):
    home = project.folder / "results"
    return {p.relative_to(home): p.read_bytes() for p in sorted(home.rglob("*.parquet"))}


def test_every_stage_leaves_its_files(finished_mini):
    home = finished_mini.folder / "results/mini"
    assert (home / "report.html").stat().st_size > 10_000
    for name in ("curves", "comparisons", "regression", "markers", "lengths"):
        assert (home / f"tables/{name}.parquet").exists()
    for kind in ("svg", "pdf", "csv"):
        assert (home / f"figures/frontier.{kind}").exists()
    assert "data-explorer" in (home / "explorer-sums.html").read_text(encoding="utf-8")
    assert json.loads((home / "claims.json").read_text(encoding="utf-8"))["claims"]
    for name in ("main_results", "claims"):
        assert r"\toprule" in (home / f"latex/{name}.tex").read_text(encoding="utf-8")
    assert not list(finished_mini.folder.rglob("*.partial"))


def test_the_report_lets_one_read_responses_and_says_what_the_jobs_cost(finished_mini):
    report = (finished_mini.folder / "results/mini/report.html").read_text(encoding="utf-8")
    assert " data-explorer " in report and 'href="explorer-sums.html"' in report
    assert "annotate" in report.split('id="table-jobs"')[1].split("</tbody>")[0]


def test_new_benchmark_files_do_not_remake_the_report(finished):
    for file in (finished.folder / "results/benchmarks").rglob("*.tsv"):
        file.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    assert finished.jobs("all") == {}


def test_snakemakes_own_report_has_every_figure_with_its_caption(finished_mini, tmp_path):
    page = tmp_path / "snakemake.html"
    finished_mini.snakemake("all", "--report", str(page))
    text = page.read_text(encoding="utf-8")
    for figure in (finished_mini.folder / "results/mini/figures").glob("*.svg"):
        assert f"{figure.stem}.svg" in text
    assert "How to read it." in text and "claims.json" in text and "report.html" in text


def test_two_runs_from_scratch_give_equal_bytes(finished_mini, project):
    project.snakemake("all")
    assert tables_of(project) == tables_of(finished_mini)
    one, two = (p.folder / "results/mini/figures" for p in (finished_mini, project))
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


def test_same_responses_give_equal_tables(finished):
    before = tables_of(finished)
    for part in ("annotations", "mini", "datasets"):
        shutil.rmtree(finished.folder / "results" / part)
    wanted = [f"results/mini/tables/{name}.parquet" for name in ("curves", "markers", "lengths")]
    finished.snakemake(*wanted)
    after = tables_of(finished)
    assert set(map(str, after)) >= {path.removeprefix("results/") for path in wanted}
    assert after == {path: before[path] for path in after}


def test_one_file_adds_a_strategy_to_the_dag_and_the_report(finished):
    (finished.folder / "workflow/scripts/itc/strategies/copycat.py").write_text(STRATEGY)
    finished.edit(
        "tests/config/mini.yaml",
        "strategies: [single, majority, coverage, shortest]",
        "strategies: [single, majority, coverage, shortest, copycat]\n"
        "  figures: [accuracy_by_samples]\n  sections: [strategies]",
    )
    assert finished.jobs("all")["evaluate_strategy"] == 1
    finished.snakemake("all")
    assert "Copycat" in (finished.folder / "results/mini/report.html").read_text(encoding="utf-8")


def test_replay_study_holds_no_generation(recordings, project):
    project.configfile = "config/replay.yaml"
    jobs = project.jobs("all", "--config", f"recordings={recordings}")
    assert jobs["import_art-of-tts"] == 1
    assert not [rule for rule in jobs if rule.startswith("generate")]
