"""The client of OpenAI-compatible servers, against small servers that misbehave on purpose."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("httpx")

from itc.config.model import Model
from itc.engines import openai
from itc.engines._base import TOO_LONG, EngineError, Params, Request
from itc.engines._base import check as check_model

SECRET = "sk-test-0123456789"


class Server(ThreadingHTTPServer):
    """Answers with what ``script`` yields per request: (status, headers, body) or seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list = []
        self.bodies: list[dict] = []
        self.keys: set[str | None] = set()
        self.now = self.most = 0
        self.pause = 0.0
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(404, {}, {"error": "no version here"})

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with server.lock:
            server.now += 1
            server.most = max(server.most, server.now)
            server.bodies.append(body)
            server.keys.add(self.headers.get("authorization"))
            step = server.script.pop(0) if server.script else (200, {}, reply("fine"))
        time.sleep(server.pause)
        with server.lock:
            server.now -= 1
        if isinstance(step, float):
            time.sleep(step)
            return
        self.answer(*step)

    def answer(self, status: int, headers: dict, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def reply(text: str, **message) -> dict:
    top = [{"token": "Yes", "logprob": -0.25}, {"token": "No", "logprob": -1.5}]
    return {
        "choices": [
            {
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": "stop",
                "logprobs": {"content": [{"token": "a", "logprob": -0.5, "top_logprobs": top}]},
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4},
    }


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def entry(server: Server, **changes) -> Model:
    options = {"pause": 0.01, "tries": 4, "timeout": 0.5}
    values = {
        "title": "served",
        "reasoning": True,
        "engine": "openai",
        "model": "served",
        "base_url": f"http://127.0.0.1:{server.server_address[1]}/v1",
        "concurrency": 4,
        "thinking": ["<think>", "</think>"],
        "engine_options": options,
    }
    return Model.model_validate(values | changes)


def ask(text="hi", seed=1, prefix=(), **params) -> Request:
    return Request(
        ({"role": "user", "content": text},),
        Params.model_validate({"max_tokens": 512, **params}),
        seed,
        prefix,
    )


def run(model: Model, requests: list[Request]) -> dict:
    with openai.open_engine(model) as engine:
        for number, request in enumerate(requests):
            engine.add(str(number), request)
        found: dict = {}
        while len(found) < len(requests):
            found |= {done.key: done for done in engine.step()}
    return found


def test_parameters_are_sent_and_the_answer_is_read(server):
    done = run(entry(server), [ask(seed=7, temperature=0.5, top_p=0.9, max_tokens=11, logprobs=2)])
    (body,) = server.bodies
    assert body["messages"] == [{"role": "user", "content": "hi"}]
    assert (body["seed"], body["temperature"], body["top_p"]) == (7, 0.5, 0.9)
    assert (body["max_tokens"], body["top_logprobs"]) == (11, 2)
    assert "top_k" not in body and "min_p" not in body  # a hosted API would refuse them
    assert (done["0"].text, done["0"].n_prompt_tokens, done["0"].n_output()) == ("fine", 9, 4)
    assert done["0"].logprobs["cumulative_logprob"] == -0.5


def test_thinking_given_apart_is_put_between_the_delimiters(server):
    server.script = [(200, {}, reply("42", reasoning_content="hmm"))]
    done = run(entry(server), [ask()])["0"]
    assert done.text == "<think>hmm</think>42" and done.thinking_end == len("<think>hmm</think>")


def test_a_word_of_a_choice_comes_with_its_probabilities(server):
    done = run(entry(server), [ask(choices=("Yes", "No"))])["0"]
    assert done.logprobs == {"choice:Yes": -0.25, "choice:No": -1.5}
    assert server.bodies[0]["max_tokens"] == 1


@pytest.mark.parametrize("fault", [(429, {"retry-after": "0.1"}, {}), (503, {}, {}), 0.8])
def test_faults_that_pass_are_tried_again(server, fault):
    server.script = [fault, fault]
    assert run(entry(server), [ask()])["0"].text == "fine"
    assert len(server.bodies) == 3


def test_a_server_that_stays_away_ends_with_a_message(server):
    server.script = [(500, {}, {"error": "boom"})] * 9
    with pytest.raises(EngineError, match=r"no answer in 4 tries; last: status 500.*journal"):
        run(entry(server), [ask()])
    assert len(server.bodies) == 4


def test_refusals_are_not_repeated_and_never_show_the_key(server, monkeypatch):
    monkeypatch.setenv("TOY_KEY", SECRET)
    server.script = [(401, {}, {"error": f"Incorrect API key provided: {SECRET}"})]
    with pytest.raises(EngineError, match=r"status 401.*\*\*\*") as error:
        run(entry(server, api_key_env="TOY_KEY"), [ask()])
    assert SECRET not in str(error.value) and len(server.bodies) == 1
    assert server.keys == {f"Bearer {SECRET}"}


def test_at_most_so_many_requests_at_once(server):
    server.pause = 0.05
    run(entry(server), [ask(seed=i) for i in range(12)])
    assert 2 <= server.most <= 4


def test_a_prompt_over_the_servers_window_is_told_apart(server):
    server.script = [(400, {}, {"error": "This model's maximum context length is 5 tokens"})]
    assert run(entry(server), [ask()])["0"].finish_reason == TOO_LONG


def test_missing_key_and_address_are_found_without_asking(server, monkeypatch):
    monkeypatch.delenv("TOY_KEY", raising=False)
    with pytest.raises(EngineError, match=r"model 'm': key 'api_key_env'.*TOY_KEY is not set"):
        check_model("m", entry(server, api_key_env="TOY_KEY"))
    with pytest.raises(EngineError, match="key 'base_url': None"):
        check_model("m", entry(server, base_url=None))
    assert server.bodies == []
