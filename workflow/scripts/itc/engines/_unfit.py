"""Keys of a model's entry that its engine cannot follow, or only together with others."""

from __future__ import annotations

from itc.config.model import Model

# Engine -> keys that it alone can follow -> what to do with another one.
_ONLY = {
    "vllm": {"lora": "start the server with the adapter and name it in `model`"},
    "openai": {
        "request": "a model in this process has no request; use `engine_options`",
        "preset": "it is about served models; drop it",
        "refuses": "it is about served models; drop it",
        "limit_key": "it is about served models; drop it",
        "base_url": "it is about served models; set `engine: openai`, or drop it",
    },
}


def unfit(model: Model) -> str | None:
    """What is wrong, naming the key and the way out; None for an entry without such a fault."""
    for engine, keys in _ONLY.items():
        for key, instead in keys.items() if engine != model.engine else ():
            if getattr(model, key) not in (None, (), {}):
                return (
                    f"key {key!r}: engine {model.engine!r} cannot do this, only {engine!r}; "
                    f"{instead}"
                )
    if model.effort_of is not None and model.effort is None:
        return f"key 'effort_of': a level of {model.effort_of!r} needs the key `effort`, e.g. high"
    if model.engine == "openai" and model.chat_template and "tokenizer" not in model.options:
        return (
            "key 'chat_template': a chat server renders by a template of its own; give it to the "
            "server, or set `engine_options: {tokenizer: ...}` so that prompts are built here"
        )
    return None
