"""What every engine takes and gives: requests, completions, and the protocol between them.

An engine is one module ``engines/<name>.py`` with ``open_engine(model) -> context manager of
Engine``. The caller keeps it fed with ``add`` and collects with ``step``, so that requests of all
datasets and procedures share one continuous batch and each is journalled as it finishes.

``model`` is an entry of ``config/models.yaml`` (``config.Model``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from pydantic import ConfigDict, Field

from itc import registry
from itc.config.fields import Decides
from itc.config.identity import deciding
from itc.config.model import Model
from itc.config.procedure import Settings
from itc.config.sampling import Sampling
from itc.engines._unfit import unfit

TOO_LONG = "prompt_too_long"  # finish_reason of a request that was never run for its length


class EngineError(RuntimeError):
    """The engine cannot serve this model or request; the message says what to change."""


class PromptError(EngineError):
    """A prompt cannot be built, e.g. for want of a chat template."""


class LongPromptError(PromptError):
    """A prompt leaves no room for an answer in the model's window."""

    def __init__(self, message: str, n_tokens: int) -> None:
        super().__init__(message)
        self.n_tokens = n_tokens


class Params(Sampling):
    """Sampling parameters of one request: a procedure's, and what its call alone decides."""

    model_config = ConfigDict(frozen=True)

    logprobs: Annotated[int, Decides(neutral=0)] = Field(
        0, ge=0, description="Size of the top-k behind the log-prob summaries; 0 turns them off."
    )
    choices: Annotated[tuple[str, ...], Decides(neutral=())] = Field(
        (), description="One token, restricted to the first token of each of these."
    )

    @classmethod
    def of(cls, sampling: Sampling, **overrides: Any) -> Params:
        """A procedure's sampling parameters with those that a call sets itself."""
        given = {name: getattr(sampling, name) for name in Sampling.model_fields}
        return cls(**{**given, **overrides})


@dataclass(frozen=True)
class Cut:
    """The beginning of an earlier output, as part of a prefix.

    ids: its token ids. thinking_tokens: the number of tokens of its thinking that are kept, with
    what comes before them. Without that number ``until`` says where the cut is: ``end`` keeps
    everything but a closing end-of-text token, ``thinking`` all of the thinking without its closing
    delimiter, ``answer`` all before the first character of the answer that is no white space.
    characters: length of the output's text, where tokens at its end can be no part of it because a
    stop string cut them off.
    """

    ids: tuple[int, ...]
    thinking_tokens: int | None = None
    until: Literal["end", "thinking", "answer"] = "end"
    characters: int | None = None

    def content(self) -> dict[str, Any]:
        """The fields that differ from their defaults, which are their neutral values for ever."""
        given = asdict(self)
        neutral = {item.name: item.default for item in fields(self)}
        return {name: given[name] for name in given if given[name] != neutral[name]}


@dataclass(frozen=True)
class Request:
    """One call of the model.

    messages: chat messages, dicts of role and content. prefix: beginning of the answer that the
    model continues, a sequence of texts and Cuts; texts are tokenised on their own. seed: in
    [0, 2**63). parent_sha256: ``prompt_sha256`` of the response that the prefix was cut from; the
    prompt must be the same. It follows from the rest, so it is no part of the request's key.
    template: variables of the chat template beside the model's own, which they replace.
    """

    messages: tuple[dict[str, str], ...]
    params: Params
    seed: int
    prefix: tuple[str | Cut, ...] = ()
    parent_sha256: str = ""
    template: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        """Everything that decides the answer beside the model, as plain JSON values."""
        return {
            "messages": list(self.messages),
            "prefix": [part if isinstance(part, str) else part.content() for part in self.prefix],
            "params": deciding(self.params),
            "seed": self.seed,
            **({"template": dict(self.template)} if self.template else {}),
        }


@dataclass
class Completion:
    """One finished request. Token counts are in tokens, log-probs in nats.

    text: the output behind the prefix, delimiters of the thinking included. prefix_text and
    prefix_ids: the answer's prefix as the model saw it (not output). thinking_open: whether the
    prompt and prefix left a thinking block open. thinking_end: offset in ``text`` just behind the
    first closing delimiter, or None. logprobs: summaries, keys as in schemas.LOGPROBS.
    """

    text: str
    token_ids: list[int]
    finish_reason: str | None
    n_prompt_tokens: int
    prompt_sha256: str
    prefix_text: str = ""
    prefix_ids: list[int] = field(default_factory=list)
    prefix_thinking_tokens: int = 0  # of prefix_ids, those inside the thinking
    thinking_open: bool = False
    thinking_end: int | None = None
    n_thinking_tokens: int | None = None
    logprobs: dict[str, float] = field(default_factory=dict)
    platform: dict[str, Any] = field(default_factory=dict)  # Engine.platform of the run
    n_output_tokens: int | None = None  # where a server gives a number but no token ids
    key: str = ""

    @classmethod
    def too_long(
        cls, key: str, platform: dict[str, Any], n_prompt_tokens: int, prompt_sha256: str = ""
    ) -> Completion:
        """An empty one, of a prompt that was never run for its length."""
        return cls(
            "", [], TOO_LONG, n_prompt_tokens, prompt_sha256,
            n_thinking_tokens=0, platform=platform, key=key,
        )  # fmt: skip

    def n_output(self) -> int:
        """Output tokens, counted or as the server says."""
        return len(self.token_ids) if self.n_output_tokens is None else self.n_output_tokens

    def record(self) -> dict[str, Any]:
        """Plain values for the journal; the key stands outside."""
        values = dict(vars(self))
        del values["key"]
        return values


@runtime_checkable
class Engine(Protocol):
    """A loaded model. ``add`` never blocks for long; ``step`` returns what has finished."""

    platform: dict[str, Any]  # engine, engine_version, dtype, gpu, tensor_parallel
    capacity: int  # requests that should be in flight to keep the model busy

    def add(self, key: str, request: Request) -> None:
        """Queue a request; raises PromptError, LongPromptError if it cannot be served at all."""

    def measure(self, request: Request) -> int:
        """Tokens of prompt and prefix; raises as ``add`` does, without queueing anything."""

    def sent(self, request: Request) -> dict[str, Any]:
        """What the model is sent for a request: ``endpoint``, ``prompt`` as rendered, ``body``."""

    def step(self) -> list[Completion]:
        """Advance and return the completions (with ``key``) that finished, maybe none."""


def thinking(model: Model) -> tuple[str, str] | None:
    """Opening and closing delimiter of the model's reasoning; None for one that has none."""
    if model.thinking is not None and not all(model.thinking):
        raise EngineError(
            f"model key 'thinking': {model.thinking!r} is not a pair of delimiters; write e.g. "
            f'["<think>", "</think>"], or nothing for a model that does not think'
        )
    return model.thinking


def active_thinking(model: Model, settings: Settings | None = None) -> tuple[str, str] | None:
    """Delimiters of a model that thinks as it is asked here; None where its thinking is off.

    settings: of the procedure that asks.
    """
    off = switched_off(model, settings) or not model.reasoning
    return None if off else thinking(model)


def switched_off(model: Model, settings: Settings | None = None) -> bool:
    """Whether a switch of the chat template (enable_thinking, thinking) or the level turns it off.

    settings: of the procedure that asks, whose own switches win over the model's.
    """
    switches = template_kwargs(model)
    for given in (model, settings.entry if settings else None):
        switches |= getattr(given, "chat_template_kwargs", None) or {}
    off = any(switches.get(name) is False for name in ("enable_thinking", "thinking"))
    return off or str(model.effort) in ("none", "off")


def template_kwargs(model: Model) -> dict[str, Any]:
    """Variables given to the chat template: the entry's own, its switch, its level of effort.

    The level of a served model without a tokenizer is a key of its request, not a variable.
    """
    found = dict(model.chat_template_kwargs)
    if model.enable_thinking is not None:
        found["enable_thinking"] = model.enable_thinking
    rendered = model.engine != "openai" or "tokenizer" in model.options
    if model.effort is not None and model.effort_as and rendered:
        found[model.effort_as] = model.effort
    return found


def has_weights(folder: Path) -> bool:
    """Whether a folder holds weights that an engine can load."""
    return any(folder.glob("*.safetensors")) or any(folder.glob("*.bin"))


def check(model_name: str, model: Model) -> None:
    """Raise EngineError, naming the model and the key, for an entry that no engine can serve.

    Cheap and without loading anything, so that a workflow can ask before it asks for a GPU.
    """
    try:
        registry.path("engines", model.engine)
        if thinking(model) and not model.reasoning and not switched_off(model):
            raise EngineError(
                "key 'reasoning': false, but the entry has delimiters of a thinking and no switch "
                "turns it off; give `enable_thinking: false`, or leave `thinking` out"
            )
        if fault := unfit(model):
            raise EngineError(fault)
        where = model.model or ""
        if model.engine == "vllm":
            folder = Path(where)
            if folder.is_dir():
                if not has_weights(folder):
                    raise EngineError(
                        f"model folder {folder} holds no weights (*.safetensors or *.bin); "
                        "download or train them there, or correct `model` in config/models.yaml"
                    )
            elif folder.is_absolute() or where.startswith((".", "models/")):
                raise EngineError(f"key 'model': there is no folder {where}")
            elif where.count("/") != 1:
                raise EngineError(
                    f"key 'model': {where!r} is neither a folder nor a repository (owner/name)"
                )
        elif model.engine == "openai":
            registry.load("engines", model.engine).check(model)
    except (EngineError, registry.UnknownExtensionError) as error:
        raise EngineError(f"model {model_name!r}: {error}") from error


def find_thinking_end(text: str, is_open: bool, pair: tuple[str, str] | None) -> int | None:
    """Offset behind the first closing delimiter of a thinking block in ``text``, else None."""
    if pair is None:
        return None
    # Some models close a block that they never opened: what comes before is thinking. So the first
    # closing delimiter counts, whether or not an opening one comes before it; one that is a part of
    # the opening delimiter itself does not.
    begin = -1 if is_open else text.find(pair[0])
    end = text.find(pair[1])
    if 0 <= begin <= end < begin + len(pair[0]):
        end = text.find(pair[1], begin + len(pair[0]))
    return None if end < 0 else end + len(pair[1])


def left_open(text: str, pair: tuple[str, str] | None) -> bool:
    """Whether ``text`` (a prompt with its prefix) ends inside a thinking block."""
    return pair is not None and text.rfind(pair[0]) > text.rfind(pair[1])


def subsequence(ids: Sequence[int], part: Sequence[int], start: int = 0) -> int:
    """First index of ``part`` in ``ids`` from ``start`` on, or -1."""
    if not part:
        return -1
    first, length = part[0], len(part)
    for index in range(start, len(ids) - length + 1):
        if ids[index] == first and list(ids[index : index + length]) == list(part):
            return index
    return -1
