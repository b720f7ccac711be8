"""What a model was sent is kept beside the timing file, without keys, and shown in the report."""

from __future__ import annotations

import json
import os
from pathlib import Path

from itc import sent
from itc.report.context import Context
from itc.report.render import environment
from itc.report.sections import provenance

ROOT = Path(__file__).resolve().parents[3]
SECRET = "sk-test-0123456789"


def test_the_first_request_of_each_model_and_procedure_is_kept(bench):
    graded = bench.parents()
    bench.run(bench.job("judge_score", bench.problems(), graded))
    for name in ("sample", "judge_score"):
        file = sent.path_beside(bench.journal(name))
        assert file.with_name(file.name.replace(".sent.", ".timing.")).exists()
        found = json.loads(file.read_text())
        assert found["engine"] == "scripted" and found["endpoint"] == "scripted"
        (message,) = found["body"]["messages"]
        assert found["prompt"] == f"[user] {message['content']}\n[assistant] "
        assert found["body"]["params"]["max_tokens"] == bench.entry(name).entry.max_tokens
        before = file.read_bytes()
        bench.run(bench.job(name, bench.problems(), graded if name != "sample" else None))
        assert file.read_bytes() == before  # a run that asks for nothing sends nothing


def test_keys_are_removed_wherever_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("TOY_KEY", SECRET)
    body = {
        "model": "m",
        "max_tokens": 5,
        "extra": [{"Authorization": "Bearer x", "api_key": "abc", "client_secret": "d"}],
        "messages": [{"role": "user", "content": f"my key is {SECRET}!"}],
    }
    journal = tmp_path / "000.jsonl"
    sent.write(journal, {"endpoint": "/x", "prompt": SECRET, "body": body}, {}, (None, "TOY_KEY"))
    text = (tmp_path / "000.sent.json").read_text()
    found = json.loads(text)
    assert SECRET not in text and os.environ["TOY_KEY"] == SECRET
    assert found["body"]["messages"][0]["content"] == "my key is ***!"
    assert set(found["body"]["extra"][0].values()) == {"***"} and found["body"]["max_tokens"] == 5


def page(entries) -> str:
    context = Context(tables={}, provenance={"sent": entries})
    template = environment(ROOT / "reports" / "templates")
    return template.get_template("sections/provenance.html").render(data=provenance.build(context))


def test_the_report_shows_what_was_sent_and_escapes_it(tmp_path):
    evil = "<script>alert('x')</script>"
    timing = []
    for model, procedure in (("b", "judge-1"), ("a", "sample-0"), ("a", "sample-9")):
        for shard in ("000", "001"):
            journal = Path("journal") / model / procedure / f"{shard}.jsonl"
            (tmp_path / journal.parent).mkdir(parents=True, exist_ok=True)
            found = {"endpoint": "/completions", "prompt": evil + model, "body": {"p": [7] * 40}}
            sent.write(tmp_path / journal, found, {"engine": "openai", "engine_version": "1"})
            timing.append(str(journal.with_suffix(".timing.json")))
    (tmp_path / "journal" / "a" / "sample-9" / "000.sent.json").write_text("{")
    entries = sent.read([*timing, "journal/c/none-0/000.timing.json"], tmp_path)
    assert [(e["model"], e["procedure"]) for e in entries] == [
        ("a", "sample"), ("a", "sample"), ("b", "judge"),
    ]  # fmt: skip
    assert entries[1]["file"] == "journal/a/sample-9/001.sent.json"  # 000 is damaged
    html = page(entries)
    assert evil not in html and "&lt;script&gt;alert(" in html
    assert "openai 1, /completions" in html and "... 40 in all" in html


def test_a_server_that_renders_by_itself_and_a_report_without_any():
    html = page([{"model": "m", "procedure": "p", "file": "f", "prompt": None, "body": {}}])
    assert "does not say how" in html
    assert "What the models were sent" not in page([])


def test_answers_that_are_taken_over_bring_what_was_sent(bench):
    bench.run(bench.job("sample", bench.problems()))
    first = sent.path_beside(bench.journal("sample"))
    job = bench.job("sample", bench.problems())
    job.procedure_hash = "another000"
    assert bench.run(job)["requests_finished"] == 0
    other = first.parents[1] / "sample-another000" / first.name
    assert other.read_bytes() == first.read_bytes()


def test_long_texts_are_cut_in_the_middle():
    kept = sent.clean("a" * 15_000 + "b" * 15_000)
    assert len(kept) < 20_100 and kept[0] == "a" and kept[-1] == "b" and "[...]" in kept
    entry = {"model": "m", "procedure": "p", "file": "f", "prompt": kept, "body": {}}
    assert "characters left out" in page([entry])
