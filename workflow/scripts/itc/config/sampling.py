"""How tokens are drawn: the settings of a procedure that go with every request to the engine."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from itc.config.fields import Decides, Section, Whole, neutral

# What a model's generation_config.json may recommend, under these names.
RECOMMENDED = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")


class Sampling(Section):
    """Sampling parameters, in vLLM's words (``vllm.SamplingParams``)."""

    temperature: Annotated[float, Decides(neutral=1.0)] = Field(
        0.8, ge=0, description="Sampling temperature; 0 is greedy."
    )
    top_p: Annotated[float, Decides(neutral=1.0)] = Field(
        0.95, gt=0, le=1, description="Smallest set of tokens of this mass is kept; 1 keeps all."
    )
    top_k: Annotated[Whole, Decides(neutral=0)] = Field(
        0, ge=0, description="Most likely tokens kept; 0 (or -1) keeps all."
    )
    min_p: Annotated[float, Decides(neutral=0.0)] = Field(
        0.0, ge=0, le=1, description="Least probability of a token, as a share of the likeliest's."
    )
    repetition_penalty: Annotated[float, Decides(neutral=1.0)] = Field(
        1.0, gt=0, description="Above 1 makes tokens that occurred before less likely."
    )
    presence_penalty: Annotated[float, Decides(neutral=0.0)] = Field(
        0.0, ge=-2, le=2, description="Above 0 makes tokens of the output so far less likely."
    )
    frequency_penalty: Annotated[float, Decides(neutral=0.0)] = Field(
        0.0, ge=-2, le=2, description="As presence_penalty, for each time that they occurred."
    )
    bad_words: Annotated[tuple[str, ...], Decides(neutral=())] = Field(
        (), description="Words that are never written; vLLM alone knows this."
    )
    thinking_budget: Annotated[Whole | None, Decides(neutral=None)] = Field(
        None,
        ge=0,
        description="Thinking tokens after which vLLM ends the thinking; empty: no bound.",
    )
    sampling: Annotated[Literal["own", "model"], Decides(neutral="own")] = Field(
        "own",
        description="own: the values of this entry; model: temperature, top_p, top_k, min_p and "
        "repetition_penalty as the model's generation_config.json recommends them.",
    )
    min_tokens: Annotated[Whole, Decides(neutral=0)] = Field(
        0, ge=0, description="Output tokens before the model may stop."
    )
    max_tokens: Annotated[Whole, Decides()] = Field(gt=0, description="Cap on output tokens.")
    stop: Annotated[tuple[str, ...], Decides(neutral=())] = Field(
        (), description="Texts at which the output ends, left out of it."
    )
    confidence_window: Annotated[Whole, Decides(neutral=2048)] = Field(
        2048, gt=0, description="Tokens of a group of the confidence features."
    )

    @field_validator("stop", "bad_words", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _left_to_the_model(self) -> Self:
        """Values that the model decides say nothing here, so none of them is in the identity."""
        if self.sampling == "model":
            for name in RECOMMENDED:
                object.__setattr__(self, name, neutral(type(self), name))
        return self

    @field_validator("top_k", mode="before")
    @classmethod
    def _all_tokens(cls, value: object) -> object:
        return 0 if value in (-1, "-1") else value
