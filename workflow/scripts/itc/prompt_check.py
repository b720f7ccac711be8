"""Look at the prompts of a study before any GPU is asked for: template, variables, length.

What a procedure without parent will ask is known from the dataset alone; a tokenizer on a CPU
tells whether it fits the model's window. What later procedures show to the model is known only
then, and the generation job looks at it the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from itc import registry
from itc.config.model import Model
from itc.config.procedure import Settings
from itc.engines._base import EngineError, LongPromptError, PromptError
from itc.engines._choices import Choices
from itc.engines._pieces import stop_ids
from itc.engines._prompt import Prompter
from itc.procedures import judge
from itc.procedures._base import Ask, Work
from itc.procedures._options import ProcedureError

NAMED = 10  # prompts that an error lists


def open_prompter(model: Model) -> Prompter:
    """Tokenizer and window of a model entry, weights left alone.

    Raises PromptError where the model has no tokenizer or template, or tells no window.
    """
    from transformers import AutoConfig, AutoTokenizer

    where = str(model.model)
    options = {
        "revision": model.revision,
        "trust_remote_code": model.trust_remote_code,
        "local_files_only": Path(where).is_dir(),
    }
    try:
        mode = model.options.get("tokenizer_mode")
        if mode in (None, "auto", "hf", "slow"):
            tokenizer = AutoTokenizer.from_pretrained(where, **options)
        else:  # one of vLLM's own, such as DeepSeek V3.2's, which renders without a template
            tokenizer = _of_vllm(where, mode, model)
        window = model.max_model_len or _window(AutoConfig.from_pretrained(where, **options))
    except (OSError, ValueError) as error:
        raise PromptError(
            f"the tokenizer of {where} cannot be loaded ({error}); download the model first, or "
            "correct `model` and `revision` in config/models.yaml"
        ) from error
    return Prompter.of(model, tokenizer, int(window), stop_ids(where, **options))


def _of_vllm(where: str, mode: str, model: Model) -> Any:
    from vllm.tokenizers import get_tokenizer

    return get_tokenizer(
        where,
        tokenizer_mode=mode,
        revision=model.revision,
        trust_remote_code=model.trust_remote_code,
    )


def _window(config: Any) -> int:
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    found = getattr(text, "max_position_embeddings", None)
    if not found:
        raise PromptError("the model's configuration tells no window; set `max_model_len`")
    return int(found)


def check_words(judges: Iterable[tuple[str, Settings]], prompter: Prompter) -> None:
    """Raise ProcedureError for a judge whose two words begin with the same token of this model.

    judges: name and settings of procedures; those that ask for no words are passed over.
    """
    for name, settings in judges:
        if settings.entry.kind != "judge":
            continue
        options = settings.options(judge.Options)
        if options.scale == "yesno":
            try:
                Choices(options.words, [prompter.encode(word) for word in options.words])
            except EngineError as error:
                raise ProcedureError(f"procedures.{name}.words: {error}") from error


def measure(works: list[Work], prompter: Prompter) -> list[dict[str, Any]]:
    """Per work: prompts, tokens of the longest, window, and those too long.

    One draw of each problem stands for all, since draws share their prompt. Raises ProcedureError,
    naming and counting them, for prompts over the window unless the procedure skips such.
    """
    rows, refused = [], []
    for work in works:
        module = registry.load("procedures", work.settings.entry.kind)
        longest, too_long, count = 0, [], 0
        for chain in module.chains(work):
            step = next(chain, None)
            for ask in step if isinstance(step, list) else [step]:
                if not isinstance(ask, Ask):
                    continue
                count += 1
                try:
                    tokens = len(prompter.build(work.request(ask)).ids)
                except LongPromptError as error:
                    tokens = error.n_tokens
                    too_long.append(f"{work.dataset}/{ask.problem_id}: {tokens} tokens")
                longest = max(longest, tokens)
        rows.append(
            {
                "dataset": work.dataset,
                "procedure": work.procedure,
                "prompts": count,
                "longest": longest,
                "window": prompter.window,
                "too_long": len(too_long),
            }
        )
        if work.settings.entry.long_prompt != "skip":
            refused += [f"{name}, procedure {work.procedure}" for name in too_long]
    if refused:
        shown = "\n  ".join(refused[:NAMED])
        more = f"\n  and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
        raise ProcedureError(
            f"{len(refused)} prompts leave no room in the window of {prompter.window} tokens:\n"
            f"  {shown}{more}\nRaise max_model_len, shorten the prompt, or set `long_prompt: skip` "
            "on the procedure to record them as responses without text"
        )
    return rows
