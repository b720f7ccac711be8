"""How each family of served models is asked: names of parameters, those it refuses, its replies.

A preset says what a family does today. Whatever an entry says itself (`limit_key`, `refuses`,
`request`) is added, so that a family that changes needs no new version of this project.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from itc.config.fields import neutral
from itc.config.model import Model
from itc.config.presets import PRESETS, Preset
from itc.config.sampling import RECOMMENDED
from itc.engines._base import EngineError, Params

# Our parameters -> keys of a request that carry them.
KEYS: dict[str, tuple[str, ...]] = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "min_p": ("min_p",),
    "repetition_penalty": ("repetition_penalty", "repeat_penalty"),
    "presence_penalty": ("presence_penalty",),
    "frequency_penalty": ("frequency_penalty",),
    "min_tokens": ("min_tokens",),
    "stop": ("stop",),
    "bad_words": ("bad_words",),
    "thinking_budget": ("thinking_token_budget",),
    "seed": ("seed",),
    "logprobs": ("logprobs", "top_logprobs"),
}
# Refused, these only leave the model at its own value, which the entry says by naming them. Every
# other parameter that a procedure sets must be sent, or the procedure is refused.
LEFT_OUT = frozenset({"temperature", "top_p", "seed", "logprobs"})
# Keys of a request that this project writes itself -> where its value comes from.
OURS = {
    **dict.fromkeys(("model", "messages", "prompt"), "the entry's `model` and the prompt"),
    **dict.fromkeys(("n", "stream"), "this project, which asks for one whole answer at a time"),
    **dict.fromkeys(("max_tokens", "max_completion_tokens"), "`max_tokens` and `limit_key`"),
    "chat_template_kwargs": "`chat_template_kwargs` of the entry",
    **{key: f"`{name}`" for name, keys in KEYS.items() for key in keys},
}


@dataclass
class Served:
    """How one entry is asked; ``of`` makes it, ``body`` writes a request, ``left_out`` says what
    was not sent."""

    name: str
    limit_key: str
    refuses: frozenset[str]
    renamed: Mapping[str, str]
    request: Mapping[str, Any]
    left_out: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, model: Model) -> Served:
        """From an entry; raises EngineError for a preset or parameter that there is not."""
        preset = PRESETS.get(model.preset or "", None if model.preset else Preset())
        if preset is None:
            raise EngineError(
                f"key 'preset': {model.preset!r} is not known; allowed: {', '.join(PRESETS)}"
            )
        for name in model.refuses:
            if name not in KEYS:
                raise EngineError(
                    f"key 'refuses': {name!r} is no parameter; allowed: {', '.join(KEYS)}"
                )
        for key in model.request:
            if key in OURS:
                raise EngineError(f"key 'request.{key}': it comes from {OURS[key]}; set it there")
        request = dict(model.request)
        level = None if "tokenizer" in model.options else model.effort_as
        if level and model.effort is not None and request.get(level) not in (None, model.effort):
            raise EngineError(
                f"key 'request.{level}': {request[level]!r}, but `effort` is {model.effort!r}; "
                f"drop one"
            )
        if level and model.effort is not None:
            request[level] = model.effort
        return cls(
            str(model.model),
            model.limit_key or preset.limit_key,
            frozenset((*preset.refuses, *model.refuses)),
            preset.renamed,
            request,
        )

    def check(self, params: Params) -> None:
        """Raise EngineError for a parameter that the model refuses and the procedure needs."""
        for name in sorted(self.refuses - LEFT_OUT):
            value = getattr(params, name)
            if value != neutral(Params, name):
                raise EngineError(
                    f"{self.name} refuses {name!r} (its `preset` or `refuses`), and the procedure "
                    f"sets it to {value!r}; leave it out of the procedure for this model"
                )
        if params.choices and "logprobs" in self.refuses:
            raise EngineError(
                f"{self.name} refuses 'logprobs' (its `preset` or `refuses`), by which a judge of "
                f"scale yesno reads its score; use `scale: score`"
            )

    def body(self, body: Mapping[str, Any], params: Params) -> dict[str, Any]:
        """The request as this model takes it."""
        found = {key: value for key, value in body.items() if value is not None}
        for key, value in (
            ("presence_penalty", params.presence_penalty or None),
            ("frequency_penalty", params.frequency_penalty or None),
            ("bad_words", list(params.bad_words) or None),
            ("thinking_token_budget", params.thinking_budget),
        ):
            if value is not None:
                found[key] = value
        dropped = set(self.refuses)
        if params.sampling == "model":  # and no tokenizer: the server's own values hold
            dropped |= set(RECOMMENDED)
        for name in sorted(dropped):
            for key in KEYS[name]:
                if found.pop(key, None) is not None and name in self.refuses:
                    self._note(name)
        if "max_tokens" in found:
            found[self.limit_key] = found.pop("max_tokens")
        return {self.renamed.get(key, key): value for key, value in found.items()} | dict(
            self.request
        )

    def marked(self, platform: Mapping[str, Any]) -> dict[str, Any]:
        """``platform`` of a response; its settings name what was not sent."""
        if not self.left_out:
            return dict(platform)
        settings = {**(platform.get("settings") or {}), "not_sent": sorted(self.left_out)}
        return {**platform, "settings": settings}

    def _note(self, name: str) -> None:
        if name not in self.left_out:
            self.left_out.add(name)
            print(
                f"{self.name} is asked without {name}, which it refuses or ignores (`preset`, "
                f"`refuses`): it uses its own",
                file=sys.stderr,
                flush=True,
            )


def advice(said: str) -> str:
    """What to change after a refusal, where its words say it; else nothing."""
    if "max_completion_tokens" in said and "max_tokens" in said:
        return " Set `limit_key: max_completion_tokens` of the model, or its `preset`."
    for name, keys in KEYS.items():
        if any(f"'{key}'" in said or f'"{key}"' in said or f"`{key}`" in said for key in keys):
            return f" If this model never takes it, add it to the model's `refuses: [{name}]`."
    return ""


def plain_reply(answer: dict[str, Any]) -> dict[str, Any]:
    """A chat answer in one spelling, however the provider spells it.

    Text of the message, and of its reasoning, from pieces where they come as such (Mistral's
    ``content`` list, OpenRouter's ``reasoning_details``); its ``refusal`` where it declines.
    Output tokens include the reasoning ones, also where the provider counts them apart (xAI,
    Gemini: the total is more than prompt and completion together).
    """
    choice = answer["choices"][0]
    message = dict(choice["message"])
    content, thought = message.get("content"), message.get("reasoning_content")
    if isinstance(content, list):
        pieces = [piece for piece in content if isinstance(piece, dict)]
        thought = thought or "".join(_words(p.get("thinking")) for p in pieces)
        content = "".join(_words(p.get("text")) for p in pieces)
    thought = thought or message.get("reasoning")
    if not thought and isinstance(message.get("reasoning_details"), list):
        thought = "".join(_words(p.get("text")) for p in message["reasoning_details"])
    message |= {"content": content or message.get("refusal") or "", "reasoning": None}
    message["reasoning_content"] = _words(thought)
    first = {**choice, "message": message}
    return {
        **answer,
        "choices": [first, *answer["choices"][1:]],
        "usage": _usage(answer.get("usage") or {}),
    }


def _usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    details = dict(usage.get("completion_tokens_details") or {})
    prompt, output = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    hidden = details.get("reasoning_tokens")
    if hidden is None and usage.get("reasoning_tokens") is not None:
        hidden = usage["reasoning_tokens"]
    apart = (usage.get("total_tokens") or 0) - prompt - output
    if apart > 0:
        output += apart
        hidden = apart if hidden is None else hidden
    if hidden is not None:
        details["reasoning_tokens"] = min(int(hidden), output) if output else int(hidden)
    return {**usage, "completion_tokens": output, "completion_tokens_details": details}


def _words(piece: Any) -> str:
    """Text of a piece: itself, or of the list of pieces that it holds."""
    if isinstance(piece, list):
        return "".join(_words(p.get("text") if isinstance(p, dict) else p) for p in piece)
    return piece if isinstance(piece, str) else ""
