"""A server on loopback that answers as its script says, and the entry and requests to ask it."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from itc.config.model import Model
from itc.engines import openai
from itc.engines._base import Params, Request


class Server(ThreadingHTTPServer):
    """Answers with what ``script`` yields per request: (status, headers, body) or seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list = []
        self.bodies: list[dict] = []
        self.paths: list[str] = []
        self.pages: dict[str, dict] = {}  # what a GET finds
        self.answers: dict[str, dict] = {}  # what a POST to a path gets where the script is empty
        self.keys: set[str | None] = set()
        self.now = self.most = 0
        self.pause = 0.0
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path in self.server.pages:
            self.answer(200, {}, self.server.pages[self.path])
        else:
            self.answer(404, {}, {"error": "no version here"})

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with server.lock:
            server.now += 1
            server.most = max(server.most, server.now)
            server.bodies.append(body)
            server.paths.append(self.path)
            server.keys.add(self.headers.get("authorization"))
            fixed = (200, {}, server.answers.get(self.path, reply("fine")))
            step = server.script.pop(0) if server.script else fixed
        time.sleep(server.pause)
        with server.lock:
            server.now -= 1
        if isinstance(step, float):
            time.sleep(step)
            return
        self.answer(*step)

    def answer(self, status: int, headers: dict, body: dict | bytes) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
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
