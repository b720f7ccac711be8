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

from itc.config.identity import canonical
from itc.config.model import Model
from itc.engines._base import (
    TOO_LONG,
    Completion,
    Cut,
    EngineError,
    Request,
    find_thinking_end,
    template_kwargs,
    thinking,
)
from itc.engines._http import Server
from itc.engines._logprobs import Summary
from itc.engines._prompt import Prompt, Prompter

TITLE = "OpenAI-compatible server"

SERVING = ("timeout", "tries", "pause")  # options that decide no answer
_CANDIDATES = 20  # most a server gives per token


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

    engine_options: tokenizer; timeout (seconds of one request, default 600); tries (default 8);
    pause (seconds before the second try, doubled each time, default 1).
    """

    def __init__(self, model: Model) -> None:
        options = model.options
        self._model = str(model.model)
        self._pair = thinking(model)
        self._kwargs = template_kwargs(model)
        self.capacity = model.concurrency
        self._prompter = _prompter(model, options.get("tokenizer"))
        self._server = Server(
            str(model.base_url),
            os.environ.get(model.api_key_env or "", ""),
            tries=int(options.get("tries", 8)),
            pause=float(options.get("pause", 1.0)),
            timeout=float(options.get("timeout", 600)),
            connections=self.capacity,
        )
        self._threads = ThreadPoolExecutor(self.capacity, thread_name_prefix="openai")
        self._open: set[Future[Completion]] = set()
        self._failed: BaseException | None = None
        self.platform = {
            "engine": "openai",
            "engine_version": self._server.version(),
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
        params = request.params
        body = self._common(request) | {"prompt": prompt.ids, "return_token_ids": True}
        body |= {"skip_special_tokens": False, "logprobs": params.logprobs or None}
        if params.choices:
            first = [prompter.encode(choice)[0] for choice in params.choices]
            # Not logprob_token_ids: one such request replaces the log-probs of its whole batch.
            body |= {"allowed_token_ids": first, "logprobs": _CANDIDATES}
        answer = self._server.post("/completions", body)
        if answer is None:
            return self._too_long(key, prompt.sha256, prompt.n_prompt)
        choice = answer["choices"][0]
        ids = choice.get("token_ids") or prompter.encode(choice["text"])
        done = prompter.finish(key, prompt, list(ids), choice.get("finish_reason"))
        found = choice.get("logprobs") or {}
        tops = [sorted(t.items(), key=lambda i: -i[1]) for t in found.get("top_logprobs") or []]
        done.logprobs = self._summary(request, found.get("token_logprobs") or [], tops)
        done.platform = self.platform
        return done

    def _chat(self, key: str, request: Request) -> Completion:
        prefix = "".join(_text(part) for part in request.prefix)
        messages = [dict(m) for m in request.messages]
        body = self._common(request)
        if prefix:
            messages.append({"role": "assistant", "content": prefix})
            body |= {"add_generation_prompt": False, "continue_final_message": True}
        if self._kwargs:
            body["chat_template_kwargs"] = self._kwargs
        wanted = _CANDIDATES if request.params.choices else request.params.logprobs
        if wanted:
            body |= {"logprobs": True, "top_logprobs": wanted}
        digest = hashlib.sha256(canonical([*messages])).hexdigest()
        answer = self._server.post("/chat/completions", body | {"messages": messages})
        if answer is None:
            return self._too_long(key, digest, 0)
        choice, usage = answer["choices"][0], answer.get("usage") or {}
        text = choice["message"].get("content") or ""
        # Servers that split the thinking off call it one or the other.
        thought = choice["message"].get("reasoning_content") or choice["message"].get("reasoning")
        if thought and self._pair:
            closed = self._pair[1] if text or choice.get("finish_reason") == "stop" else ""
            text = f"{self._pair[0]}{thought}{closed}{text}"
        content = ((choice.get("logprobs") or {}).get("content")) or []
        tops = [[(t["token"], t["logprob"]) for t in c.get("top_logprobs") or []] for c in content]
        details = usage.get("completion_tokens_details") or {}
        text = text.encode("utf-8", "replace").decode("utf-8")
        end = find_thinking_end(text, False, self._pair)
        none = not self._pair or (end is None and self._pair[0] not in text)
        return Completion(
            text=text,
            token_ids=[],
            finish_reason=choice.get("finish_reason"),
            n_prompt_tokens=int(usage.get("prompt_tokens") or 0),
            n_output_tokens=int(usage.get("completion_tokens") or 0),
            prompt_sha256=digest,
            prefix_text=prefix,
            thinking_end=end,
            n_thinking_tokens=0 if none else details.get("reasoning_tokens"),
            logprobs=self._summary(request, [c["logprob"] for c in content], tops),
            platform=self.platform,
            key=key,
        )

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
        # Not part of OpenAI's own interface, so only sent where they say something.
        if params.top_k > 0:
            body["top_k"] = params.top_k
        if params.min_p > 0:
            body["min_p"] = params.min_p
        if params.repetition_penalty != 1.0:
            body["repetition_penalty"] = params.repetition_penalty
        if params.min_tokens:
            body["min_tokens"] = params.min_tokens
        return body

    def _summary(
        self, request: Request, chosen: list[float], tops: list[list[tuple[str, float]]]
    ) -> dict[str, float]:
        params = request.params
        if params.choices:
            found: dict[str, float] = {}
            for token, value in tops[0] if tops else []:
                for word in params.choices:
                    if token.strip() and word.startswith(token.strip()):
                        found.setdefault(f"choice:{word}", round(value, 6))
            if found:  # a word beyond the candidates is at most as likely as the last of them
                least = round(min(value for _, value in tops[0]), 6)
                found = {f"choice:{w}": found.get(f"choice:{w}", least) for w in params.choices}
            return found
        if not params.logprobs or not chosen:
            return {}
        summary = Summary(params.logprobs, params.confidence_window)
        for value, top in zip(chosen, tops, strict=False):
            summary.add(value, [v for _, v in top][: params.logprobs])
        return summary.result()

    def _too_long(self, key: str, digest: str, n_prompt: int) -> Completion:
        return Completion(
            text="",
            token_ids=[],
            finish_reason=TOO_LONG,
            n_prompt_tokens=n_prompt,
            prompt_sha256=digest,
            n_thinking_tokens=0,
            platform=self.platform,
            key=key,
        )


def _prompter(model: Model, tokenizer: str | None) -> Prompter | None:
    if not tokenizer:
        return None
    from transformers import AutoTokenizer

    found = AutoTokenizer.from_pretrained(tokenizer, revision=model.revision)
    return Prompter.of(model, found, model.max_model_len or 1 << 30)


def _text(part: str | Cut) -> str:
    if isinstance(part, str):
        return part
    raise EngineError(
        "this procedure goes on from token ids, which a chat server does not take; set "
        "`engine_options: {tokenizer: ...}` of the model if it is a vLLM server, or leave the "
        "procedure out"
    )
