"""How tokens are drawn: the settings of a procedure that go with every request to the engine."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from itc.config.fields import Decides, Section, Whole


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

    @field_validator("top_k", mode="before")
    @classmethod
    def _all_tokens(cls, value: object) -> object:
        return 0 if value in (-1, "-1") else value
