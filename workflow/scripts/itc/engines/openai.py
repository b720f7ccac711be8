"""Any OpenAI-compatible server: ``vllm serve`` on another node, or a hosted API.

With ``engine_options: {tokenizer: FOLDER_OR_REPOSITORY}`` prompts are built here, exactly as the
offline engine builds them, and sent as token ids to ``/completions`` (a vLLM server takes them).
Without it messages go to ``/chat/completions``: no token ids come back, and procedures that cut a
thinking by tokens are refused. The key comes from the environment variable named ``api_key_env``;
it is never written anywhere.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from itc.config.fields import neutral
from itc.config.identity import canonical
from itc.config.model import Model
from itc.engines import _http, _recommended
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
from itc.engines._connect import check, connect
from itc.engines._prompt import Prompt, Prompter
from itc.engines._replies import choice_logprobs, fault, read_chat, reason_of
from itc.engines._served import Served, advice, plain_reply

TITLE = "OpenAI-compatible server"

SERVING = ("timeout", "tries", "pause")  # options that decide no answer
# Keys of a request that decide no answer.
SERVING_REQUEST = ("service_tier", "user", "metadata", "prompt_cache_key", "safety_identifier")
_SLOWEST = 5.0  # output tokens in a second: a request may take as long as its cap takes at this


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
        self._served, self._server = Served.of(model), connect(model)
        self._timeout = float(options["timeout"]) if "timeout" in options else None
        self.facts = self._server.facts(self._model)
        self._prompter = prompter(model, options.get("tokenizer"), self.facts)
        # A tokenizer is given for servers that take token ids, as vLLM does.
        self._known = _http.NEUTRAL.get(self.facts.program or "vllm" * bool(self._prompter), {})
        self._source = str(options.get("tokenizer", "")), model.revision
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
        self._served.check(request.params)
        prompt = self._prompter.build(request) if self._prompter else None
        self._open.add(self._threads.submit(self._answer, key, request, prompt))

    def measure(self, request: Request) -> int:
        """See ``Engine.measure``; 0 without a tokenizer, the server then decides."""
        return len(self._prompter.build(request).ids) if self._prompter else 0

    def sent(self, request: Request) -> dict[str, Any]:
        """See ``Engine.sent``; a vLLM server says how it renders messages, others keep that."""
        request = self._drawn(request)
        if self._prompter is not None:
            prompt = self._prompter.build(request)
            body = self._served.body(self._completion_body(request, prompt), request.params)
            text = self._prompter.decode(prompt.ids)
            return {"endpoint": "/completions", "prompt": text, "body": body}
        body = self._served.body(self._chat_body(request), request.params)
        known = self.facts.program == "vllm"
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

    @functools.cached_property
    def recommended(self) -> dict[str, Any] | str:
        """Sampling that the tokenizer's folder recommends; without one the server's own holds."""
        return _recommended.read(*self._source) if self._prompter else "the server's own"

    def _drawn(self, request: Request) -> Request:
        """The request with the sampling that the model recommends, where it asks for that."""
        if request.params.sampling == "own" or not isinstance(self.recommended, dict):
            return request
        return replace(request, params=_recommended.applied(request.params, self.recommended))

    def _answer(self, key: str, request: Request, prompt: Prompt | None) -> Completion:
        """The completion of one request; its platform says what was drawn or sent otherwise."""
        drawn = self._drawn(request)
        if prompt is None or self._prompter is None:
            done = self._chat(key, drawn)
        else:
            done = self._complete(key, drawn, prompt, self._prompter)
        if request.params.sampling == "model":
            done.platform = _recommended.marked(done.platform, self.recommended)
        done.platform = self._served.marked(done.platform)
        return done

    # -- the two end points ----------------------------------------------------------------------

    def _complete(
        self, key: str, request: Request, prompt: Prompt, prompter: Prompter
    ) -> Completion:
        if request.params.choices:
            return self._choose(key, request, prompt, prompter)
        params = request.params
        body = self._completion_body(request, prompt) | {"logprobs": params.logprobs or None}
        answer = self._post("/completions", body, params)
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
            lambda more: self._post("/completions", body | more, request.params),
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
        if variables := {**self._kwargs, **request.template}:
            body["chat_template_kwargs"] = variables
        wanted = CANDIDATES if request.params.choices else request.params.logprobs
        if wanted:
            body |= {"logprobs": True, "top_logprobs": wanted}
        if self.facts.window:
            body["max_tokens"] = min(body["max_tokens"], self.facts.window)
        return body

    def _chat(self, key: str, request: Request) -> Completion:
        body = self._chat_body(request)
        digest = hashlib.sha256(canonical(body["messages"])).hexdigest()
        answer = self._post("/chat/completions", body, request.params)
        if answer is None:
            return Completion.too_long(key, self.platform, 0, digest)
        answer = plain_reply(answer)
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
        variables = str(body.get("chat_template_kwargs"))
        roles = (*(message["role"] for message in body["messages"]), variables)
        if roles not in self._opened:
            self._opened[roles] = opens_thinking(self._server, self._model, body, self._pair)
        return self._opened[roles]

    def _post(self, path: str, body: dict[str, Any], params: Params) -> dict[str, Any] | None:
        patience = self._timeout or max(600.0, body["max_tokens"] / _SLOWEST)
        try:
            return self._server.post(path, self._served.body(body, params), fault, patience)
        except EngineError as error:
            if tip := advice(str(error)):
                raise EngineError(f"{error}.{tip}") from error
            raise

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
        for name in _http.NEUTRAL["vllm"]:
            value, off = getattr(params, name), neutral(Params, name)
            if name in self._known:
                theirs, theirs_off = self._known[name]
                body[theirs] = theirs_off if value == off else value
            elif value != off:
                body[name] = value
        return body
