"""What servers answer instead of an answer, and what a chat reply says of its thinking."""

from __future__ import annotations

import math
import sys
from email.utils import formatdate
from pathlib import Path
from time import time

import pytest

pytest.importorskip("httpx")
sys.path.insert(0, str(Path(__file__).parent))

from itc.engines._base import TOO_LONG, Cut, EngineError
from itc.engines._http import Facts, Server
from itc.engines._replies import choice_logprobs, read_chat
from itc.procedures._options import ProcedureError
from itc.procedures._rows import tokens, unfinished, visible
from scripted_server import ask, entry, reply, run

PAIR = ("<think>", "</think>")


def ended(reason):
    found = reply("half")
    found["choices"][0]["finish_reason"] = reason
    return found


NO_ANSWERS = {
    "error body": {"error": {"message": "upstream overloaded", "code": 502}},
    "error text": {"error": "provider returned error"},
    "error in the answer": {"choices": [{"error": {"code": 500}, "finish_reason": "error"}]},
    "html": b"<html><body>502 Bad Gateway</body></html>",
    "nothing": b"",
    "cut off": b'{"choices": [{"mess',
    "a list": b"[]",
    "null": b"null",
    "no choices": {"choices": []},
    "null choices": {"choices": None},
    "no message": {"choices": [{"finish_reason": "stop"}]},
    "null message": {"choices": [{"message": None, "finish_reason": "stop"}]},
    "given up": ended("abort"),
    "failed": ended("error"),
    "no reason": ended(None),
    "overloaded": ended("insufficient_system_resource"),
}


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_body_that_is_no_answer_is_asked_for_again(server, body):
    server.script = [(200, {}, body)] * 2
    assert run(entry(server), [ask()])["0"].text == "fine"
    assert len(server.bodies) == 3


@pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_server_that_gives_no_answer_ends_with_a_message(server, body):
    server.script = [(200, {}, body)] * 9
    with pytest.raises(EngineError, match=r"/v1/chat/completions gave no answer in 4 tries"):
        run(entry(server), [ask()])


def test_a_refusal_within_a_body_of_status_200_is_not_repeated(server):
    server.script = [(200, {}, {"error": {"message": "bad key", "code": 401}})]
    with pytest.raises(EngineError, match=r"refused the request.*bad key"):
        run(entry(server), [ask()])
    assert len(server.bodies) == 1


def test_a_date_to_try_again_is_kept(server):
    date = formatdate(time() + 2, usegmt=True)
    server.script = [(429, {"retry-after": date}, {})]
    began = time()
    assert run(entry(server), [ask()])["0"].text == "fine"
    assert time() - began >= 0.9  # dates have whole seconds


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, "This model's maximum context length is 5 tokens"),
        (400, "request (700 tokens) exceeds the available context size (512 tokens)"),
        (422, "Input validation error: `inputs` must have less than 1024 tokens. Given: 1500"),
        (400, "The input (300 tokens) is longer than the model's context length (256 tokens)."),
        (400, "prompt is too long: 210000 tokens > 200000 maximum"),
        (413, "context_length_exceeded"),
        (400, "The input token count (1200) exceeds the maximum number of tokens allowed (1000)."),
        (400, "maximum context length is 256 tokens. However, you requested 9 output tokens and "
         "your prompt contains at least 300 input tokens"),
    ],
)  # fmt: skip
def test_prompts_over_the_window_in_other_words(server, status, text):
    server.script = [(status, {}, {"error": {"message": text}})]
    assert run(entry(server), [ask()])["0"].finish_reason == TOO_LONG


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("max_tokens=500 cannot be greater than max_model_len=256. Please request fewer", 256),
        ("maximum context length is 256 tokens. However, you requested 510 tokens (10 in the "
         "messages, 500 in the completion).", 246),
        ("maximum context length is 256 tokens. However, you requested 500 output tokens and "
         "your prompt contains 10 input tokens", 246),
        ("'max_tokens' is too large: 500. This model's maximum context length is 256 tokens and "
         "your request has 10 input tokens", 246),
        ("`inputs` tokens + `max_new_tokens` must be <= 256. Given: 10 `inputs` tokens and 500 "
         "`max_new_tokens`", 246),
    ],
)  # fmt: skip
def test_a_cap_over_the_window_is_lowered_to_it(server, text, room):
    server.script = [(400, {}, {"error": text})]
    assert run(entry(server), [ask(max_tokens=500)])["0"].text == "fine"
    assert [body["max_tokens"] for body in server.bodies] == [500, room]


def models(owner, **more):
    return {"data": [{"id": "served", "owned_by": owner, **more}]}


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ({}, {}),
        (
            {"/version": {"version": "0.32.0"}},
            {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0, "min_tokens": 0},
        ),
        ({"/v1/models": models("vllm")}, {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}),
        ({"/v1/models": models("sglang")}, {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}),
        ({"/v1/models": models("llamacpp")}, {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}),
    ],
)
def test_values_that_change_nothing_are_sent_to_servers_that_know_them(
    server,
    pages,
    expected,
):
    server.pages = pages
    run(entry(server), [ask()])
    keys = ("top_k", "min_p", "repetition_penalty", "repeat_penalty", "min_tokens")
    sent = {key: server.bodies[0][key] for key in keys if key in server.bodies[0]}
    assert sent | expected == sent and bool(sent) is bool(expected)


def test_values_that_say_something_are_sent_by_the_servers_own_names(server):
    server.pages = {"/v1/models": models("llamacpp")}
    run(entry(server), [ask(repetition_penalty=1.2, top_k=5)])
    assert server.bodies[0]["repeat_penalty"] == 1.2 and server.bodies[0]["top_k"] == 5


def test_what_a_server_says_of_itself(server):
    found = Server(f"http://127.0.0.1:{server.server_address[1]}/v1/", "")
    assert found.facts("served") == Facts()
    server.pages = {"/v1/models": models("vllm", max_model_len=256), "/version": {"version": "1"}}
    assert found.facts("served") == Facts("vllm", "1", 256)
    server.pages["/v1/models"] = b"<html>"
    assert found.facts("served") == Facts("vllm", "1", None)


def test_no_more_is_asked_for_than_the_servers_window_holds(server):
    server.pages = {"/v1/models": models("vllm", max_model_len=256)}
    run(entry(server, thinking=None), [ask(max_tokens=500)])
    assert server.bodies[0]["max_tokens"] == 256


def test_a_request_may_take_as_long_as_its_tokens_take(server, monkeypatch):
    seen = []
    post = Server.post
    monkeypatch.setattr(
        Server, "post", lambda self, *given: (seen.append(given[3]), post(self, *given))[1]
    )
    options = {"pause": 0.01, "tries": 4}
    requests = [ask(max_tokens=100), ask(max_tokens=32768)]
    run(entry(server, engine_options=options), requests)
    assert sorted(seen) == [600.0, 32768 / 5]
    seen.clear()
    run(entry(server, engine_options=options | {"timeout": 3.5}), requests)
    assert seen == [3.5, 3.5]


def test_a_chat_server_does_not_go_on_from_what_was_written(server):
    for part in ("<think>\n\n</think>\n\n", Cut((1, 2), until="answer")):
        with pytest.raises(EngineError, match="token by token, which a chat server does not take"):
            run(entry(server), [ask(prefix=(part,))])
    assert server.bodies == []


# -- thinking in chat replies ----------------------------------------------------------------------


def body(text, reason="stop", tokens=20, hidden=None, **message):
    details = {} if hidden is None else {"completion_tokens_details": {"reasoning_tokens": hidden}}
    return {
        "choices": [{"message": {"content": text, **message}, "finish_reason": reason}],
        "usage": {"completion_tokens": tokens, **details},
    }


@pytest.mark.parametrize(
    ("found", "is_open", "end", "count", "shown"),
    [
        # Closed: the answer is what follows; without the server's count it is unknown.
        (body("<think>ab</think>Yes"), None, 17, None, "Yes"),
        (body("<think>ab</think>Yes", hidden=7), None, 17, 7, "Yes"),
        (body("ab</think>Yes"), True, 10, None, "Yes"),
        (body("ab</think>Yes"), None, 10, None, "Yes"),
        # Never closed: all of it is thinking, whoever opened it.
        (body("<think>Score: 3", "length"), None, None, 20, None),
        (body("<think>Score: 3", "length", hidden=0), None, None, 20, None),
        (body("Let me add. Score: 3", "length"), True, None, 20, None),
        (body("Let me add. Score: 3", "stop"), True, None, 20, None),
        (body("Let me add. Score: 3", "length"), None, None, 20, None),
        # The template opens none: an answer, cut off or not.
        (body("The answer is 3", "length"), False, None, 0, "The answer is 3"),
        (body("The answer is 3"), None, None, 0, "The answer is 3"),
        (body("The answer is 3", "length", hidden=0), None, None, 0, "The answer is 3"),
        # A server that takes the thinking out of the text, and found none in it.
        (body("Yes", hidden=0), True, None, 0, "Yes"),
        (body("Yes", "length", hidden=0), True, None, 0, "Yes"),
        # The server gives the thinking apart.
        (body("Yes", reasoning="ab"), None, 17, None, "Yes"),
        (body("Yes", reasoning_content="ab", hidden=9), None, 17, 9, "Yes"),
        (body("", "length", reasoning="ab Score: 3"), None, None, 20, None),
        (body(None, "stop", reasoning="ab Score: 3"), None, None, 20, None),
        (body(None, "length", tokens=0, reasoning="ab"), None, None, 1, None),
        # The server keeps it to itself.
        (body("Yes", hidden=12), None, 0, 12, "Yes"),
        (body("", "length", hidden=20), None, None, 20, None),
    ],
)
def test_where_a_chat_reply_stops_thinking(found, is_open, end, count, shown):
    read = read_chat(found, PAIR, is_open, thinks=True)
    assert (read.thinking_end, read.n_thinking_tokens) == (end, count)
    row = vars(read)
    assert unfinished(row) is (shown is None)
    assert visible(row) == (shown or "(no final response)")


def test_a_model_that_is_not_asked_to_think_is_cut_off_in_its_answer():
    read = read_chat(body("The answer", "length"), PAIR, None, thinks=False)
    assert read.n_thinking_tokens == 0
    assert read_chat(body("Yes", "length"), None, None, thinks=False).n_thinking_tokens == 0


def test_a_vllm_server_is_asked_whether_its_template_opens_the_thinking(server):
    server.pages = {"/version": {"version": "0.32.0"}}
    text = {True: "[user]hi[answer]<think>\n", False: "[user]hi"}
    server.script = [
        (200, {}, ended("length")),
        (200, {}, {"tokens": [1]}),
        (200, {}, {"prompt": text[True]}),
        (200, {}, {"tokens": [1]}),
        (200, {}, {"prompt": text[False]}),
    ]
    done = run(entry(server, concurrency=1), [ask(), ask(seed=2)])
    assert done["0"].n_thinking_tokens == done["0"].n_output() == 4
    assert done["1"].n_thinking_tokens == 4  # asked once for all
    assert server.paths.count("/tokenize") == 2


# -- two words -------------------------------------------------------------------------------------


def test_the_words_themselves_come_before_what_reads_like_them():
    found = [("Y", -0.5), (" Yes", -0.9), ("Yes", -1), (" No", -2), ("N", -2.2), ("No", -4)]
    written, values = choice_logprobs(("Yes", "No"), "Yes", found)
    assert values == {"choice:Yes": -1, "choice:No": -4} and written == "Yes"
    share = math.exp(-1) / (math.exp(-1) + math.exp(-4))
    assert share == pytest.approx(0.95, abs=0.01)


def test_another_word_and_words_that_are_not_among_the_candidates():
    both = [("The", -0.1), ("No", -3.0), ("Yes", -4.0)]
    assert choice_logprobs(("Yes", "No"), "The", both) == (
        "No",
        {"choice:Yes": -4.0, "choice:No": -3.0},
    )
    one = [("Yes", -0.1), ("The", -3.0)]
    assert choice_logprobs(("Yes", "No"), "Yes", one)[1] == {"choice:Yes": -0.1, "choice:No": -3.0}
    assert choice_logprobs(("Yes", "No"), "The", [("The", -0.1), ("A", -3.0)]) == ("The", {})


# -- token ids -------------------------------------------------------------------------------------


def completion(text, **more):
    choice = {"text": text, "finish_reason": "stop", **more}
    return {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 7}}


@pytest.fixture
def exact(server):
    """Entry of a served model whose prompts are built here."""
    tiny = Path(__file__).resolve().parents[3] / "models" / "tiny-reasoner"
    options = {"pause": 0.01, "tries": 4, "timeout": 5.0, "tokenizer": str(tiny)}
    return entry(server, engine_options=options)


def test_token_ids_are_those_that_the_server_gives_or_none(server, exact):
    server.script = [
        (200, {}, completion("Yes", token_ids=[638, 1])),
        (200, {}, completion("<think>\nSo</think>Yes", token_ids=None)),
    ]
    done = run(exact.model_copy(update={"concurrency": 1}), [ask(), ask(seed=2)])
    assert (done["0"].text, done["0"].token_ids) == ("Yes", [638, 1])
    assert done["1"].text == "<think>\nSo</think>Yes" and done["1"].token_ids == []
    assert (done["1"].n_output(), done["1"].thinking_end) == (7, 18)
    with pytest.raises(ProcedureError, match="no token ids"):
        tokens({**vars(done["1"]), "response_id": "x"})


def test_a_stop_text_is_left_out_and_the_end_token_too(server, exact):
    ids = [638, 50, 83]
    server.script = [
        (200, {}, completion("Yes", token_ids=ids, stop_reason="No")),
        (200, {}, completion("YesNo", token_ids=[*ids, 1], stop_reason=None)),
    ]
    requests = [ask(stop=("No",)), ask(stop=("Q",), seed=2)]
    done = run(exact.model_copy(update={"concurrency": 1}), requests)
    assert [d.text for d in done.values()] == ["Yes", "YesNo"]
    assert [body["stop"] for body in server.bodies] == [["No"], ["Q"]]


def test_words_are_found_by_the_ids_of_their_tokens(server, exact):
    def words(**tops):
        found = {f"token_id:{name[1:]}": value for name, value in tops.items()}
        logprobs = {"token_logprobs": [-1.0], "top_logprobs": [found]}
        return (200, {}, completion("Yes", token_ids=[638], logprobs=logprobs))

    beyond = completion("x", prompt_logprobs=[None, {"50": {"logprob": -9.0}}])
    server.script = [words(_638=-0.25, _727=-0.1), (200, {}, beyond), words(_83=-0.5, _1=-0.7)]
    done = run(exact, [ask(choices=("Yes", "No"))])["0"]
    assert done.logprobs == {"choice:Yes": -0.25, "choice:No": -9.5}
    assert server.bodies[0]["allowed_token_ids"] == [638, 50]
    assert server.bodies[1]["prompt"][-1] == 50 and server.bodies[1]["prompt_logprobs"] == 0
    assert server.bodies[2]["prompt"][-1] == 50 and server.bodies[2]["allowed_token_ids"] == [83]
