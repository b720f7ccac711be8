"""Sample files in the layout that lm-evaluation-harness documents for ``--log_samples``."""

from __future__ import annotations

import gzip
import json

import pytest
from itc.archive.lm_eval import read


def line(doc_id: int, texts: list[str], **changes) -> dict:
    """One line: a document under one filter."""
    return {
        "doc_id": doc_id,
        "doc": {"problem": f"{doc_id} + 1?", "answer": doc_id + 1},
        "target": str(doc_id + 1),
        "arguments": {
            "gen_args_0": {
                "arg_0": f"Question: {doc_id} + 1?\nAnswer:",
                "arg_1": {"until": ["\n\n"], "do_sample": True},
            }
        },
        "resps": [texts],
        "filtered_resps": [str(doc_id + 1)],
        "filter": "strict-match",
        "metrics": ["exact_match"],
        "doc_hash": "0" * 64,
        "prompt_hash": "1" * 64,
        "target_hash": "2" * 64,
        "exact_match": 1.0,
        **changes,
    }


@pytest.fixture
def samples(tmp_path):
    def write(lines, name="samples_gsm8k_cot_2025-01-02T03-04-05.678901.jsonl"):
        path = tmp_path / "my-org__my-model" / name
        path.parent.mkdir(exist_ok=True)
        opener = gzip.open if name.endswith(".gz") else open
        with opener(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(item) + "\n" for item in lines)
        return path

    return write


def test_one_response_per_document(samples):
    (row,) = read(samples([line(4, ["so 5. #### 5"])]), {})
    assert (row["dataset"], row["model"]) == ("gsm8k_cot", "my-org__my-model")
    assert (row["problem_id"], row["sample_index"]) == (4, 0)
    assert row["question"] == "Question: 4 + 1?\nAnswer:" and row["gold"] == "5"
    assert row["response_text"] == "so 5. #### 5"
    assert row["correct"] is True and row["source_extracted_answer"] == "5"
    assert "n_output_tokens" not in row


def test_repeats_are_draws_without_a_grade_of_their_own(samples):
    rows = list(read(samples([line(4, ["a", "b", "c"])]), {"model": "m", "task": "t"}))
    assert [(r["sample_index"], r["response_text"]) for r in rows] == [(0, "a"), (1, "b"), (2, "c")]
    assert {r["correct"] for r in rows} == {None}
    assert {r["source_extracted_answer"] for r in rows} == {None}
    assert {(r["model"], r["dataset"]) for r in rows} == {("m", "t")}


def test_a_filter_that_keeps_every_response_gives_every_answer(samples):
    item = line(4, ["it is 5", "it is 6"], filtered_resps=[["5", "6"]], filter="all")
    assert [r["source_extracted_answer"] for r in read(samples([item]), {})] == ["5", "6"]


def test_only_one_filter_is_read(samples):
    path = samples(
        [line(1, ["x 2"]), line(1, ["x 2"], filter="flexible", exact_match=0.0), line(2, ["3"])]
    )
    assert [r["correct"] for r in read(path, {})] == [True, True]
    assert [r["correct"] for r in read(path, {"filter": "flexible"})] == [False]


def test_several_metrics_are_no_grade_unless_one_is_named(samples):
    item = line(1, ["2"], metrics=["exact_match", "math_verify"], math_verify=0)
    assert [r["correct"] for r in read(samples([item]), {})] == [None]
    assert [r["correct"] for r in read(samples([item]), {"metric": "math_verify"})] == [False]


def test_chat_prompts_and_mapped_columns(samples):
    chat = json.dumps([{"role": "system", "content": "s"}, {"role": "user", "content": "1 + 1?"}])
    item = line(1, ["2"], arguments={"gen_args_0": {"arg_0": [chat], "arg_1": {}}})
    assert [r["question"] for r in read(samples([item]), {})] == ["1 + 1?"]
    columns = {"question": "doc.problem", "gold": "doc.answer"}
    assert [(r["question"], r["gold"]) for r in read(samples([item]), {"columns": columns})] == [
        ("1 + 1?", 2)
    ]


def test_other_files_are_refused_by_line(samples):
    scores = line(1, [], resps=[[["-1.5", "False"]], [["-2.5", "True"]]])
    with pytest.raises(ValueError, match=r"jsonl: line 2: `resps` holds log-likelihoods"):
        list(read(samples([line(0, ["1"]), scores]), {}))
    with pytest.raises(ValueError, match=r"line 1: no `doc_id` and `resps`"):
        list(read(samples([{"a": 1}]), {}))


def test_a_truncated_file_is_named(samples):
    path = samples([line(i, [f"{i}" * 50]) for i in range(40)], "samples_t_2025-01-02T03.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ValueError, match=r"samples_t_2025-01-02T03\.jsonl\.gz: line \d+"):
        list(read(path, {}))
