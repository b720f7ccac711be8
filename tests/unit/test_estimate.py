"""Estimates against counts made by hand, and what measurements change in them."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from itc import tables
from itc.config import read_config
from itc.estimate import START_MINUTES, TOKENS, TOKENS_PER_GPU_SECOND, Estimate
from itc.estimate.measured import measure
from itc.estimate.text import render
from itc.grid import Grid

REPO = Path(__file__).resolve().parents[2]
PROBLEMS, DRAWS, SHARD = 12, 8, 4


@pytest.fixture
def config():
    """The mini study of one GPU model, with some procedures added."""
    raw = yaml.safe_load((REPO / "config/default.yaml").read_text())
    raw |= yaml.safe_load((REPO / "tests/config/mini.yaml").read_text())
    raw["study"] |= {"models": ["scripted-a"], "procedures": ["sample"], "seed": 1}
    raw["models"]["scripted-a"] |= {"gpu": 2, "parameters": 10.0}
    raw["procedures"] = {
        "sample": {"kind": "sample", "prompt": "sample", "max_tokens": 32768},
        "judge": {
            "kind": "judge",
            "parent": "sample",
            "prompt": "judge_score",
            "votes": 3,
            "max_tokens": 100,
        },
        "revise": {
            "kind": "revise",
            "parent": "sample",
            "prompt": {"prompt": "revise_critique", "critique": "critique"},
            "rounds": 2,
            "max_tokens": 32768,
            "draws": 4,
        },
    }
    return raw


def estimate(config, base):
    return Estimate(Grid(read_config(config), REPO), base)


def test_requests_are_those_of_the_procedures(config, tmp_path):
    (row,) = estimate(config, tmp_path).rows()
    assert (row.jobs, row.done) == (DRAWS // SHARD, 0)
    assert row.requests == PROBLEMS * DRAWS
    config["study"]["procedures"] = ["sample", "judge", "revise"]
    (row,) = estimate(config, tmp_path).rows()
    # Depth 1 is one more job per shard: both procedures in the first, the judge in the second.
    assert row.jobs == 2 * DRAWS // SHARD
    # Three votes on each of eight draws; two calls in each of two rounds on each of four draws.
    assert row.requests == PROBLEMS * (DRAWS + 3 * DRAWS + 2 * 2 * 4)


def test_tokens_and_hours_without_measurements(config, tmp_path):
    config["study"]["procedures"] = ["sample", "judge"]
    (row,) = estimate(config, tmp_path).rows()
    # The judge's cap of 100 is below what a reasoning model typically writes.
    tokens = PROBLEMS * DRAWS * (TOKENS["sample"][0] + 3 * 100)
    assert row.tokens == tokens
    seconds = tokens / (TOKENS_PER_GPU_SECOND * 2 / 10.0) + 60 * START_MINUTES * 4
    assert row.gpu_hours == pytest.approx(2 * seconds / 3600)
    assert row.measured == set()


def responses(path, tokens):
    frame = pd.DataFrame({"n_output_tokens": tokens})
    frame["problem_id"] = [f"s{i:02d}" for i in range(len(frame))]
    frame["dataset"], frame["model"], frame["procedure"] = "sums", "scripted-a", "sample"
    frame["draw"], frame["round"] = 0, 0
    frame["response_id"] = frame["problem_id"]
    tables.write(frame, "responses", path)


def test_finished_shards_are_left_out_and_measured(config, tmp_path):
    made = estimate(config, tmp_path)
    (run,) = made.grid.runs
    responses(tmp_path / made.grid.response_path(run, "000"), [100] * 6 + [300] * 6)
    journal = tmp_path / made.grid.journal_path(run, "000")
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"x" * 2400 * 7)
    session = {"started": "t", "seconds": 180.0, "engine_seconds": 60.0, "output_tokens": 2400}
    journal.with_suffix(".timing.json").write_text(json.dumps([session]))
    (row,) = made.rows()
    assert (row.jobs, row.done) == (2, 1)
    assert row.requests == PROBLEMS * SHARD
    assert row.tokens == PROBLEMS * SHARD * 200
    # 2400 tokens in two minutes of work, one minute to start, two GPUs.
    assert row.gpu_hours == pytest.approx(2 * (row.tokens / 20 + 60) / 3600)
    assert row.measured == {"tokens", "speed", "bytes"}
    assert row.gpu_seconds_per_token == pytest.approx(2 / 20)
    assert "models.scripted-a.gpu_seconds_per_token: 0.1 is what" in render(made)
    size = (tmp_path / made.grid.response_path(run, "000")).stat().st_size
    assert row.bytes == pytest.approx(row.tokens * (7 + size / 2400))


def test_a_session_beside_several_journals_counts_once(config, tmp_path):
    made = estimate(config, tmp_path)
    session = {"started": "t", "seconds": 20.0, "engine_seconds": 10.0, "output_tokens": 100}
    for name in ("a-1", "b-2"):
        path = tmp_path / "journal/scripted-a" / name / "000.timing.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps([session]))
    found = measure(made.grid, tmp_path, "scripted-a")
    assert found.rate == pytest.approx(10.0)
    assert found.start_minutes == pytest.approx(10 / 60)


def test_a_damaged_timing_file_is_no_measurement(config, tmp_path):
    path = tmp_path / "journal/scripted-a/a-1/000.timing.json"
    path.parent.mkdir(parents=True)
    path.write_text('[{"seconds": 1')
    assert measure(estimate(config, tmp_path).grid, tmp_path, "scripted-a").rate is None


def test_price_of_a_served_model(config, tmp_path):
    price = {"input": 1.0, "output": 2.0, "date": "2026-01-01"}
    config["models"]["scripted-a"] |= {"price": price, "gpu": 0}
    (row,) = estimate(config, tmp_path).rows()
    assert row.dollars == pytest.approx(row.tokens * 2 / 1e6)
    assert row.gpu_hours == 0


def test_the_printed_table(config, tmp_path):
    text = render(estimate(config, tmp_path))
    assert "Study mini: 12 problems of 1 datasets, 8 draws, shards of 4." in text
    (line,) = [line for line in text.splitlines() if line.startswith("scripted-a")]
    assert line.split()[:5] == ["scripted-a", "2", "2", "0", "96"]
    assert "LEFT OUT" not in text


def test_a_dataset_of_unknown_size_is_told(config, tmp_path, monkeypatch):
    monkeypatch.setattr(Estimate, "_problems", lambda self, name: None)
    text = render(estimate(config, tmp_path))
    assert "LEFT OUT, number of problems unknown until prepared: sums." in text


def test_a_known_size_counts_until_the_table_is_made(config, tmp_path, monkeypatch):
    known = estimate(config, tmp_path).rows()[0].requests
    config["datasets"]["sums"] = {
        "title": "Sums",
        "loader": "huggingface",
        "repo": "owner/sums",
        "revision": "0" * 40,
        "files": ["sums.jsonl"],
        "columns": {"question": "question", "gold": "gold"},
        "answer_type": "number",
        "problems": 2 * PROBLEMS,
    }
    counted = estimate(config, tmp_path)
    assert counted.rows()[0].requests == 2 * known
    assert "LEFT OUT" not in render(counted)
    # The number is an expectation, not part of what the dataset is.
    keys = counted.grid.dataset_path("sums")
    config["datasets"]["sums"]["problems"] = 1
    assert estimate(config, tmp_path).grid.dataset_path("sums") == keys
