"""Where the offline engine reaches into vLLM: stop tokens, device, log-probs as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itc.engines._logprobs import Summary


def stops(model_config: Any) -> list[int]:
    """Token ids at which vLLM ends an answer of this model, beside the tokenizer's own."""
    found = model_config.try_get_generation_config().get("eos_token_id")
    if found is None:
        found = getattr(model_config.hf_text_config, "eos_token_id", None)
    return (
        [] if found is None else [int(i) for i in (found if isinstance(found, list) else [found])]
    )


def device() -> str:
    """Name of the device that vLLM runs on."""
    from vllm.platforms import current_platform

    return "cpu" if current_platform.is_cpu() else str(current_platform.get_device_name())


def streaming_class() -> type:
    """Class of the list that receives the log-probs of a response while it grows."""
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
