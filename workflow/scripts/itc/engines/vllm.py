"""vLLM, offline: one continuous batch, driven through the engine's add_request and step.

Written against vLLM 0.32 (V1 engine), see _vllm_setup.TESTED; only this module and _vllm_hooks
import vllm, and only when a model is loaded.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from itc.config.model import Model
from itc.engines import _recommended
from itc.engines._base import Completion, EngineError, Params, Request, check
from itc.engines._choices import Choices, Decision, Place
from itc.engines._logprobs import FLOOR, Summary
from itc.engines._prompt import Prompt, Prompter
from itc.engines._vllm_hooks import device, stops, streaming_class
from itc.engines._vllm_options import arguments, check_options, lora_request
from itc.engines._vllm_setup import TESTED, installed, note_version, prepare_environment

TITLE = "vLLM, offline"

WEIGHTS = True  # loads them itself, so a local folder counts by its content
SERVING = (  # options that decide where and how fast, and change answers by rounding at most
    "max_num_batched_tokens",
    "swap_space",
    "cpu_offload_gb",
    "block_size",
    "disable_log_stats",
    "enable_prefix_caching",
    "enable_chunked_prefill",
    "enforce_eager",
    "compilation_config",
    "download_dir",
    "disable_custom_all_reduce",
    "distributed_executor_backend",
    "kv_cache_memory_bytes",
    "num_gpu_blocks_override",
    "max_num_partial_prefills",
    "long_prefill_token_threshold",
    "async_scheduling",
    "enable_expert_parallel",
    "max_parallel_loading_workers",
    "scheduling_policy",
    "use_tqdm_on_load",
)


@contextmanager
def open_engine(model: Model) -> Iterator[VllmEngine]:
    """Load the model; raises EngineError for a folder without weights or without template."""
    check(str(model.model), model)
    engine = VllmEngine(model)
    try:
        yield engine
    finally:
        engine.close()


# Candidates asked for where one of few words is to be chosen. A request whose words are not all
# among them is asked once more with the whole vocabulary, which takes a thousand times the memory.
CHOICE_LOGPROBS = 20


@dataclass
class _Call:
    """One request at vLLM: what it is for, and what reads it."""

    key: str
    request: Request
    prompt: Prompt
    summary: Summary | None = None
    decision: Decision | None = None
    place: Place = ()

    @property
    def wanted(self) -> list[int]:
        """Tokens whose log-probs a decision needs."""
        return self.decision.choices.places()[self.place] if self.decision else []


class VllmEngine:
    """See ``engines._base.Engine``."""

    def __init__(self, model: Model) -> None:
        prepare_environment(model)
        note_version(installed()[1])
        import vllm
        from vllm.inputs.engine import tokens_input
        from vllm.sampling_params import RequestOutputKind

        self._params_class = vllm.SamplingParams
        self._final = RequestOutputKind.FINAL_ONLY
        self._tokens_input = tokens_input
        check_options(model, vllm.EngineArgs.__dataclass_fields__)
        self._llm = vllm.LLM(**arguments(model))
        self._engine = self._llm.llm_engine
        config = self._engine.vllm_config
        self.prompter = Prompter.of(
            model,
            self._llm.get_tokenizer(),
            config.model_config.max_model_len,
            stops(config.model_config),
        )
        sequences = config.scheduler_config.max_num_seqs
        self.capacity = 2 * sequences  # the queue never runs dry while results are journalled
        self.platform = {
            "engine": "vllm",
            "engine_version": vllm.__version__,
            "dtype": str(config.model_config.dtype).removeprefix("torch."),
            "gpu": device(),
            "tensor_parallel": config.parallel_config.tensor_parallel_size,
            "settings": {
                "max_num_seqs": sequences,
                "max_num_batched_tokens": config.scheduler_config.max_num_batched_tokens,
                "pipeline_parallel": config.parallel_config.pipeline_parallel_size,
                "batch_invariant": model.batch_invariant,
                "enforce_eager": bool(config.model_config.enforce_eager),
            },
        }
        self._numbers = itertools.count()
        self._adapter = lora_request(model)
        other = str(config.model_config.generation_config)
        own = other in ("auto", "vllm")
        self._source = (str(model.model), model.revision) if own else (other, None)
        self._open: dict[str, _Call] = {}
        self._summaries = streaming_class()

    def close(self) -> None:
        """Stop the engine's processes and drop the model."""
        shutdown = getattr(self._engine.engine_core, "shutdown", None)
        if shutdown is not None:
            shutdown()
        del self._llm, self._engine

    @functools.cached_property
    def recommended(self) -> dict[str, Any]:
        """Sampling that the model's generation config recommends."""
        return _recommended.read(*self._source)

    def add(self, key: str, request: Request) -> None:
        """See ``Engine.add``."""
        prompt = self.prompter.build(request)
        if not request.params.choices:
            self._submit(_Call(key, request, prompt))
            return
        words = request.params.choices
        choices = Choices(words, [self.prompter.word(prompt, word) for word in words])
        decision, longest = Decision(choices), max(map(len, choices.places()))
        if longest and len(prompt.ids) + longest >= self.prompter.window:
            raise self.prompter.too_long(len(prompt.ids) + longest)
        for place in choices.places():
            self._submit(_Call(key, request, prompt, decision=decision, place=place))

    def _submit(self, call: _Call, whole: bool = False) -> None:
        """Hand a call to vLLM. whole: ask for the log-probs of the whole vocabulary."""
        params = call.request.params
        number = str(next(self._numbers))
        wanted = self.sampling_params(params, call.request.seed, call.wanted)
        if whole:
            wanted.logprobs = -1
        inputs = self._tokens_input([*call.prompt.ids, *call.place])
        name = self._engine.add_request(number, inputs, wanted, lora_request=self._adapter)
        if params.logprobs and not params.choices:
            call.summary = Summary(params.logprobs, params.confidence_window)
            # vLLM would collect all log-probs of the response; this list-like keeps their sums.
            state = self._engine.output_processor.request_states[name]
            state.logprobs_processor.logprobs = self._summaries(call.summary)
        self._open[number] = call

    def measure(self, request: Request) -> int:
        """See ``Engine.measure``."""
        return len(self.prompter.build(request).ids)

    def sent(self, request: Request) -> dict[str, Any]:
        """See ``Engine.sent``: the token ids and the sampling parameters, those left alone too."""
        prompt = self.prompter.build(request)
        words = Choices(
            request.params.choices,
            [self.prompter.word(prompt, word) for word in request.params.choices],
        ).first
        wanted = self.sampling_params(request.params, request.seed, words)
        names = [name for name in type(wanted).__struct_fields__ if not name.startswith("_")]
        values = {name: getattr(wanted, name) for name in names}
        plain = {n: v for n, v in values.items() if isinstance(v, bool | int | float | str | list)}
        return {
            "endpoint": "vllm.LLM, add_request",
            "prompt": self.prompter.decode(prompt.ids),
            "body": {"prompt_token_ids": prompt.ids, "sampling_params": plain},
        }

    def step(self) -> list[Completion]:
        """See ``Engine.step``."""
        if not self._engine.has_unfinished_requests():
            return []
        finished = (self._finish(output) for output in self._engine.step() if output.finished)
        return [completion for completion in finished if completion is not None]

    def sampling_params(self, params: Params, seed: int, words: Sequence[int] = ()) -> Any:
        """``vllm.SamplingParams`` of one request; words: tokens it may write where it chooses."""
        if params.sampling == "model":
            params = _recommended.applied(params, self.recommended)
        extra: dict[str, Any] = {}
        if words:
            # Not logprob_token_ids: one such request replaces the log-probs of its whole batch.
            extra = {"allowed_token_ids": list(words), "logprobs": CHOICE_LOGPROBS}
        elif params.logprobs:
            extra = {"logprobs": params.logprobs, "flat_logprobs": True}
        return self._params_class(
            n=1,
            temperature=params.temperature,
            top_p=params.top_p,
            top_k=params.top_k,
            min_p=params.min_p,
            repetition_penalty=params.repetition_penalty,
            max_tokens=1 if params.choices else params.max_tokens,
            presence_penalty=params.presence_penalty,
            frequency_penalty=params.frequency_penalty,
            min_tokens=params.min_tokens,
            bad_words=list(params.bad_words) or None,
            thinking_token_budget=params.thinking_budget,
            seed=seed,
            stop=list(params.stop),
            # Only stop strings need text while the response grows; else it is decoded once, here.
            detokenize=bool(params.stop),
            skip_special_tokens=False,
            output_kind=self._final,
            skip_clone=True,
            **extra,
        )

    def _finish(self, output: Any) -> Completion | None:
        """The completion that an output ends, or None where more of its calls are awaited."""
        call, answer = self._open.pop(output.request_id), output.outputs[0]
        params, reason = call.request.params, answer.finish_reason
        if reason not in ("stop", "length"):
            raise EngineError(
                f"vLLM ended a request with {reason!r}, which is no answer and not recorded; start "
                f"again to ask for it once more, and look for settings in `engine_options` that "
                f"end requests early (such as repetition detection)"
            )
        ids = list(answer.token_ids)
        if call.decision is not None:
            return self._decide(call, answer, ids)
        text = None
        if params.stop:
            text = answer.text.encode("utf-8", "replace").decode("utf-8")
        ended = reason == "stop" and not isinstance(answer.stop_reason, str)
        done = self.prompter.finish(call.key, call.prompt, ids, reason, text, ended=ended)
        if call.summary is not None:
            if call.summary.count != len(ids):
                raise EngineError(
                    f"vLLM {self.platform['engine_version']} gave the log-probs of "
                    f"{call.summary.count} of {len(ids)} tokens: it no longer calls "
                    f"FlatLogprobs.append_fast for each token. Use vLLM {', '.join(TESTED)}, or "
                    f"set `logprobs: 0` for the model"
                )
            done.logprobs = call.summary.result()
        done.platform = self._platform_of(params)
        return done

    def _platform_of(self, params: Params) -> dict[str, Any]:
        if params.sampling == "own":
            return self.platform
        return _recommended.marked(self.platform, self.recommended)

    def _decide(self, call: _Call, answer: Any, ids: list[int]) -> Completion | None:
        """Note the log-probs of one place of a decision; the last one completes it."""
        assert call.decision is not None
        found, decision = answer.logprobs[0], call.decision
        if not all(token in found for token in call.wanted):
            self._submit(call, whole=True)  # the same seed writes the same word
            return None
        decision.known[call.place] = {t: max(found[t].logprob, FLOOR) for t in call.wanted}
        if call.place == ():
            decision.written = self.prompter.finish(
                call.key, call.prompt, ids, answer.finish_reason, ended=False
            )
            decision.written.platform = self._platform_of(call.request.params)
        return decision.completion()
