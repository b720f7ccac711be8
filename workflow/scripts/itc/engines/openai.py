"""Any OpenAI-compatible server: ``vllm serve`` on another node, or a hosted API.

With ``engine_options: {tokenizer: FOLDER_OR_REPOSITORY}`` prompts are built here, exactly as the
offline engine builds them, and sent as token ids to ``/completions`` (a vLLM server takes them).
Without it messages go to ``/chat/completions``: no token ids come back, and procedures that cut a
thinking by tokens are refused. The key comes from the environment variable named ``api_key_env``;
it is never written anywhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from itc.config.fields import neutral
from itc.config.identity import canonical
from itc.config.model import Model
from itc.engines._base import (
    Completion,
    EngineError,
    Params,
    Request,
    active_thinking,
    template_kwargs,
    thinking,
)
from itc.engines._choices import Choices
from itc.engines._completions import (
    CANDIDATES,
    NO_PREFIX,
    decide,
    logprobs_of,
    opens_thinking,
    prompter,
    read_completion,
    render,
    summary,
)
from itc.engines._http import NEUTRAL, Server
from itc.engines._prompt import Prompt, Prompter
from itc.engines._replies import choice_logprobs, fault, read_chat, reason_of

TITLE = "OpenAI-compatible server"

SERVING = ("timeout", "tries", "pause")  # options that decide no answer
_SLOWEST = 5.0  # output tokens in a second: a request may take as long as its cap takes at this


def check(model: Model) -> None:
    """Raise EngineError for a missing address or key, and for a secret in the address."""
    address = urlsplit(model.base_url or "")
    if address.username or address.password or address.query:
        raise EngineError(
            "key 'base_url': the address holds a user, password or query, and would be logged and "
            "archived with them; give the key by `api_key_env`"
        )
    if address.scheme not in ("http", "https") or not address.hostname:
        raise EngineError(
            f"key 'base_url': {model.base_url!r}; give the server's address, e.g. "
            f"http://node17:8000/v1"
        )
    name = model.api_key_env
    if name and not os.environ.get(name):
        raise EngineError(
            f"key 'api_key_env': the environment variable {name} is not set; export the API key "
            f"under that name, or drop the key for a server that wants none"
        )


@contextmanager
def open_engine(model: Model) -> Iterator[OpenAIEngine]:
    """Connect; nothing is sent before the first request but a question for the version."""
    check(model)
    engine = OpenAIEngine(model)
    try:
        yield engine
    finally:
        engine.close()


class OpenAIEngine:
    """See ``engines._base.Engine``. At most ``concurrency`` requests are in flight.

    engine_options: tokenizer; timeout (seconds of one request, default 600, or what its max_tokens
    take at 5 tokens a second); tries (default 8); pause (seconds before the second try, doubled
    each time, default 1).
    """

    def __init__(self, model: Model) -> None:
        options = model.options
        self._model = str(model.model)
        self._pair, self._thinks = thinking(model), active_thinking(model) is not None
        self._kwargs = template_kwargs(model)
        self.capacity = model.concurrency
        self._server = Server(
            str(model.base_url),
            os.environ.get(model.api_key_env or "", ""),
            tries=int(options.get("tries", 8)),
            pause=float(options.get("pause", 1.0)),
            connections=self.capacity,
        )
        self._timeout = float(options["timeout"]) if "timeout" in options else None
        self.facts = self._server.facts(self._model)
        self._prompter = prompter(model, options.get("tokenizer"), self.facts)
        # A tokenizer is given for servers that take token ids, as vLLM does.
        self._known = NEUTRAL.get(self.facts.program or "vllm" * bool(self._prompter), {})
        self._opened: dict[tuple[str, ...], bool | None] = {}
        self._threads = ThreadPoolExecutor(self.capacity, thread_name_prefix="openai")
        self._open: set[Future[Completion]] = set()
        self._failed: BaseException | None = None
        self.platform = {
            "engine": "openai",
            "engine_version": self.facts.version,
            "dtype": model.dtype,
            "gpu": None,
            "tensor_parallel": None,
        }

    def close(self) -> None:
        """Drop what is in flight."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._server.close()

    def add(self, key: str, request: Request) -> None:
        """See ``Engine.add``."""
        if self._failed:  # step tells; nothing more is asked, or paid
            return
        if self._prompter is None:
            future = self._threads.submit(self._chat, key, request)
        else:
            prompt = self._prompter.build(request)
            future = self._threads.submit(self._complete, key, request, prompt, self._prompter)
        self._open.add(future)

    def measure(self, request: Request) -> int:
        """See ``Engine.measure``; 0 without a tokenizer, the server then decides."""
        return len(self._prompter.build(request).ids) if self._prompter else 0

    def sent(self, request: Request) -> dict[str, Any]:
        """See ``Engine.sent``; a vLLM server says how it renders messages, others keep that."""
        if self._prompter is not None:
            prompt = self._prompter.build(request)
            text, body = self._prompter.decode(prompt.ids), self._completion_body(request, prompt)
            return {"endpoint": "/completions", "prompt": text, "body": body}
        body, known = self._chat_body(request), self.facts.program == "vllm"
        shown = render(self._server, self._model, body) if known else None
        return {"endpoint": "/chat/completions", "prompt": shown, "body": body}

    def step(self) -> list[Completion]:
        """See ``Engine.step``; waits up to a second.

        Where a request failed for good, those under way end first and their answers are returned.
        """
        if self._failed and not self._open:
            raise self._failed
        done, self._open = wait(self._open, timeout=1.0, return_when=FIRST_COMPLETED)
        failures = [error for future in done if (error := future.exception())]
        self._failed = next(iter(failures), self._failed)
        return [future.result() for future in done if not future.exception()]

    # -- the two end points ----------------------------------------------------------------------

    def _complete(
        self, key: str, request: Request, prompt: Prompt, prompter: Prompter
    ) -> Completion:
        if request.params.choices:
            return self._choose(key, request, prompt, prompter)
        params = request.params
        body = self._completion_body(request, prompt) | {"logprobs": params.logprobs or None}
        answer = self._post("/completions", body)
        if answer is None:
            return Completion.too_long(key, self.platform, prompt.n_prompt, prompt.sha256)
        choice = answer["choices"][0]
        done = read_completion(key, answer, prompt, prompter, stops=bool(params.stop))
        chosen, tops = logprobs_of(choice)
        done.logprobs = summary(request.params, chosen, tops)
        done.platform = self.platform
        return done

    def _choose(self, key: str, request: Request, prompt: Prompt, prompter: Prompter) -> Completion:
        """One of few words, and the log-probs of all of them, by the ids of their tokens."""
        words, body = request.params.choices, self._completion_body(request, prompt)
        choices = Choices(words, [prompter.word(prompt, word) for word in words])
        choice, logprobs = decide(
            choices,
            prompt.ids,
            prompter,
            lambda more: self._post("/completions", body | more),
        )
        if choice is None:
            return Completion.too_long(key, self.platform, prompt.n_prompt, prompt.sha256)
        ids = list(choice.get("token_ids") or prompter.encode(choice["text"]))
        done = prompter.finish(key, prompt, ids, reason_of(choice), ended=False)
        done.logprobs, done.platform = logprobs, self.platform
        return done

    def _completion_body(self, request: Request, prompt: Prompt) -> dict[str, Any]:
        """What is asked of ``/completions``; the cap on the output ends at the server's window."""
        body = self._common(request) | {"prompt": prompt.ids, "return_token_ids": True}
        body |= {"skip_special_tokens": False}
        if request.params.logprobs:
            # Two tokens can read alike: by their ids no candidate is lost.
            body["return_tokens_as_token_ids"] = True
        if self.facts.window:
            body["max_tokens"] = min(body["max_tokens"], self.facts.window - len(prompt.ids))
        return body

    def _chat_body(self, request: Request) -> dict[str, Any]:
        if request.prefix:
            raise EngineError(NO_PREFIX)
        body = self._common(request) | {"messages": [dict(m) for m in request.messages]}
        if self._kwargs:
            body["chat_template_kwargs"] = self._kwargs
        wanted = CANDIDATES if request.params.choices else request.params.logprobs
        if wanted:
            body |= {"logprobs": True, "top_logprobs": wanted}
        if self.facts.window:
            body["max_tokens"] = min(body["max_tokens"], self.facts.window)
        return body

    def _chat(self, key: str, request: Request) -> Completion:
        body = self._chat_body(request)
        digest = hashlib.sha256(canonical(body["messages"])).hexdigest()
        answer = self._post("/chat/completions", body)
        if answer is None:
            return Completion.too_long(key, self.platform, 0, digest)
        choice, usage = answer["choices"][0], answer.get("usage") or {}
        reply = read_chat(answer, self._pair, self._opens(body), self._thinks)
        content = ((choice.get("logprobs") or {}).get("content")) or []
        tops = [[(t["token"], t["logprob"]) for t in c.get("top_logprobs") or []] for c in content]
        text, logprobs = reply.text, summary(request.params, [c["logprob"] for c in content], tops)
        if request.params.choices and content:
            own = (content[0]["token"], content[0]["logprob"])
            text, logprobs = choice_logprobs(request.params.choices, text, [*tops[0], own])
        return Completion(
            text=text,
            token_ids=[],
            finish_reason=reason_of(choice),
            n_prompt_tokens=int(usage.get("prompt_tokens") or 0),
            n_output_tokens=reply.n_output_tokens,
            prompt_sha256=digest,
            thinking_end=reply.thinking_end,
            n_thinking_tokens=reply.n_thinking_tokens,
            logprobs=logprobs,
            platform=self.platform,
            key=key,
        )

    def _opens(self, body: dict[str, Any]) -> bool | None:
        """Whether the server's template opens the thinking; None where it does not say."""
        if not self._pair or self.facts.program != "vllm":
            return None
        # One answer for all conversations of the same roles: a template looks at no more.
        roles = tuple(message["role"] for message in body["messages"])
        if roles not in self._opened:
            self._opened[roles] = opens_thinking(self._server, self._model, body, self._pair)
        return self._opened[roles]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        patience = self._timeout or max(600.0, body["max_tokens"] / _SLOWEST)
        return self._server.post(path, body, fault, patience)

    def _common(self, request: Request) -> dict[str, Any]:
        params = request.params
        body: dict[str, Any] = {
            "model": self._model,
            "temperature": params.temperature,
            "top_p": params.top_p,
            "max_tokens": 1 if params.choices else params.max_tokens,
            "seed": request.seed,
        }
        if params.stop:
            body["stop"] = list(params.stop)
        # Not part of OpenAI's own interface: sent where they say something, and always to a server
        # that knows them, which else fills in its own.
        for name in NEUTRAL["vllm"]:
            value, off = getattr(params, name), neutral(Params, name)
            if name in self._known:
                theirs, theirs_off = self._known[name]
                body[theirs] = theirs_off if value == off else value
            elif value != off:
                body[name] = value
        return body
