"""Batch outputs in OpenAI's documented layout, joined with their requests."""

from __future__ import annotations

import json

import pytest
from itc.archive.openai_batch import read

SPEC = {"custom_id": r"(?P<dataset>\w+)/(?P<problem_id>\w+)/(?P<sample_index>\d+)"}


def chat(texts: list[str], **message) -> dict:
    """Body of a chat completion."""
    return {
        "object": "chat.completion",
        "model": "gpt-x",
        "choices": [
            {"index": i, "message": {"role": "assistant", "content": t, **message}}
            | {"finish_reason": "length" if t == "" else "stop"}
            for i, t in enumerate(texts)
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 40,
            "completion_tokens_details": {"reasoning_tokens": 30},
        },
    }


def line(custom_id: str, body: dict | None, code: int = 200, error: dict | None = None) -> dict:
    response = {"status_code": code, "request_id": "r", "body": body}
    return {"id": "b", "custom_id": custom_id, "response": response, "error": error}


@pytest.fixture
def batch(tmp_path):
    def write(lines, name="output.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(item) + "\n" for item in lines))
        return path

    return write


def test_custom_id_names_dataset_problem_and_draw(batch):
    path = batch([line("aime/p1/3", chat(["\\boxed{2}"], reasoning_content="hm"))])
    (row,) = read(path, SPEC)
    assert (row["dataset"], row["problem_id"], row["sample_index"]) == ("aime", "p1", 3)
    assert row["model"] == "gpt-x" and row["thinking_text"] == "hm"
    assert (row["n_prompt_tokens"], row["n_output_tokens"], row["n_thinking_tokens"]) == (5, 40, 30)
    assert row["question"] is None and "correct" not in row


def test_questions_come_from_the_requests(batch):
    asked = [
        {
            "custom_id": f"aime/p{i}/0",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {
                "messages": [
                    {"role": "system", "content": "be brief"},
                    {"role": "user", "content": [{"type": "text", "text": f"what is {i}?"}]},
                ]
            },
        }
        for i in range(3)
    ]
    output = batch([line("aime/p2/0", chat(["2"])), line("aime/p0/0", chat(["0"]))])
    rows = list(read(output, {**SPEC, "requests": batch(asked, "requests.jsonl")}))
    assert [r["question"] for r in rows] == ["what is 2?", "what is 0?"]


def test_choices_are_draws_whose_tokens_are_unknown_apart(batch):
    rows = list(read(batch([line("a/p/1", chat(["x", "y", ""]))]), SPEC))
    assert [r["sample_index"] for r in rows] == [3, 4, 5]
    assert all("n_output_tokens" not in r for r in rows)
    assert rows[2]["finish_reason"] == "length"


def test_without_a_draw_in_the_name_answers_are_numbered(batch):
    spec = {"custom_id": r"(?P<problem_id>\w+)-\w+", "dataset": "d", "model": "mine"}
    lines = [line("p-a", chat(["1"])), line("q-b", chat(["2"])), line("p-c", chat(["3"]))]
    rows = [(r["problem_id"], r["sample_index"], r["model"]) for r in read(batch(lines), spec)]
    assert rows == [("p", 0, "mine"), ("q", 0, "mine"), ("p", 1, "mine")]


def test_failed_requests_are_left_out_and_counted(batch, caplog):
    path = batch(
        [
            line("a/p/0", None, 429),
            {"custom_id": "a/p/1", "response": None, "error": {"code": "batch_expired"}},
            line("a/p/2", chat(["2"])),
        ]
    )
    assert [r["sample_index"] for r in read(path, SPEC)] == [2]
    assert "'429': 1" in caplog.text and "'batch_expired': 1" in caplog.text


def test_responses_and_plain_completions(batch):
    body = {
        "object": "response",
        "model": "o-x",
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "thought"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "4"}]},
        ],
        "usage": {
            "input_tokens": 3,
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 4},
        },
    }
    plain = {"model": "base", "choices": [{"index": 0, "text": "5", "finish_reason": "stop"}]}
    first, second = read(batch([line("a/p/0", body), line("a/p/1", plain)]), SPEC)
    assert (first["response_text"], first["thinking_text"]) == ("4", "thought")
    assert first["finish_reason"] == "length" and first["n_thinking_tokens"] == 4
    assert second["response_text"] == "5" and second["n_output_tokens"] is None


@pytest.mark.parametrize(
    ("spec", "item", "message"),
    [
        (SPEC, line("nonsense", chat(["1"])), "line 1: `custom_id` 'nonsense' does not match"),
        ({"custom_id": "(?P<id>.+)"}, line("x", chat(["1"])), "named group problem_id"),
        ({"custom_id": "(?P<problem_id>"}, line("x", chat(["1"])), "is no expression"),
        ({"custom_id": "(?P<problem_id>.+)"}, line("x", chat(["1"])), "names no dataset"),
        (SPEC, line("a/p/0", {"data": []}), "line 1: the answer has neither"),
    ],
)
def test_what_cannot_be_read_is_refused(batch, spec, item, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        list(read(batch([item]), spec))


def test_a_line_that_breaks_off_is_named(batch):
    path = batch([line("a/p/0", chat(["1"])), line("a/p/1", chat(["2"]))])
    path.write_text(path.read_text()[:-20])
    with pytest.raises(ValueError, match=r"output\.jsonl: line 2: "):
        list(read(path, SPEC))
