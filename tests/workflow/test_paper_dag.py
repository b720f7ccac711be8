"""The full study is planned, never run: how many jobs of each kind, and what each asks for."""

import re
import resource
from collections import Counter
from pathlib import Path

import pytest
import yaml
from itc import registry

REPO = Path(__file__).resolve().parents[2]
STAGE = re.compile(r"^(check_prompts|generate|annotate)_(.+)_(depth\d)(_from_shard\d+)?$")
# Defined for the demonstration and the tests, not for the full study.
LEFT_OUT = {"tiny-reasoner", "tiny-direct"}  # of models


def read(name):
    return yaml.safe_load((REPO / f"config/{name}.yaml").read_text())


def stages(jobs):
    """Jobs per stage: generation has a rule per model, depth and set of procedures."""
    counts = Counter()
    for rule, count in jobs.items():
        found = STAGE.match(rule)
        counts[f"{found[1]}_{found[3]}" if found else rule] += count
    return counts


def test_jobs_per_stage(project):
    project.configfile = "config/paper.yaml"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    jobs = project.jobs("all")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # benchmarks/dry_run.py allows 25 s; this only sees to it that nobody makes it another order.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 75
    study = read("paper")["study"]
    datasets, models, shards = len(study["datasets"]), 19, 8
    assert len(study["models"]) == models
    assert dict(stages(jobs)) == {
        "prepare_dataset": datasets,
        # Of every model whose tokenizer is here, not of the served one.
        "check_prompts_depth0": models - 1,
        # One job per model and shard loads the model once, for all datasets and procedures of a
        # depth; another grades them.
        "generate_depth0": models * shards,
        "annotate_depth0": models * shards,
        "generate_depth1": models * shards,
        "annotate_depth1": models * shards,
        "build_outcomes": datasets * models,
        # With all procedures, no strategy is left out.
        "evaluate_strategy": datasets * len(registry.names("strategies")),
        # Tables that no figure, section or claim reads are not made.
        "analyse": stages(jobs)["analyse"],
        # The regressions, minutes a model at this size.
        "analyse_model": models,
        "plot_figure": len(registry.names("figures")),
        "sample_examples": datasets,
        "render_explorer": datasets,
        "write_sheets": 1,
        "render_report": 1,
        "all": 1,
    }
    assert 0 < stages(jobs)["analyse"] <= len(registry.names("analyses"))
    assert 1200 < sum(jobs.values()) <= 5000
    assert not (project.folder / "results").exists()


def test_every_procedure_that_is_defined_is_in_the_study():
    assert set(read("paper")["study"]["procedures"]) == set(read("procedures")["procedures"])


@pytest.mark.parametrize("kind", ["models", "datasets"])
def test_all_of_the_study_is_defined(kind):
    """The registries also hold newer models and datasets than this study."""
    named = read("paper")["study"][kind]
    assert len(set(named)) == len(named) > 8
    assert set(named) <= set(read(kind)[kind]) - LEFT_OUT


def test_a_model_asks_for_the_gpus_it_is_split_over():
    for name, model in read("models")["models"].items():
        split = model.get("tensor_parallel_size", 1) * model.get("pipeline_parallel_size", 1)
        if name not in LEFT_OUT:
            expected = split if model.get("engine", "vllm") == "vllm" else 0
            assert model.get("gpu", 0) == expected, name


def test_weights_of_the_hub_are_pinned_to_a_commit():
    for name, model in read("models")["models"].items():
        if name not in LEFT_OUT and model.get("engine", "vllm") == "vllm":
            assert re.fullmatch("[0-9a-f]{40}", model["revision"]), name
