"""Models: weights, how they are asked, and where they run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from itc.config.fields import INCIDENTAL, Day, Decides, Section, Whole


class Shape(Section):
    """Sizes that the Kinetics cost model needs."""

    layers: Annotated[int, INCIDENTAL] = Field(gt=0, description="Transformer layers.")
    heads: Annotated[int, INCIDENTAL] = Field(gt=0, description="Attention heads.")
    kv_heads: Annotated[int, INCIDENTAL] = Field(gt=0, description="Key/value heads.")
    head_dim: Annotated[int, INCIDENTAL] = Field(gt=0, description="Dimension of one head.")
    full_layers: Annotated[int | None, INCIDENTAL] = Field(
        None,
        gt=0,
        description="Layers whose attention reads the whole context; those with a window or a "
        "state of fixed size cost little more per token and are left out. Empty: all layers.",
    )


class Price(Section):
    """A dated list price of a served model."""

    input: Annotated[float, INCIDENTAL] = Field(
        ge=0, description="US dollars per million prompt tokens."
    )
    output: Annotated[float, INCIDENTAL] = Field(
        ge=0, description="US dollars per million output tokens."
    )
    date: Annotated[str, INCIDENTAL] = Field(description="Day on which the price was read (ISO).")


class Model(Section):
    """One model: weights, how it is served, what it needs."""

    title: Annotated[str, INCIDENTAL] = Field(description="Name in the report.")
    reasoning: Annotated[bool, INCIDENTAL] = Field(description="Whether it thinks first.")
    source: Annotated[Literal["generate", "import", "archive"], INCIDENTAL] = Field(
        "generate", description="Generate responses, or take them from a recording or archive."
    )
    # -- what decides its answers
    model: Annotated[str | None, Decides()] = Field(
        None, description="Local folder, which counts by its content, or Hugging Face repository."
    )
    revision: Annotated[str | None, Decides(neutral=None)] = Field(
        None, description="Commit of the Hugging Face repository."
    )
    engine: Annotated[str, Decides()] = Field(
        "vllm", description="File in itc/engines/ that serves it."
    )
    dtype: Annotated[str, Decides(neutral="auto")] = Field(
        "auto", description="Weight and activation type, vLLM's words."
    )
    quantization: Annotated[str | None, Decides(neutral=None)] = Field(
        None, description="vLLM quantisation method."
    )
    max_model_len: Annotated[int | None, Decides(neutral=None)] = Field(
        None, gt=0, description="Context window in tokens."
    )
    batch_invariant: Annotated[bool, Decides(neutral=False)] = Field(
        False, description="vLLM's batch-invariant kernels."
    )
    logprobs: Annotated[int, Decides(neutral=0)] = Field(
        5, ge=0, le=20, description="Top-k kept for confidence; 0 turns off."
    )
    thinking: Annotated[tuple[str, str] | None, Decides(neutral=None)] = Field(
        None, description="Delimiters of the thinking."
    )
    enable_thinking: Annotated[bool | None, Decides(neutral=None)] = Field(
        None, description="Switch of the chat template, if any."
    )
    chat_template: Annotated[str | None, Decides(neutral=None, content=True)] = Field(
        None, description="Template file instead of the model's own; it counts by its content."
    )
    chat_template_kwargs: Annotated[dict[str, Any], Decides(neutral={})] = Field(
        default_factory=dict,
        description="Variables of the chat template, such as `{thinking: true}`; one that the "
        "template does not know is an error. `enable_thinking` is the short form of its own.",
    )
    effort: Annotated[str | Whole | None, Decides(neutral=None)] = Field(
        None,
        description="Level of effort: none, minimal, low, medium, high, xhigh, max, or tokens.",
    )
    effort_as: Annotated[str | None, Decides(neutral="reasoning_effort")] = Field(
        "reasoning_effort",
        description="Variable of the chat template, or key of a served model's request, that "
        "carries `effort`; empty where other keys of the entry set the level.",
    )
    effort_of: Annotated[str | None, INCIDENTAL] = Field(
        None,
        description="Family whose levels of effort this entry is one of; a figure joins them.",
    )
    lora: Annotated[str | None, Decides(neutral=None, content=True)] = Field(
        None, description="Folder of a LoRA adapter put on the weights; it counts by its content."
    )
    request: Annotated[dict[str, Any], Decides(neutral={})] = Field(
        default_factory=dict,
        description="Keys of a served model's request, verbatim, such as "
        "`{reasoning_effort: high, service_tier: flex}`.",
    )
    preset: Annotated[str | None, INCIDENTAL] = Field(
        None,
        description="Family of served models whose `limit_key` and `refuses` are taken: openai, "
        "openai-reasoning, anthropic, gemini, xai, deepseek, mistral.",
    )
    refuses: Annotated[tuple[str, ...], Decides(neutral=())] = Field(
        (),
        description="Parameters that a served model refuses or ignores; they are not sent. A "
        "procedure that needs one of them to be sent is an error.",
    )
    trust_remote_code: Annotated[bool, Decides(neutral=False)] = Field(
        False, description="Run code shipped with the weights."
    )
    engine_options: Annotated[dict[str, Any], Decides(neutral={})] = Field(
        default_factory=dict,
        description="Further keyword arguments of the engine, verbatim. Those that decide no "
        "answer (`timeout`, `tries`, batch sizes, ...) are no part of the identity.",
    )
    resample: Annotated[int, Decides(neutral=0)] = Field(
        0, ge=0, description="Raise to draw again on purpose, with other seeds."
    )
    # -- where, how fast and how patiently
    serving_options: Annotated[dict[str, Any], INCIDENTAL] = Field(
        default_factory=dict,
        description="Further keyword arguments of the engine that decide no answer: they are "
        "given to it and are no part of the identity.",
    )
    tensor_parallel_size: Annotated[int, INCIDENTAL] = Field(
        1, gt=0, description="GPUs one layer is split over."
    )
    pipeline_parallel_size: Annotated[int, INCIDENTAL] = Field(
        1, gt=0, description="Stages layers are split into."
    )
    gpu_memory_utilization: Annotated[float, INCIDENTAL] = Field(
        0.9, gt=0, le=1, description="Share of GPU memory."
    )
    max_num_seqs: Annotated[int, INCIDENTAL] = Field(
        256, gt=0, description="Concurrent sequences in the engine."
    )
    base_url: Annotated[str | tuple[str, ...] | None, INCIDENTAL] = Field(
        None,
        description="Address of an OpenAI-compatible server, or several that serve the same model: "
        "requests go to the least busy one, and to another where one fails.",
    )
    limit_key: Annotated[Literal["max_tokens", "max_completion_tokens"] | None, INCIDENTAL] = Field(
        None,
        description="Name of the cap on output tokens in a served model's request; empty: that "
        "of `preset`, else `max_tokens`.",
    )
    api_key_env: Annotated[str | None, INCIDENTAL] = Field(
        None, description="Environment variable holding its key."
    )
    concurrency: Annotated[int, INCIDENTAL] = Field(
        64, gt=0, description="Requests under way at an API at once."
    )
    gpu: Annotated[int, INCIDENTAL] = Field(0, ge=0, description="GPUs of a generation job.")
    mem_mb: Annotated[int, INCIDENTAL] = Field(
        4000, gt=0, description="Main memory of a generation job, MB."
    )
    runtime: Annotated[int, INCIDENTAL] = Field(
        60, gt=0, description="Minutes of a generation job, first attempt."
    )
    threads: Annotated[int, INCIDENTAL] = Field(
        2, gt=0, description="CPU cores of a generation job."
    )
    # -- when it was made
    released: Annotated[Day | None, INCIDENTAL] = Field(
        None, description="Day of its release (ISO day or month)."
    )
    cutoff: Annotated[Day | None, INCIDENTAL] = Field(
        None,
        description="Last day of its training data, as its makers say (ISO day or month).",
    )
    # -- what costs are computed from
    parameters: Annotated[float | None, INCIDENTAL] = Field(
        None, gt=0, description="Active parameters, in billions."
    )
    shape: Annotated[Shape | None, INCIDENTAL] = Field(
        None, description="Sizes for the Kinetics cost model."
    )
    price: Annotated[Price | None, INCIDENTAL] = Field(
        None, description="List price where the model is served."
    )
    gpu_seconds_per_token: Annotated[float | None, INCIDENTAL] = Field(
        None, gt=0, description="Measured GPU time of an output token; `estimate` prints it."
    )
    # -- responses made elsewhere
    import_from: Annotated[str | None, Decides(neutral=None, of="import")] = Field(
        None, description="`imports` or `archives` entry of its responses."
    )
    recorded_as: Annotated[str | None, Decides(neutral=None, of="import")] = Field(
        None, description="Name of this model in the recording or archive."
    )

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, values: Any) -> Any:
        """``enable_thinking`` among the template's variables is the key of that name."""
        given = values.get("chat_template_kwargs") if isinstance(values, dict) else None
        if not isinstance(given, dict) or "enable_thinking" not in given:
            return values
        switch = given["enable_thinking"]
        if values.get("enable_thinking", switch) not in (switch, None):
            raise ValueError(
                "enable_thinking is given twice, as a key and in chat_template_kwargs, with "
                "different values; drop one"
            )
        rest = {name: value for name, value in given.items() if name != "enable_thinking"}
        return {**values, "enable_thinking": switch, "chat_template_kwargs": rest}

    @field_validator("refuses", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses of the servers, none where the model is not served."""
        if self.base_url is None or isinstance(self.base_url, str):
            return (self.base_url,) if self.base_url else ()
        return self.base_url

    @property
    def options(self) -> dict[str, Any]:
        """Further keyword arguments of the engine: ``engine_options`` and ``serving_options``."""
        return {**self.engine_options, **self.serving_options}
