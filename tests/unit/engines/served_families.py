"""Servers that behave as families of served models do: what they refuse, and how they answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict, dict]
OPENAI = {"model", "messages", "max_completion_tokens", "seed", "reasoning_effort", "service_tier"}


def chat(content: object, usage: dict | None = None, finish: str = "stop", **message) -> dict:
    counts = {"prompt_tokens": 9, "completion_tokens": 12} | (usage or {})
    reply = {"message": {"role": "assistant", "content": content, **message}}
    return {"choices": [reply | {"finish_reason": finish}], "usage": counts}


def refusal(message: str, parameter: str) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": parameter}
    return 400, {}, {"error": error}


def o_series(body: dict) -> Answer:
    """Refuses max_tokens and sampling of one's own; its thinking is counted and kept to itself."""
    if "max_tokens" in body:
        said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        return refusal(said + "'max_completion_tokens' instead.", "max_tokens")
    for key in ("temperature", "top_p"):
        if body.get(key, 1) != 1:
            said = f"Unsupported value: '{key}' does not support {body[key]} with this model. Only "
            return refusal(said + "the default (1) value is supported.", key)
    for key in sorted(set(body) - OPENAI):
        return refusal(f"Unrecognized request argument supplied: {key}", key)
    details = {"completion_tokens_details": {"reasoning_tokens": 8}}
    return 200, {}, chat("42", details)


def gpt_oss(body: dict) -> Answer:
    """As vLLM serves it: levels of effort, the thinking in `reasoning`."""
    level = body.get("reasoning_effort", "medium")
    if level not in ("low", "medium", "high"):
        return refusal(f"reasoning_effort: {level}", "reasoning_effort")
    thought = "hm " * {"low": 1, "medium": 2, "high": 4}[level]
    usage = {"completion_tokens_details": {"reasoning_tokens": len(thought.split())}}
    return 200, {}, chat("42", usage, reasoning=thought.strip())


def qwen(body: dict) -> Answer:
    """A switch of the template; the thinking in `reasoning_content`; no count of it."""
    variables = body.get("chat_template_kwargs") or {}
    if variables.get("enable_thinking", True):
        return 200, {}, chat("42", reasoning_content="hmm")
    return 200, {}, chat("42")


def deepseek(body: dict) -> Answer:
    """Thinking by a key of the request; log-probs are an error then."""
    if (body.get("thinking") or {}).get("type") != "enabled":
        return 200, {}, chat("42")
    if "logprobs" in body:
        return refusal("deepseek-reasoner does not support `logprobs`", "logprobs")
    usage = {"completion_tokens_details": {"reasoning_tokens": 7}}
    return 200, {}, chat("42", usage, reasoning_content="hmm")


def mistral(body: dict) -> Answer:
    """Its content is a list of pieces, its seed has another name."""
    if "seed" in body:
        return 422, {}, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs not permitted"}]}
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hmm"}]}
    return 200, {}, chat([thought, {"type": "text", "text": "42"}])


def xai(body: dict) -> Answer:
    """Its output tokens leave the thinking out; the total does not."""
    details = {"completion_tokens_details": {"reasoning_tokens": 100}}
    return 200, {}, chat("42", details | {"total_tokens": 9 + 12 + 100})


class Family(ThreadingHTTPServer):
    """Answers as ``behave`` does; ``first`` are answers given before that, in order."""

    daemon_threads = True

    def __init__(self, behave: Callable[[dict], Answer], first: list[Answer] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behave, self.first = behave, list(first or [])
        self.bodies: list[dict] = []
        self.times: list[float] = []
        self.pause = 0.0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(404, {}, {"error": "nothing here"})

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with server.lock:
            server.bodies.append(body)
            server.times.append(time.monotonic())
            given = server.first.pop(0) if server.first else None
        time.sleep(server.pause)
        self.answer(*(given or server.behave(body)))

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


@contextmanager
def serving(
    behave: Callable[[dict], Answer], first: list[Answer] | None = None
) -> Iterator[Family]:
    """A server of that behaviour while the block runs."""
    made = Family(behave, first)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
