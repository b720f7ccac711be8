"""Scorers of another package: in the sandbox, on entries made again, never on what a table says."""

from __future__ import annotations

import json
import os

import pandas as pd
import psutil
import pytest
from itc.datasets._load import load_dataset
from itc.datasets._problems import DatasetError
from itc.datasets.reasoning_gym import made
from itc.grading import _bubblewrap, _pool
from itc.grading._base import GradingError
from itc.grading._grade import grade
from itc.grading._pool import Pool, Task

CONTAINED = pytest.mark.skipif(
    _bubblewrap.available() is not None, reason=f"no sandbox: {_bubblewrap.available()}"
)
WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(ord("a"), ord("z") + 1)})


def coded(source, wide):
    """An expression that runs ``source`` and holds no quote, and no ASCII letter if ``wide``."""
    text = f"eval({'+'.join(f'chr({ord(c)})' for c in source)})"
    return text.translate(WIDE) if wide else text


def rows_of(task, answers):
    request = {"task": task, "seed": 1, "size": 1, "config": {}}
    (question, gold, checksum), *_ = made([request])[0]["entries"]
    problems = pd.DataFrame(
        {"problem_id": ["p"], "question": question, "gold": [gold], "answer_type": "reasoning_gym",
         "metadata": [json.dumps({**request, "index": 0, "entry_sha256": checksum})]}
    )  # fmt: skip
    texts = pd.DataFrame({"problem_id": "p", "text": answers})
    return grade(texts, problems)


@CONTAINED
@pytest.mark.parametrize(
    "task",
    ["spiral_matrix", "string_insertion", "binary_matrix", "n_queens", "countdown", "puzzle24",
     "simple_integration", "polynomial_multiplication"],
)  # fmt: skip
def test_no_answer_runs_code_or_changes_a_verdict(task, tmp_path, monkeypatch):
    """In whatever letters, boxed or announced, and what it does to its process is gone after it."""
    monkeypatch.setenv("CANARY_API_KEY", "canary-4711")
    target = tmp_path / "written"
    act = f"open({str(target)!r},'w').write(str(__import__('os').environ))"
    forge = "setattr(__import__('builtins'),'float',lambda *a:1.0)"
    answers = [coded(source, wide) for source in (act, forge) for wide in (False, True)]
    answers += [
        "[].__class__.__base__.__subclasses__()",
        "Symbol.__init__.__globals__",
        "(lambda:1)()",
    ]
    forms = [form % answer for answer in answers for form in ("\\boxed{%s}", "Answer: %s")]
    rows = rows_of(task, [*forms, "\\boxed{0}"])
    assert not target.exists()
    assert not rows["verdict"].eq("right").any(), rows[["answer", "verdict", "cause"]].to_string()
    assert "unsafe" in set(rows["cause"]) or task in ("countdown", "puzzle24")


@CONTAINED
def test_a_table_names_no_scorer_and_no_entry(tmp_path):
    """What an archive could say at most: nothing that it says is called or evaluated."""
    target = tmp_path / "written"
    code = f"open({str(target)!r},'w').write('x')"
    entry = {"question": "q", "answer": "1", "metadata": {"problem": code, "integrand": code}}
    for task in ("bitwise_arithmetic", "simple_integration", "polynomial_multiplication",
                 "number_sorting", "codeio", "basic_arithmetic", "composite"):  # fmt: skip
        metadata = {"task": task, "scorer": "own", "evaluates": False, "entry": entry,
                    "seed": 1, "size": 1, "index": 0, "config": {"metadata": entry["metadata"]},
                    "entry_sha256": "0" * 64}  # fmt: skip
        problems = pd.DataFrame(
            {"problem_id": ["p"], "gold": ["1"], "answer_type": "reasoning_gym",
             "metadata": [json.dumps(metadata)]}
        )  # fmt: skip
        row = grade(pd.DataFrame({"problem_id": ["p"], "text": ["\\boxed{5}"]}), problems).iloc[0]
        assert row["verdict"] in ("undecided", "wrong"), (task, row)
        assert not target.exists()


@CONTAINED
def test_settings_that_a_task_evaluates_are_evaluated_in_the_sandbox_only(tmp_path):
    """A stranger's settings may reach an ``eval`` of the package when the entry is made again."""
    target = tmp_path / "written"
    config = {"operators": [f"+open({str(target)!r},'w').write('x')+"]}
    metadata = {"task": "countdown", "seed": 1, "size": 1, "index": 0, "config": config}
    problems = pd.DataFrame(
        {"problem_id": ["p"], "gold": ["1"], "answer_type": "reasoning_gym",
         "metadata": [json.dumps({**metadata, "entry_sha256": "x"})]}
    )  # fmt: skip
    row = grade(pd.DataFrame({"problem_id": ["p"], "text": ["\\boxed{5}"]}), problems).iloc[0]
    assert row["verdict"] == "undecided"
    assert not target.exists()


def test_without_a_sandbox_scorers_of_others_are_refused(monkeypatch):
    reason = "bubblewrap (command bwrap) is not installed"
    monkeypatch.setattr(_bubblewrap, "available", lambda: reason)
    problems = pd.DataFrame(
        {"problem_id": ["p"], "gold": ["1"], "answer_type": "reasoning_gym",
         "metadata": ['{"task": "countdown"}']}
    )  # fmt: skip
    rows = pd.DataFrame({"problem_id": ["p"], "text": ["\\boxed{5}"]})
    with pytest.raises(GradingError, match=r"countdown.*apt install.*`sandbox: none`"):
        grade(rows, problems)
    plain = problems.assign(metadata='{"task": "chain_sum"}')  # a line of our own
    assert grade(rows, plain)["verdict"].item() == "wrong"


@CONTAINED
def test_workers_get_no_key_and_no_descriptor(monkeypatch, tmp_path):
    monkeypatch.setenv("CANARY_API_KEY", "canary-4711")
    monkeypatch.setenv("HF_TOKEN", "canary-4711")
    handle = os.open(tmp_path / "secret", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(handle, True)
    with Pool(2) as pool:
        pool.run([Task("math", "normal_form", ("1", "{}"))])
        pool.run([Task("reasoning_gym", "normal_form", ("1", "{}"))])
        processes = [psutil.Process(worker.process.pid) for worker in pool._idle]
        processes += [c for p in list(processes) for c in p.children(recursive=True)]
        assert len(processes) > 2
        for process in processes:
            if process.name() == "bwrap":
                continue
            try:
                names, files = set(process.environ()), str(process.open_files())
            except psutil.AccessDenied:  # in the sandbox, which shows them to root only
                assert os.geteuid() != 0
                continue
            assert not {n for n in names if "KEY" in n or "TOKEN" in n}, names
            assert "secret" not in files
    os.close(handle)
    assert "CANARY_API_KEY" not in _pool.__dict__


@CONTAINED
def test_an_answer_that_ends_its_process_leaves_the_others_judged(tmp_path, monkeypatch):
    rows = rows_of("polynomial_multiplication", ["\\boxed{9**9**9**9}", "\\boxed{x}", "\\boxed{0}"])
    assert list(rows["verdict"]) == ["undecided", "wrong", "wrong"]
    assert rows["cause"][0] in ("timeout", "memory")


@pytest.mark.parametrize(
    "key", ["sandbox", "Sand-Box", "scorer", "evaluates", "entry", "trust_remote_code"]
)
@pytest.mark.parametrize("answer_type", ["code", "reasoning_gym", "math", "choice"])
@pytest.mark.parametrize("as_text", [True, False])
def test_a_dataset_that_carries_a_switch_is_refused(tmp_path, key, answer_type, as_text):
    tests = {"tests": [{"input": "", "output": "1"}], key: "none"}
    row = {"problem_id": "p", "question": "q", "gold": "1"}
    row["metadata"] = json.dumps(tests) if as_text else tests
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    spec = {"title": "x", "loader": "local", "path": "x.jsonl", "answer_type": answer_type}
    with pytest.raises(
        DatasetError, match=f"problem 'p': metadata key '{key}' looks like a switch"
    ):
        load_dataset(spec, tmp_path)
    spec |= {"columns": {"metadata": [key]}}
    (tmp_path / "x.jsonl").write_text(json.dumps({**row, key: "none"}) + "\n")
    with pytest.raises(DatasetError, match="looks like a switch"):
        load_dataset(spec, tmp_path)


def test_other_keys_of_a_dataset_are_data_that_no_grader_sees(tmp_path):
    from itc.grading._grade import by_id

    row = {"question": "q", "gold": "A", "metadata": {"choices": ["a", "b"], "level": 3}}
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    spec = {"title": "x", "loader": "local", "path": "x.jsonl", "answer_type": "choice"}
    frame = load_dataset(spec, tmp_path)
    assert json.loads(frame["metadata"][0]) == {"choices": ["a", "b"], "data": {"level": 3}}
    (problem,) = by_id(frame).values()
    assert problem["metadata"] == {"choices": ["a", "b"]}
