"""Targets that are asked for by name: the reproducibility probe, pruning of the journal."""

import pandas as pd

REPORT = "results/mini/report.html"
OVERLAY = "probe.yaml"


def test_the_probe_is_made_on_demand_and_quoted_by_the_next_report(finished):
    report = finished.folder / REPORT
    assert "snakemake --cores all reproducibility_probe" in report.read_text(encoding="utf-8")
    finished.edit(
        "tests/config/mini.yaml",
        "  bootstrap: 200",
        "  bootstrap: 200\n  probe: {draws: 2, problems: 5, dtypes: []}",
    )
    assert "probe_model" not in finished.jobs("all")
    finished.snakemake("reproducibility_probe")
    tables = sorted((finished.folder / "results/mini/probes").glob("*.parquet"))
    assert [path.stem for path in tables] == ["scripted-a", "scripted-b"]
    table = pd.read_parquet(tables[0])
    assert table["variant"].tolist() == ["as configured", "max_num_seqs=1", "max_num_seqs=8"]
    assert (table["n_responses"] == 10).all()
    # The scripted engine answers by the request alone, as a batch-invariant one would.
    assert (table["identical"] == 1).all() and (table["accuracy_difference"] == 0).all()

    wanted = finished.jobs("all")
    assert wanted["analyse"] == 1 and "render_report" in wanted
    assert not [rule for rule in wanted if rule.startswith(("generate", "annotate", "evaluate"))]
    finished.snakemake("all")
    text = report.read_text(encoding="utf-8")
    assert "The same requests, sampled again" in text and "max_num_seqs=8" in text


def test_the_plan_is_printed_on_demand(finished):
    output = finished.snakemake("plan")
    assert "needs for 1" in output and "points: the difference as recorded" in output
    plan = pd.read_parquet(finished.folder / "results/mini/tables/planning.parquet")
    assert set(plan["cheaper"]) <= {"enough", "problems", "draws", "unknown"}


def test_journals_are_deleted_only_when_told(finished):
    journal = finished.folder / "journal"
    before = sorted([*journal.rglob("*.json*"), *journal.rglob("*.keys")])
    output = finished.snakemake("prune_journal")
    assert "Every journal in journal/ belongs to study mini." in output
    finished.edit("config/procedures.yaml", "temperature: 0.8", "temperature: 0.7")
    output = finished.snakemake("prune_journal")
    assert "nothing is deleted unless you add --config prune=true" in output
    assert sorted([*journal.rglob("*.json*"), *journal.rglob("*.keys")]) == before
    assert f"in {len(before)} files of journal/" in output
    output = finished.snakemake("prune_journal", "--config", "prune=true")
    assert f"deleted: {len(before)} files of journal/" in output
    assert not list(journal.rglob("*.json*"))
