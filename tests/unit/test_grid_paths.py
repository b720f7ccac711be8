"""Which files a study has, and what each job is given: from the configuration alone."""

import copy
import re
from pathlib import Path

import pytest
import yaml
from itc.config import ConfigError, read_config
from itc.grid import Grid
from itc.grid.checks import check, check_keys

REPO = Path(__file__).parents[2]


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The default study in an empty folder, some keys of the configuration changed."""
    monkeypatch.chdir(tmp_path)  # what exists is looked up relative to the working folder
    merged = {}
    for stem in ("default", "datasets", "models", "procedures"):
        merged |= yaml.safe_load((REPO / "config" / f"{stem}.yaml").read_text())

    def made(models=None, **changes):
        raw = copy.deepcopy(merged)
        raw["study"] |= changes
        raw["models"] |= models or {}
        return Grid(read_config(raw), REPO)

    return made


def test_identity_is_in_the_path(study):
    grid = study()
    run = next(r for r in grid.runs if (r.dataset, r.model) == ("chain_sum", "tiny-reasoner"))
    key, digest = r"[0-9a-f]{10}", run.folder.rpartition("-")[2]
    assert re.fullmatch(f"results/datasets/chain_sum-{key}.parquet", grid.dataset_path("chain_sum"))
    assert re.fullmatch(f"chain_sum-{key}/tiny-reasoner/sample-{key}", run.folder)
    assert grid.response_path(run, "001") == f"results/responses/{run.folder}/001.parquet"
    assert grid.annotation_path(run, "001") == f"results/annotations/{run.folder}/001.parquet"
    assert grid.journal_path(run, "001") == f"journal/tiny-reasoner/sample-{digest}/001.jsonl"
    assert f"tiny-reasoner/sample-{digest}/000" in grid.journals


def test_files_of_a_study_lie_below_its_name(study):
    grid = study(name="mine")
    assert grid.outcome_path("d", "m") == "results/mine/outcomes/d/m.parquet"
    assert grid.evaluation_path("d", "s") == "results/mine/evaluations/d/s.parquet"
    assert grid.table_path("curves") == "results/mine/tables/curves.parquet"
    assert grid.probe_path("m") == "results/mine/probes/m.parquet"
    assert grid.example_path("d") == "results/mine/examples/d.parquet"
    assert grid.explorer_path("d") == "results/mine/explorer-d.html"
    assert grid.figure_paths("frontier") == {
        kind: f"results/mine/figures/frontier.{kind}" for kind in ("svg", "pdf", "csv")
    }
    assert set(grid.sheets.values()) == {
        "results/mine/claims.json",
        "results/mine/latex/main_results.tex",
        "results/mine/latex/claims.tex",
    }


def test_every_cell_has_outcomes_and_every_strategy_an_evaluation(study):
    grid = study(strategies=["single", "majority"])
    assert len(grid.cells) == 4 == len(grid.outcomes())
    assert grid.outcomes("chain_sum") == [
        grid.outcome_path("chain_sum", m) for m in ("tiny-reasoner", "tiny-direct")
    ]
    assert len(grid.evaluations()) == 2 * 2
    for dataset in grid.study.datasets:
        files = grid.responses_of(dataset)
        assert files and all(f"responses/{dataset}-" in f for f in files)
    annotations = grid.shard_files("annotations", "chain_sum", "tiny-direct")
    assert [f.replace("annotations", "responses") for f in annotations] == grid.shard_files(
        "responses", "chain_sum", "tiny-direct"
    )


def test_a_table_is_given_the_files_that_it_names(study):
    grid = study(strategies=["single"])
    labels = {
        "datasets": [grid.dataset_path(d) for d in grid.study.datasets],
        "outcomes": grid.outcomes(),
        "evaluations": grid.evaluations(),
        "curves": [grid.table_path("curves")],
        "probes": [],  # nobody has asked for one
    }
    for name in grid.report_tables:
        for label, files in grid.inputs_of_table(name).items():
            if label in labels:
                assert files == labels[label], (name, label)
    origins = grid.origins()
    assert set(origins["tables"]) == set(grid.report_tables)
    assert set(origins["figures"]) == set(grid.figures)
    drawn = origins["figures"]["frontier"]
    assert drawn["output"] == grid.figure_paths("frontier")["svg"]
    assert drawn["inputs"] == list(grid.tables_of_figure("frontier").values())
    for kind in origins.values():
        assert all((REPO / about["script"]).is_file() for about in kind.values())


def test_probes_that_exist_are_read(study):
    grid = study()
    (first, *_) = grid.probe_runs
    assert {run.dataset for run in grid.probe_runs} == {"chain_sum"}
    path = Path(grid.probe_path(first.model))
    path.parent.mkdir(parents=True)
    path.touch()
    assert grid.inputs_of_table("reproducibility")["probes"] == [str(path)]


def test_responses_without_a_journal_are_nobodys_output(study):
    grid = study()
    run = next(r for r in grid.runs if r.procedure == "sample")
    given = Path(grid.response_path(run, "000"))
    given.parent.mkdir(parents=True)
    given.touch()
    made = [r for batch in study().batches for r in batch.runs]
    assert run not in made and len(made) == len(grid.runs) - 1
    assert any(run in batch.runs for batch in study().annotation_batches)
    journal = Path(grid.journal_path(run, "000"))
    journal.parent.mkdir(parents=True)
    journal.touch()
    assert run in [r for batch in study().batches for r in batch.runs]


def test_a_batch_waits_for_its_parents_and_its_prompts(study):
    grid = study()
    by_name = {batch.name: batch for batch in grid.batches}
    first, judged = by_name["tiny_reasoner_depth0"], by_name["tiny_reasoner_depth1"]
    assert grid.parents(first) == ()
    assert {r.procedure for r in grid.parents(judged)} <= {r.procedure for r in first.runs}
    (checked,) = grid.prompt_checks(first)
    assert re.fullmatch(r"results/prompts/tiny-reasoner-[0-9a-f]{10}\.json", checked)
    assert grid.prompt_checks(judged) == []


def test_every_batch_of_jobs_is_timed(study):
    jobs = study().timed_jobs()
    generated = {name for name in jobs if name.startswith("generate/")}
    assert {name.removeprefix("generate/") for name in generated} == {
        batch.name for batch in study().batches
    }
    files = jobs["generate/tiny_direct_depth0"]["timing"]
    assert files == sorted(set(files)) and all(f.endswith("/000.timing.json") for f in files)
    assert jobs["annotate/tiny_direct_depth0"] == {"gpu": 0, "timing": []}


def test_the_explorer_can_be_left_out(study):
    assert study().explored == ("chain_sum", "leg_counting")
    assert study(sections=["headline"]).explored == ()


def test_what_a_study_does_not_use_is_not_in_its_hash(study):
    plain = study().relevant()
    assert set(plain["models"]) == {"tiny-reasoner", "tiny-direct"}
    assert study(models={"other": plain["models"]["tiny-direct"]}).relevant() == plain
    assert study(seed=1).relevant() != plain


def test_a_circle_of_parents_is_refused(study):
    grid = study()
    grid.config.procedures["sample"].parent = "judge_score"
    with pytest.raises(ConfigError, match="the parents form a circle"):
        grid.depth("judge_score")


def test_a_key_is_asked_for_only_by_jobs_that_sample(study, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    served = {
        "title": "Served",
        "reasoning": False,
        "engine": "openai",
        "model": "x",
        "base_url": "http://localhost:9/v1",
        "api_key_env": "NO_SUCH_KEY",
        "max_model_len": 100,
    }
    raw = study(models={"served": served}).config.model_dump()
    raw["study"]["models"] = ["served"]
    raw["study"]["procedures"] = ["sample"]
    grid = Grid(read_config(raw), REPO)
    check(grid)
    check_keys(grid, {"annotate_served_depth0", "all"})
    with pytest.raises(ConfigError, match="NO_SUCH_KEY is not set"):
        check_keys(grid, {"generate_served_depth0"})
    monkeypatch.setenv("NO_SUCH_KEY", "secret")
    check_keys(grid, {"generate_served_depth0"})
