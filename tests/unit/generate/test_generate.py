"""The generate job with the scripted engine: views of the journal, resuming, bad input."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace

import pandas as pd
import pytest
from itc.config.model import Model
from itc.engines._base import EngineError
from itc.generate import check
from itc.journal import Journal, JournalBusyError
from itc.procedures._options import ProcedureError

CHILDREN = (
    "judge_score",
    "judge_yesno",
    "revise_full",
    "revise_answer",
    "revise_critique",
    "aggregate_answers",
    "aggregate_full",
    "aggregate_summaries",
    "select",
    "truncate",
    "extend",
)


def test_rows_of_a_sample(bench):
    timing = bench.run(bench.job("sample", bench.problems()))
    table = bench.table("sample")
    assert len(table) == 3 * 8 == timing["requests_finished"]
    assert table["seed"].is_unique and table["seed"].between(0, 2**63 - 1).all()
    assert table["response_id"].is_unique
    for row in table.to_dict("records"):
        assert row["n_output_tokens"] == len(row["token_ids"])
        assert row["text"][: int(row["thinking_end"])].endswith("</think>")
        inside = row["text"].split("<think>")[1].split("</think>")[0]
        assert row["n_thinking_tokens"] == len(inside.encode())  # a token is a byte here
        assert row["cumulative_logprob"] < 0 < row["confidence_lowest"] <= row["confidence_mean"]
    assert (table.groupby("problem_id")["prompt_sha256"].nunique() == 1).all()


def test_every_row_tells_the_engine_and_its_settings(bench):
    parents = bench.parents()
    names = ("truncate", "extend", "revise_critique")
    bench.run(*(bench.job(name, bench.problems(), parents) for name in names))
    for name in ("sample", *names):  # rows that repeat a parent's response as well
        table = bench.table(name)
        assert set(table["engine"]) == {"scripted"}
        assert {json.loads(text)["window"] for text in table["engine_settings"]} == {100_000}


def test_a_second_run_opens_no_engine_and_gives_the_same_bytes(bench, monkeypatch):
    job = bench.job("sample", bench.problems())
    bench.run(job)
    before = bench.bytes("sample")
    job.output.unlink()
    monkeypatch.setattr(
        "itc.engines.scripted.open_engine", lambda model: pytest.fail("the engine was opened")
    )
    timing = bench.run(job)
    assert timing["requests_from_journal"] == 24 and timing["platform"] is None
    assert bench.bytes("sample") == before
    sessions = json.loads(bench.journal("sample").with_suffix(".timing.json").read_text())
    assert [s["requests_finished"] for s in sessions] == [24, 0]


def test_order_of_finishing_and_batch_size_do_not_show(bench, monkeypatch):
    bench.run(bench.job("sample", bench.problems()))
    before = bench.bytes("sample")
    bench.journal("sample").unlink()
    monkeypatch.setenv("ITC_SCRIPTED_CAPACITY", "1")
    bench.run(bench.job("sample", bench.problems()))
    assert bench.bytes("sample") == before


def test_a_changed_problem_asks_for_itself_only(bench):
    frame = bench.problems()
    bench.run(bench.job("sample", frame))
    frame.loc[1, "question"] = "What is 5 + 5?"
    assert bench.run(bench.job("sample", frame))["requests_finished"] == 8


def test_another_model_seed_or_setting_asks_again(bench):
    frame = bench.problems(1)
    bench.run(bench.job("sample", frame))
    changed = bench.model.model_copy(update={"dtype": "float32"})
    assert bench.run(bench.job("sample", frame), model=changed)["requests_finished"] == 8
    warmer = bench.job("sample", frame, temperature=1.0)
    assert bench.run(warmer)["requests_finished"] == 8
    assert bench.run(warmer)["requests_finished"] == 0
    assert bench.run(warmer, draws=9)["requests_finished"] == 1


def test_every_procedure_in_one_batch_and_from_the_journal(bench):
    parents = bench.parents()
    jobs = [bench.job(name, bench.problems(), parents) for name in CHILDREN]
    bench.run(*jobs)
    before = {name: bench.bytes(name) for name in CHILDREN}
    for name in CHILDREN:
        table = bench.table(name)
        known = set(table["response_id"]) | set(parents["response_id"])
        assert table["parents"].map(len).gt(0).all()
        assert {p for row in table["parents"] for p in row} <= known
        assert (table["n_output_tokens"] == table["token_ids"].map(len)).all()
        assert (table["n_thinking_tokens"] <= table["n_output_tokens"]).all()
    assert bench.run(*jobs)["requests_finished"] == 0
    assert {name: bench.bytes(name) for name in CHILDREN} == before


def test_memory_stays_flat_while_responses_grow(bench):
    """What the stream keeps per finished response is its place in the journal."""
    held = []

    def watch(counts):
        if counts.finished in (100, 800):
            held.append(tracemalloc.get_traced_memory()[0])

    frame = bench.problems(100)
    tracemalloc.start()
    try:
        bench.run(bench.job("sample", frame), on_progress=watch)
    finally:
        tracemalloc.stop()
    size = bench.journal("sample").stat().st_size / 800
    assert (held[1] - held[0]) / 700 < min(600, size / 2)


def test_second_job_on_a_shard_refuses(bench):
    job = bench.job("sample", bench.problems())
    with Journal(bench.journal("sample")), pytest.raises(JournalBusyError):
        bench.run(job, lock_wait=0)
    assert not job.output.exists()


def test_long_prompts_are_named_and_counted(bench):
    model = bench.model.model_copy(update={"max_model_len": 200})
    frame = bench.problems(4)
    frame.loc[[1, 3], "question"] = "What is " + " + ".join(["1"] * 100) + "?"
    job = bench.job("sample", frame)
    with pytest.raises(ProcedureError, match=r"(?s)prompts are longer.*sums/p1.*sums/p3.*skip"):
        bench.run(job, model=model, draws=1)
    assert not job.output.exists()


def test_long_prompts_can_be_skipped_and_stay_in_the_table(bench):
    model = bench.model.model_copy(update={"max_model_len": 200})
    frame = bench.problems(3)
    frame.loc[1, "question"] = "What is " + " + ".join(["1"] * 100) + "?"
    job = bench.job("sample", frame, long_prompt="skip")
    timing = bench.run(job, model=model, draws=2)
    assert timing["prompts_too_long"] == 2
    table = bench.table("sample").set_index("problem_id")
    assert set(table.loc["p1", "finish_reason"]) == {"prompt_too_long"}
    assert set(table.loc["p1", "text"]) == {""} and (table.loc["p1", "n_prompt_tokens"] > 200).all()
    again = bench.run(job, model=model, draws=2)
    assert (again["prompts_too_long"], again["platform"]) == (0, None)


def test_thinking_that_never_closes(bench):
    bench.run(bench.job("sample", bench.problems(1), max_tokens=30))
    table = bench.table("sample")
    assert table["thinking_end"].isna().all() and set(table["finish_reason"]) == {"length"}
    assert set(table["n_thinking_tokens"]) == {30 - len("<think>")}


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("sample", {"prompts": {"prompt": "{{ question }} {{ hint }}"}}, "unknown variables.*hint"),
        ("sample", {"prompts": {"prompt": "{% if %}"}}, "prompt.*line 1"),
        ("sample", {"prompts": {"extra": "x"}}, "no role 'extra'; allowed: prompt"),
        ("sample", {"prompts": {}}, "prompt: missing"),
        ("judge_score", {"votes": 0}, r"judge_score.votes: value 0 refused"),
        ("judge_score", {"scale": "stars"}, "should be 'score' or 'yesno'"),
        ("judge_score", {"lowest": 10}, "not below highest"),
        ("judge_yesno", {"words": ["Yes"]}, r"words: .*two different words"),
        ("revise_full", {"rounds": 0}, "rounds: value 0"),
        ("revise_full", {"rounds": True}, "rounds: value True"),
        ("revise_full", {"show": "all"}, "should be 'response', 'full' or 'answer'"),
        ("revise_full", {"prompts": {"prompt": "{{ critique }}"}}, "unknown variables.*critique"),
        ("aggregate_full", {"width": 1}, "width: value 1"),
        ("aggregate_full", {"layers": 0}, "layers: value 0"),
        ("aggregate_full", {"show": "summaries"}, "role summary"),
        ("select", {"layers": 2}, "one layer"),
        ("truncate", {"budgets": []}, "budgets"),
        ("truncate", {"budgets": [-1]}, "budgets"),
        ("truncate", {"budgets": [4, 4]}, "budgets"),
        ("extend", {"times": 0}, "times: value 0"),
        ("extend", {"wait": " "}, "wait: empty"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_loaded(bench, name, changes, message):
    job = bench.job(name, bench.problems(), **changes)
    with pytest.raises(ProcedureError, match=message):
        check(name, job.settings)
    with pytest.raises(ProcedureError, match=message):
        bench.run(job)
    assert not job.output.exists() and not bench.journal(name).exists()


def test_a_block_takes_only_the_first_draws(bench):
    parents = bench.parents()
    whole = bench.job("select", bench.problems(), parents)
    bench.run(replace(whole, block=4))
    table = bench.table("select")
    assert set(table["draw"]) == {0}
    seen = {parent for row in table["parents"] for parent in row}
    assert set(parents.loc[parents["response_id"].isin(seen), "draw"]) == {0, 1, 2, 3}


def test_missing_parents_and_too_few_draws(bench):
    parents = bench.parents()
    with pytest.raises(ProcedureError, match=r"select.parent: missing.*'sample'"):
        bench.run(bench.job("select", bench.problems()))
    with pytest.raises(ProcedureError, match="no response to problem 'p1'"):
        bench.run(
            bench.job("judge_score", bench.problems(), parents[parents["problem_id"] == "p0"])
        )
    with pytest.raises(ProcedureError, match="width: 4, but its parent has 3 draws"):
        bench.run(bench.job("select", bench.problems(), parents[parents["draw"] < 3]))


def test_models_that_cannot_be_served(bench, tmp_path):
    job = bench.job("sample", bench.problems())
    (tmp_path / "empty").mkdir()
    for model, message in (
        ({"engine": "vllm", "model": str(tmp_path / "empty")}, "holds no weights"),
        ({"engine": "vllm", "model": str(tmp_path / "absent")}, "there is no folder"),
        ({"engine": "vllm", "model": "name"}, "neither a folder nor a repository"),
        ({"engine": "vlm", "model": "a/b"}, "unknown engine 'vlm'"),
        ({"engine": "scripted", "thinking": ("<think>", "")}, "pair of delimiters"),
    ):
        with pytest.raises(EngineError, match=f"model 'toy': .*{message}"):
            bench.run(job, model=Model.model_validate({"title": "t", "reasoning": True} | model))
    assert not job.output.exists()


def test_an_empty_dataset_is_refused(bench):
    with pytest.raises(ProcedureError, match="no problems"):
        bench.run(bench.job("sample", bench.problems(0)))


def test_a_model_without_thinking_has_nothing_to_truncate(bench):
    model = bench.model.model_copy(update={"thinking": None})
    parents = bench.parents(model=model)
    with pytest.raises(ProcedureError, match="no thinking to cut"):
        bench.run(bench.job("truncate", bench.problems(), parents), model=model)
    bench.run(bench.job("extend", bench.problems(), parents), model=model)
    extended = bench.table("extend")
    first = extended[extended["round"] == 1].reset_index(drop=True)
    source = pd.Series(list(parents["text"]))
    assert all(a.startswith(b + "\nWait") for a, b in zip(first["text"], source, strict=True))
