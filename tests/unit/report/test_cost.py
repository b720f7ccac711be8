"""Cost of the study from benchmark files, however broken they are."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from itc.report.context import Context
from itc.report.cost import read_benchmarks, read_cost
from itc.report.sections import cost

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "".join(rows), encoding="utf-8")
    return path


def test_jobs_are_summed_by_rule_and_batch(tmp_path: Path) -> None:
    one = "10.0\t0:00:10\t100.0\t1\t1\t1\t0\t0\t50\t5.0\n"
    two = "20.0\t0:00:20\t300.0\t1\t1\t1\t0\t0\t50\t9.0\n"
    short = "0.1\t0:00:00\tNA\tNA\tNA\tNA\tNA\tNA\tNA\tNA\n"
    files = [
        write(tmp_path, "generate/model_a/000.tsv", one),
        write(tmp_path, "generate/model_a/001.tsv", two, one),
        write(tmp_path, "annotate/model_a/000.tsv", short),
        write(tmp_path, "annotate/model_b/000.tsv"),
    ]
    rows = {(r["rule"], r["batch"]): r for r in read_benchmarks(reversed(files), tmp_path)}
    generate = rows["generate", "model_a"]
    assert (generate["jobs"], generate["runs"]) == (2, 3)
    assert generate["seconds"] == 40.0 and generate["cpu_seconds"] == 19.0
    assert generate["max_rss_mb"] == 300.0
    assert rows["annotate", "model_a"]["max_rss_mb"] is None
    assert rows["annotate", "model_b"]["runs"] == 0


def test_sessions_count_once_per_start_and_retries_show(tmp_path: Path) -> None:
    one = "10.0\t0:00:10\t100.0\t1\t1\t1\t0\t0\t50\t5.0\n"
    write(tmp_path / "benchmarks", "generate/model_a/000.tsv", one)
    first = {"started": "t1", "requests_from_journal": 0, "requests_finished": 30}
    again = {"started": "t2", "requests_from_journal": 30, "requests_finished": 10}
    first |= {"seconds": 10.0, "engine_seconds": 4.0, "output_tokens": 300}
    again |= {"seconds": 3.0, "engine_seconds": 1.0, "output_tokens": 100}
    paths = []
    for run in ("sample-a", "judge-b"):  # one job writes the records of all the runs it serves
        path = tmp_path / f"journal/model_a/{run}/000.timing.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps([first, again]), encoding="utf-8")
        paths.append(str(path.relative_to(tmp_path)))
    paths.append("journal/model_a/never-ran/000.timing.json")
    jobs = {
        "generate/model_a": {"gpu": 2, "timing": paths},
        "generate/model_b": {"gpu": 1, "timing": []},
    }
    (row,) = read_cost(jobs, tmp_path / "benchmarks", tmp_path)
    assert row["gpu_seconds"] == 20.0
    assert (row["sessions"], row["resumed"], row["requests"]) == (2, 1, 40)
    assert row["tokens_per_second"] == 400 / (6 + 2)  # the engine's start apart


def test_damaged_session_records_tell_nothing(tmp_path: Path) -> None:
    write(tmp_path, "generate/a/000.tsv")
    for i, text in enumerate(('[{"started"', '{"started": 1}', "[1, null]", "")):
        (tmp_path / f"{i}.timing.json").write_text(text, encoding="utf-8")
    jobs = {"generate/a": {"gpu": 0, "timing": [f"{i}.timing.json" for i in range(4)]}}
    (row,) = read_cost(jobs, tmp_path, tmp_path)
    assert row["sessions"] is None and row["gpu_seconds"] is None


def test_the_section_adds_up_and_stays_away_without_data() -> None:
    assert cost.build(Context(tables={})) is None
    quality = pd.DataFrame({"n_responses": [10, 5], "output_tokens": [100.0, None]})
    jobs = [{"rule": "generate", "batch": "a", "jobs": 2, "runs": 3, "seconds": 7200.0}]
    context = Context(tables={"quality": quality}, provenance={"cost": jobs})
    cards = {c.label: c.number.value for c in cost.build(context).blocks[0].cards}
    assert cards == {
        "responses": 15,
        "output tokens": 100.0,
        "jobs": 2,
        "job hours": 2.0,
    }
