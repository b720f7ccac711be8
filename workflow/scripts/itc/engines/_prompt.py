"""From chat messages to token ids, with the model's own chat template and tokenizer."""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itc.config.model import Model
from itc.engines._base import (
    Completion,
    Cut,
    LongPromptError,
    PromptError,
    Request,
    find_thinking_end,
    left_open,
    subsequence,
    template_kwargs,
    thinking,
)

_CACHE = 64  # rendered prompts kept: the draws of a problem follow each other and share one


@dataclass(frozen=True)
class Prompt:
    """A prompt as the model sees it; ids are token ids of prompt and prefix together."""

    ids: list[int]
    sha256: str  # over the ids as little-endian int32
    prefix_text: str
    prefix_ids: list[int]
    prefix_thinking_tokens: int
    thinking_open: bool

    @property
    def n_prompt(self) -> int:
        """Tokens before the prefix."""
        return len(self.ids) - len(self.prefix_ids)


class Prompter:
    """Builds prompts and reads outputs with a Hugging Face style tokenizer.

    tokenizer: has chat_template, apply_chat_template, encode and decode. window: max_model_len.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        window: int,
        thinking: tuple[str, str] | None,
        template_kwargs: dict[str, Any] | None = None,
        chat_template: str | None = None,
        name: str = "model",
    ) -> None:
        self.tokenizer = tokenizer
        self.window = window
        self.pair = thinking
        self._kwargs = dict(template_kwargs or {})
        self._name = name
        if chat_template:
            self._kwargs["chat_template"] = chat_template
        elif not getattr(tokenizer, "chat_template", None):
            raise PromptError(
                f"{name} has no chat template; give one in its entry of config/models.yaml "
                f"(chat_template: path of a Jinja2 file)"
            )
        self._rendered: OrderedDict[tuple[Any, ...], tuple[list[int], bool]] = OrderedDict()
        self._close = self.encode(thinking[1]) if thinking else []
        self._open = self.encode(thinking[0]) if thinking else []

    @classmethod
    def of(cls, model: Model, tokenizer: Any, window: int) -> Prompter:
        """The prompter of a model entry: its delimiters, template and switches."""
        template = model.chat_template
        return cls(
            tokenizer,
            window=window,
            thinking=thinking(model),
            template_kwargs=template_kwargs(model),
            chat_template=Path(template).read_text(encoding="utf-8") if template else None,
            name=str(model.model),
        )

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text`` without any added special tokens."""
        return list(self.tokenizer.encode(text, add_special_tokens=False))

    def decode(self, ids: list[int]) -> str:
        """Text of ``ids`` with special tokens shown; never holds a lone surrogate."""
        text = self.tokenizer.decode(ids, skip_special_tokens=False)
        return str(text.encode("utf-8", "replace").decode("utf-8"))

    def build(self, request: Request) -> Prompt:
        """The prompt of ``request``; raises LongPromptError when it leaves no room."""
        ids, opened = self._chat(request.messages)
        parts: list[int] = []
        shown: list[str] = []
        for number, part in enumerate(request.prefix):
            if isinstance(part, str):
                if number == 0:
                    part = self._without_opening(opened, part)
                parts += self.encode(part)
                shown.append(part)
            else:
                kept = self._cut(part, opened)
                parts += kept
                shown.append(self.decode(kept))
        prefix_text = "".join(shown)
        whole = ids + parts
        end = find_thinking_end(prefix_text, opened, self.pair)
        if len(whole) >= self.window:
            raise LongPromptError(
                f"a prompt of {len(whole)} tokens leaves no room in {self._name}'s window of "
                f"{self.window} (max_model_len)",
                len(whole),
            )
        return Prompt(
            whole,
            hashlib.sha256(array("i", whole).tobytes()).hexdigest(),
            prefix_text,
            parts,
            self._count_thinking(prefix_text, parts, opened, end) if parts else 0,
            left_open((self.pair[0] if opened and self.pair else "") + prefix_text, self.pair),
        )

    def finish(
        self, key: str, prompt: Prompt, ids: list[int], reason: str | None, text: str | None = None
    ) -> Completion:
        """Read an output: its text (if the engine gave none), where thinking ends, token counts."""
        shown = ids
        if text is None:
            if reason == "stop" and ids and ids[-1] in self._stops():
                shown = ids[:-1]
            text = self.decode(shown)
        end = find_thinking_end(text, prompt.thinking_open, self.pair)
        return Completion(
            text=text,
            token_ids=ids,
            finish_reason=reason,
            n_prompt_tokens=prompt.n_prompt,
            prompt_sha256=prompt.sha256,
            prefix_text=prompt.prefix_text,
            prefix_ids=prompt.prefix_ids,
            prefix_thinking_tokens=prompt.prefix_thinking_tokens,
            thinking_open=prompt.thinking_open,
            thinking_end=end,
            n_thinking_tokens=self._count_thinking(text, ids, prompt.thinking_open, end),
            key=key,
        )

    def _cut(self, part: Cut, is_open: bool) -> list[int]:
        ids = list(part.ids)
        if part.thinking_tokens is None:
            return ids[:-1] if ids and ids[-1] in self._stops() else ids
        start = 0
        if not is_open and self._open:
            found = subsequence(ids, self._open)
            start = found + len(self._open) if found >= 0 else 0
        return ids[: start + part.thinking_tokens]

    def _count_thinking(self, text: str, ids: list[int], is_open: bool, end: int | None) -> int:
        """Tokens between the delimiters; all behind the opening one if it never closed."""
        if self.pair is None or not (is_open or end is not None or self.pair[0] in text):
            return 0
        start = 0
        if not is_open:
            found = subsequence(ids, self._open)
            start = found + len(self._open) if found >= 0 else 0
        if end is None:
            return len(ids) - start
        stop = subsequence(ids, self._close, start)
        if stop < 0:  # the delimiter was spelled with other tokens than its own encoding
            stop = self._tokens_before(ids, text[: end - len(self.pair[1])])
        return stop - start

    def _tokens_before(self, ids: list[int], text: str) -> int:
        low, high = 0, len(ids)
        while low < high:
            middle = (low + high) // 2
            if len(self.decode(ids[:middle])) < len(text):
                low = middle + 1
            else:
                high = middle
        return low

    def _without_opening(self, is_open: bool, prefix: str) -> str:
        """Drop the opening delimiter of ``prefix`` where the chat template already wrote it."""
        if self.pair and is_open and prefix.lstrip().startswith(self.pair[0]):
            return prefix.lstrip()[len(self.pair[0]) :].lstrip("\n")
        return prefix

    def _stops(self) -> set[int]:
        eos = getattr(self.tokenizer, "eos_token_id", None)
        special = getattr(self.tokenizer, "all_special_ids", None) or []
        return {*special, *([] if eos is None else [eos])}

    def _chat(self, messages: tuple[dict[str, str], ...]) -> tuple[list[int], bool]:
        """Token ids, and whether the template opened a thinking block."""
        cached = tuple((m["role"], m["content"]) for m in messages)
        if cached in self._rendered:
            self._rendered.move_to_end(cached)
            return self._rendered[cached]
        text, before = (
            self.tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=generation, **self._kwargs
            )
            for generation in (True, False)
        )
        # Only what the template adds for the answer counts: a shown response may hold delimiters.
        tail = text[len(before) :] if text.startswith(before) else text[-100:]
        self._rendered[cached] = self.encode(text), left_open(tail, self.pair)
        if len(self._rendered) > _CACHE:
            self._rendered.popitem(last=False)
        return self._rendered[cached]
