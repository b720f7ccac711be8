"""A deterministic stand-in for a model, for tests of faults and reruns. It knows nothing.

An answer follows from a hash of the prompt and seed alone: some sentences with the words the study
counts, inside the thinking delimiters if the model has any, then a boxed number near one that the
prompt fixes (so that draws agree sometimes). Its tokens are the bytes of the text.

``engine_options``, each overruled by the environment variable ITC_SCRIPTED_<NAME>:
latency (seconds per request), calls (file that gets one line per finished request: its key),
die_after (kill the process with SIGKILL before the request of that number), gate (file: while it
exists nothing finishes behind the third request), capacity.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from itc.config.identity import canonical
from itc.config.model import Model
from itc.engines._base import Completion, Request, template_kwargs, thinking
from itc.engines._logprobs import Summary
from itc.engines._prompt import Prompt, Prompter

TITLE = "Scripted (tests)"

SERVING = ("latency", "calls", "die_after", "gate", "capacity")

_SENTENCES = (
    "First, we add the numbers.",
    "Wait, let me check that again.",
    "Hmm, maybe this is wrong.",
    "Therefore the result follows.",
    "Actually, perhaps I should recount.",
    "So the next step is simple.",
    "However, it might be larger.",
    "Finally, we are done.",
)


class ByteTokenizer:
    """Bytes as tokens, with the few methods of a Hugging Face tokenizer that a Prompter needs."""

    chat_template = "roles and contents, one per line"
    eos_token_id = None
    all_special_ids = ()

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        """UTF-8 bytes."""
        return list(text.encode("utf-8"))

    def decode(self, ids: list[int], skip_special_tokens: bool = False) -> str:
        """Text of the bytes; a broken sequence becomes a replacement character."""
        return bytes(ids).decode("utf-8", "replace")

    def apply_chat_template(
        self, messages: list[dict[str, str]], add_generation_prompt: bool, **_: Any
    ) -> str:
        """Role and content per line."""
        text = "".join(f"[{m['role']}] {m['content']}\n" for m in messages)
        return text + "[assistant] " if add_generation_prompt else text


@contextmanager
def open_engine(model: Model) -> Iterator[ScriptedEngine]:
    """Nothing is loaded."""
    yield ScriptedEngine(model)


class ScriptedEngine:
    """See ``engines._base.Engine``; requests finish in an order of their own."""

    def __init__(self, model: Model) -> None:
        self._options = model.options
        self._pair = thinking(model)
        self.prompter = Prompter(
            ByteTokenizer(),
            window=model.max_model_len or 1_000_000,
            thinking=self._pair,
            template_kwargs=template_kwargs(model),
            name=model.model or "scripted",
        )
        self.capacity = int(self._option("capacity", 32))
        self.platform = {
            "engine": "scripted",
            "engine_version": "1",
            "dtype": "none",
            "gpu": "none",
            "tensor_parallel": 1,
            "settings": {"window": self.prompter.window},
        }
        self._queue: dict[str, tuple[Request, Prompt]] = {}
        self._finished = 0

    def add(self, key: str, request: Request) -> None:
        """See ``Engine.add``."""
        self._queue[key] = request, self.prompter.build(request)

    def measure(self, request: Request) -> int:
        """See ``Engine.measure``."""
        return len(self.prompter.build(request).ids)

    def sent(self, request: Request) -> dict[str, Any]:
        """See ``Engine.sent``."""
        text = self.prompter.decode(self.prompter.build(request).ids)
        return {"endpoint": "scripted", "prompt": text, "body": request.content()}

    def step(self) -> list[Completion]:
        """Finish the queued request with the smallest key."""
        if not self._queue:
            return []
        if latency := float(self._option("latency", 0)):
            time.sleep(latency)
        gate = self._option("gate", None)
        while gate and self._finished >= 3 and os.path.exists(gate):
            time.sleep(0.01)
        if self._finished == int(self._option("die_after", -1)):
            os.kill(os.getpid(), signal.SIGKILL)
        key = min(self._queue)
        request, prompt = self._queue.pop(key)
        self._finished += 1
        if calls := self._option("calls", None):
            with open(calls, "a", encoding="ascii") as file:
                file.write(key + "\n")
        return [self._answer(key, request, prompt)]

    def _option(self, name: str, default: Any) -> Any:
        return os.environ.get(f"ITC_SCRIPTED_{name.upper()}", self._options.get(name, default))

    def _answer(self, key: str, request: Request, prompt: Prompt) -> Completion:
        params = request.params
        digest = hashlib.sha256(canonical(request.content())).digest()
        if params.choices:
            text = params.choices[digest[0] % len(params.choices)]
        else:
            text = self._text(request, digest, prompt.thinking_open)
        ids = self.prompter.encode(text)
        reason = "stop"
        limit = 1 if params.choices else params.max_tokens
        if len(ids) > limit:
            ids, reason = ids[:limit], "length"
        done = self.prompter.finish(key, prompt, ids, reason)
        if params.choices:
            share = (digest[1] + 1) / 257
            done.logprobs = {f"choice:{c}": -share * i for i, c in enumerate(params.choices)}
        elif params.logprobs:
            summary = Summary(params.logprobs, params.confidence_window)
            for byte in ids:
                first = -(byte % 16 + 1) / 16
                summary.add(first, [first - rank for rank in range(params.logprobs)])
            done.logprobs = summary.result()
        done.platform = self.platform
        return done

    def _text(self, request: Request, digest: bytes, is_open: bool) -> str:
        asked = request.messages[-1]["content"]
        thoughts = " ".join(_SENTENCES[b % len(_SENTENCES)] for b in digest[: 2 + digest[0] % 6])
        if "Score: N" in asked:
            # One in eight gives no score, which must stay missing.
            answer = "I cannot say." if digest[1] % 8 == 0 else f"Score: {digest[2] % 10 + 1}"
        elif "Response: I" in asked:
            answer = f"Response: {digest[2] % 4 + 1}"
        else:
            fixed = hashlib.sha256(asked.split("\n")[0].encode()).digest()[0]
            value = fixed + (0, 0, 0, 1, -1, 7)[digest[3] % 6]
            answer = f"The answer is \\boxed{{{value}}}."
        if self._pair is None:
            return f"{thoughts}\n{answer}"
        if is_open:
            return f"{thoughts}{self._pair[1]}\n{answer}"
        if any(isinstance(part, str) and self._pair[1] in part for part in request.prefix):
            return answer
        return f"{self._pair[0]}\n{thoughts}\n{self._pair[1]}\n{answer}"
