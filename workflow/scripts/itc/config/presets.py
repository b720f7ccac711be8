"""Families of served models: what each calls the cap on output tokens, and what it refuses.

What providers do today; a family that changes is changed here. Parameters that a family refuses
are part of the identity of its entries, for they are then the model's own; its name is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Preset:
    """What one family does. renamed: our key of a request -> its name there."""

    limit_key: str = "max_tokens"
    refuses: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


_PENALTIES = ("presence_penalty", "frequency_penalty")
PRESETS = {
    "openai": Preset("max_completion_tokens"),
    # o-series and GPT-5 and later: 400 for max_tokens and for sampling other than its own.
    "openai-reasoning": Preset(
        "max_completion_tokens", ("temperature", "top_p", "logprobs", "stop", *_PENALTIES)
    ),
    # Its compatible end point ignores these; with thinking on, temperature must be its own.
    "anthropic": Preset(refuses=("temperature", "top_p", "seed", "logprobs", *_PENALTIES)),
    "gemini": Preset(refuses=("logprobs",)),
    # Its reasoning models.
    "xai": Preset(refuses=("logprobs", "stop", *_PENALTIES)),
    # With thinking on: sampling is ignored, log-probs are an error.
    "deepseek": Preset(refuses=("temperature", "top_p", "logprobs", *_PENALTIES)),
    "mistral": Preset(refuses=("logprobs",), renamed={"seed": "random_seed"}),
}


def refused(preset: str | None, more: tuple[str, ...] = ()) -> list[str]:
    """Parameters that are not sent, sorted: those of a preset, and those that an entry adds."""
    known = PRESETS.get(preset or "", Preset())
    return sorted({*known.refuses, *more})
