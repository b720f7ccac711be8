"""What was answered once is not asked again, whatever its path, and never pooled wrongly."""

from __future__ import annotations

import json
import shutil

import pytest
from itc import generation_stream, migration
from itc.config import identity
from itc.config.model import Model
from itc.contents import Contents
from itc.procedures._options import ProcedureError


def moved(bench, name: str, tag: str = "aaaaaaaaaa") -> None:
    folder = bench.journal(name).parent
    shutil.move(folder, folder.with_name(f"{name}-{tag}"))


def about(bench, job, model: Model | None = None, seed: int = 7):
    entry = model or bench.model
    found = identity.of_model(entry, Contents().of_model(entry))
    return identity.of_responses(seed, found, job.settings)


def identified(bench, name, frame, model=None, tag="0123456789", **changes):
    job = bench.job(name, frame, **changes)
    job.identity, job.procedure_hash = about(bench, job, model), tag
    return job


def test_answers_under_another_hash_are_taken_over_and_told(bench, capsys):
    job = bench.job("sample", bench.problems())
    first = bench.run(job)
    assert (first["requests_finished"], first["requests_adopted"]) == (24, 0)
    before = bench.bytes("sample")
    moved(bench, "sample")
    capsys.readouterr()
    again = bench.run(job)
    assert (again["requests_finished"], again["requests_adopted"]) == (0, 24)
    assert again["requests_from_journal"] == 24 and again["platform"] is None
    assert bench.bytes("sample") == before
    told = capsys.readouterr().err
    assert "24 answers to sample were found in" in told and "sample-aaaaaaaaaa/000.jsonl" in told
    # What was taken over is now in this journal: nothing is searched a second time.
    shutil.rmtree(bench.journal("sample").parent.with_name("sample-aaaaaaaaaa"))
    assert bench.run(job)["requests_adopted"] == 0
    assert bench.bytes("sample") == before


def test_children_are_found_too_and_what_is_missing_is_asked(bench):
    parents = bench.parents()
    for name in ("judge_score", "revise_critique", "aggregate_summaries"):
        job = bench.job(name, bench.problems(), parents)
        asked = bench.run(job)["requests_finished"]
        before = bench.bytes(name)
        journal = bench.journal(name)
        lines = journal.read_bytes().split(b"\n")
        journal.write_bytes(b"\n".join(lines[:5]) + b"\n")
        moved(bench, name)
        again = bench.run(job)
        assert again["requests_adopted"] == 5 and again["requests_finished"] == asked - 5
        assert bench.bytes(name) == before


def test_another_size_of_shards_finds_the_draws_in_other_shards(bench):
    frame = bench.problems()
    bench.run(bench.job("sample", frame), draws=4)
    job = bench.job("sample", frame)
    job.output = job.output.with_name("001.parquet")
    found = bench.run(job, draws=6)
    assert (found["requests_adopted"], found["requests_finished"]) == (12, 6)


def test_what_decides_is_never_taken_over(bench):
    frame = bench.problems()
    bench.run(bench.job("sample", frame))
    moved(bench, "sample")
    for changes in ({"temperature": 0.7}, {"min_p": 0.1}, {"stop": ["x"]}, {"max_tokens": 5}):
        assert bench.run(bench.job("sample", frame, **changes))["requests_adopted"] == 0
    for change in ({"logprobs": 2}, {"resample": 1}, {"max_model_len": 5000}):
        other = bench.model.model_copy(update=change)
        assert bench.run(bench.job("sample", frame), model=other)["requests_adopted"] == 0


def test_a_raised_behaviour_number_parts_old_and_new(bench, monkeypatch, capsys):
    frame = bench.problems()
    bench.run(identified(bench, "sample", frame))
    old = bench.journal("sample").read_bytes()
    reason = "the stop token is left out of the text"
    changed = {("procedures", "sample"): {1: reason}}
    for module in (generation_stream, identity, migration):
        monkeypatch.setattr(module, "behaviour", lambda *kind: changed.get(kind, {}))
    capsys.readouterr()
    new = identified(bench, "sample", frame, tag="bbbbbbbbbb")
    found = bench.run(new)
    assert (found["requests_finished"], found["requests_adopted"]) == (24, 0)
    assert bench.journal("sample").read_bytes() == old  # readable under its own name
    told = [line for line in capsys.readouterr().err.splitlines() if "sampled anew" in line]
    assert len(told) == 1 and reason in told[0] and "24 answers" in told[0]
    changed["engines", "scripted"] = {3: "the prompt ends otherwise"}
    engine = identified(bench, "sample", frame, tag="cccccccccc")
    assert bench.run(engine)["requests_finished"] == 24
    keys = [set(map(_key, path.read_bytes().splitlines())) for path in _journals(bench)]
    assert len(keys) == 3 and not (keys[0] & keys[1] | keys[1] & keys[2] | keys[0] & keys[2])


def _journals(bench):
    return sorted((bench.folder / "journal").rglob("*.jsonl"))


def _key(line: bytes) -> str:
    return json.loads(line)["key"]


def test_one_changed_key_is_named_in_one_line(bench, capsys):
    frame = bench.problems(1)
    bench.run(identified(bench, "sample", frame))
    capsys.readouterr()
    bench.run(identified(bench, "sample", frame, tag="bbbbbbbbbb", temperature=0.5))
    told = [line for line in capsys.readouterr().err.splitlines() if "sampled anew" in line]
    (line,) = told
    assert "procedures.sample.temperature: 0.8 -> 0.5" in line and "8 answers" in line
    bench.run(identified(bench, "sample", frame, tag="cccccccccc", temperature=0.4, top_p=0.5))
    assert "sampled anew" not in capsys.readouterr().err  # more than one key: `identity` lists them
    kept = json.loads((bench.journal("sample").parent / migration.NAME).read_text())
    assert kept["procedure"]["prompts"]["prompt"].startswith("{{ question")


def test_a_refused_prompt_is_no_answer_where_refusals_end_the_job(bench):
    model = bench.model.model_copy(update={"max_model_len": 200})
    frame = bench.problems(3)
    frame.loc[1, "question"] = "What is " + " + ".join(["1"] * 100) + "?"
    skipping = bench.job("sample", frame, long_prompt="skip")
    assert bench.run(skipping, model=model, draws=2)["prompts_too_long"] == 2
    rows = bench.bytes("sample")
    with pytest.raises(ProcedureError, match="prompts are longer than the model's window"):
        bench.run(bench.job("sample", frame), model=model, draws=2)
    # The same journal serves both: what was answered is not lost by either setting.
    again = bench.run(skipping, model=model, draws=2)
    assert (again["requests_finished"], again["prompts_too_long"]) == (0, 0)
    assert bench.bytes("sample") == rows


def test_an_interrupted_fail_is_finished_by_skip_as_its_message_says(bench):
    model = bench.model.model_copy(update={"max_model_len": 200})
    frame = bench.problems(3)
    frame.loc[2, "question"] = "What is " + " + ".join(["1"] * 100) + "?"
    with pytest.raises(ProcedureError, match="What finished is in the journal"):
        bench.run(bench.job("sample", frame), model=model, draws=40)
    done = len(bench.journal("sample").read_bytes().splitlines())
    assert done
    again = bench.run(bench.job("sample", frame, long_prompt="skip"), model=model, draws=40)
    assert again["requests_from_journal"] == done
