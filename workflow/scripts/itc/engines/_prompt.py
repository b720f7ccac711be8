"""From chat messages to token ids, with the model's own chat template and tokenizer."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jinja2

from itc.config.model import Model
from itc.engines import _template
from itc.engines._base import (
    Completion,
    LongPromptError,
    PromptError,
    Request,
    left_open,
    template_kwargs,
    thinking,
)
from itc.engines._pieces import Pieces
from itc.engines._thinking import Tokens

_CACHE = 64  # rendered prompts kept: the draws of a problem follow each other and share one

# The day that templates see which write today's date: a prompt must not change over night, since
# neither its request nor its answer in the journal knows of a day.
TODAY = datetime(2026, 1, 1)


@dataclass(frozen=True)
class Prompt:
    """A prompt as the model sees it; ids are token ids of prompt and prefix together.

    lead: white space that the model writes as part of the token that comes next, where the prefix
    was cut before that token.
    """

    ids: list[int]
    sha256: str  # over the ids as little-endian int32
    prefix_text: str
    prefix_ids: list[int]
    prefix_thinking_tokens: int
    thinking_open: bool
    lead: str = ""

    @property
    def n_prompt(self) -> int:
        """Tokens before the prefix."""
        return len(self.ids) - len(self.prefix_ids)


@dataclass(frozen=True)
class _Chat:
    """A rendered conversation: ids, whether it ends in an open thinking, what follows its opening
    delimiter."""

    ids: list[int]
    opened: bool
    behind: str


class Prompter:
    """Builds prompts and reads outputs with a Hugging Face style tokenizer.

    tokenizer: has chat_template, apply_chat_template, encode and decode. window: max_model_len.
    stops: token ids that end an answer, as the model's generation config lists them; without them
    those of the tokenizer count.
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
        stops: Iterable[int] = (),
    ) -> None:
        self.tokenizer = tokenizer
        self.window = window
        self.pair = thinking
        self._kwargs = dict(template_kwargs or {})
        self._own: dict[str, Any] = {}
        self._name = name
        self._template = _template.of_tokenizer(tokenizer, chat_template)
        if chat_template:
            self._own = {"chat_template": chat_template}
        elif not self._template and not _template.renders_itself(tokenizer):
            raise PromptError(
                f"{name} has no chat template; give one in its entry of config/models.yaml "
                f"(chat_template: path of a Jinja2 file)"
            )
        self._check_variables(self._kwargs)
        self._pieces = Pieces(tokenizer, thinking, stops)
        self._rendered: OrderedDict[tuple[Any, ...], _Chat] = OrderedDict()

    @classmethod
    def of(cls, model: Model, tokenizer: Any, window: int, stops: Iterable[int] = ()) -> Prompter:
        """The prompter of a model entry: its delimiters, template and switches."""
        template = model.chat_template
        return cls(
            tokenizer,
            window=window,
            thinking=thinking(model),
            template_kwargs=template_kwargs(model),
            chat_template=_template.read(template) if template else None,
            name=str(model.model),
            stops=stops,
        )

    def encode(self, text: str) -> list[int]:
        """Token ids of ``text`` without any added special tokens."""
        return self._pieces.encode(text)

    def word(self, prompt: Prompt, text: str) -> list[int]:
        """Token ids of a word as the model writes it behind ``prompt``."""
        return self._pieces.inner(prompt.lead + text) if prompt.prefix_ids else self.encode(text)

    def decode(self, ids: list[int]) -> str:
        """Text of ``ids`` with special tokens shown; never holds a lone surrogate."""
        return self._pieces.decode(ids)

    def build(self, request: Request) -> Prompt:
        """The prompt of ``request``.

        Raises LongPromptError when it leaves no room, PromptError where its prefix was cut from an
        answer to another prompt.
        """
        chat = self._chat(request.messages, request.template)
        opened, parts, lead = chat.opened, list[int](), ""
        for number, part in enumerate(request.prefix):
            if isinstance(part, str):
                text = self._without_opening(chat, part) if number == 0 else part
                parts += self._pieces.text(text)
            else:
                kept, inside, lead = self._pieces.cut(part, chat.opened)
                parts += kept
                opened = opened or inside
        whole = chat.ids + parts
        self._check_parent(request, chat.ids)
        if len(whole) >= self.window:
            raise self.too_long(len(whole))
        text = self.decode(parts)
        span = self._pieces.span(text, Tokens(parts, self.decode), opened)
        return Prompt(
            whole,
            _sha256(whole),
            text,
            parts,
            span.n_tokens if span and parts else 0,
            span is not None and span.end is None,
            lead,
        )

    def finish(
        self,
        key: str,
        prompt: Prompt,
        ids: list[int],
        reason: str | None,
        text: str | None = None,
        *,
        ended: bool | None = None,
    ) -> Completion:
        """Read an output: its text (if the engine gave none), where thinking ends, token counts.

        ended: whether the last token is the one at which the engine stopped, which is no text; None
        goes by the model's stop tokens.
        """
        if ended is None:
            ended = reason == "stop" and bool(ids) and ids[-1] in self._pieces.stops
        shown = ids[:-1] if ended else ids
        if text is None:
            text = self._behind(prompt, shown)
        tokens = Tokens(shown, self.decode, prompt.prefix_ids)
        span = self._pieces.span(text, tokens, prompt.thinking_open)
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
            thinking_end=span.end if span else None,
            n_thinking_tokens=span.n_tokens if span else 0,
            key=key,
        )

    def too_long(self, n_tokens: int) -> LongPromptError:
        """The error of a prompt of so many tokens."""
        return LongPromptError(
            f"a prompt of {n_tokens} tokens leaves no room in {self._name}'s window of "
            f"{self.window} (max_model_len)",
            n_tokens,
        )

    # -- tokens ----------------------------------------------------------------------------------

    def _behind(self, prompt: Prompt, ids: list[int]) -> str:
        """Text of ``ids`` where they stand, which can differ from their text alone by a space."""
        if prompt.prefix_ids:
            whole = self.decode(prompt.prefix_ids + ids)
            if whole.startswith(prompt.prefix_text):
                return whole[len(prompt.prefix_text) :]
        return self.decode(ids)

    def _without_opening(self, chat: _Chat, prefix: str) -> str:
        """Drop the opening of ``prefix`` as far as the chat template already wrote it."""
        if self.pair and chat.opened and prefix.lstrip().startswith(self.pair[0]):
            rest = prefix.lstrip()[len(self.pair[0]) :]
            if rest.startswith(chat.behind):
                return rest[len(chat.behind) :]
            return rest.lstrip("\n")
        return prefix

    def _check_parent(self, request: Request, ids: list[int]) -> None:
        if request.parent_sha256 and _sha256(ids) != request.parent_sha256:
            raise PromptError(
                f"the answer that is to be continued was given to another prompt than this one of "
                f"{len(ids)} tokens; give the procedure the prompt, system_prompt and template "
                f"variables of its parent"
            )

    def _check_variables(self, given: Mapping[str, Any]) -> None:
        if self._template is not None:
            _template.check(given, self._template, self._name)

    def _chat(self, messages: tuple[dict[str, str], ...], further: Mapping[str, Any]) -> _Chat:
        """The conversation as the template renders it; ``further`` variables are the request's."""
        cached = (*((m["role"], m["content"]) for m in messages), json.dumps(dict(further)))
        if cached in self._rendered:
            self._rendered.move_to_end(cached)
            return self._rendered[cached]
        self._check_variables(further)
        text, before = (self._render(messages, generation, further) for generation in (True, False))
        # Only what the template adds for the answer counts: a shown response may hold delimiters.
        tail = text[len(before) :] if text.startswith(before) else text[-100:]
        opened = left_open(tail, self.pair)
        behind = tail.rpartition(self.pair[0])[2] if opened and self.pair else ""
        self._rendered[cached] = _Chat(self.encode(text), opened, behind)
        if len(self._rendered) > _CACHE:
            self._rendered.popitem(last=False)
        return self._rendered[cached]

    def _render(
        self, messages: tuple[dict[str, str], ...], generation: bool, further: Mapping[str, Any]
    ) -> str:
        try:
            return str(
                self.tokenizer.apply_chat_template(
                    list(messages),
                    tokenize=False,
                    add_generation_prompt=generation,
                    **{"strftime_now": TODAY.strftime, **self._kwargs, **further, **self._own},
                )
            )
        except jinja2.TemplateError as error:
            roles = ", ".join(message["role"] for message in messages)
            raise PromptError(
                f"the chat template of {self._name} refuses messages of roles {roles}: {error}. A "
                f"template that knows no system message needs procedures and datasets without "
                f"system_prompt"
            ) from error


def _sha256(ids: list[int]) -> str:
    return hashlib.sha256(array("i", ids).tobytes()).hexdigest()
