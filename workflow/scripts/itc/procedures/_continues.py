"""Procedures whose calls go on from what the model wrote before: what they need to be exact."""

from __future__ import annotations

from itc import registry
from itc.config.model import Model
from itc.config.procedure import ProcedureError, Settings
from itc.config.templates import normal
from itc.engines._base import active_thinking


def continues(settings: Settings, model: Model) -> bool:
    """Whether calls of this procedure go on from recorded tokens, with this model."""
    module = registry.load("procedures", settings.entry.kind)
    found = getattr(module, "continues", None)
    return bool(found and found(settings, active_thinking(model, settings) is not None))


def check_engine(procedure: str, settings: Settings, model_name: str, model: Model) -> None:
    """Raise ProcedureError where the model's engine takes messages only, no token ids."""
    if model.engine != "openai" or "tokenizer" in model.options:
        return
    if continues(settings, model):
        raise ProcedureError(
            f"procedures.{procedure}: it goes on from what model {model_name!r} wrote before, "
            f"token by token, which a chat server does not take; set `engine_options: "
            f"{{tokenizer: ...}}` of the model if it is a vLLM server, or leave the procedure out "
            f"(a judge of a model that thinks: use `scale: score`)"
        )


def check_parent(procedure: str, settings: Settings, parent: Settings) -> None:
    """Raise ProcedureError where an answer would go on behind another prompt than it was given to.

    Template variables are compared by the engine, which knows the tokens of both prompts.
    """
    if not getattr(registry.load("procedures", settings.entry.kind), "CONTINUES_PARENT", False):
        return
    texts = [{role: normal(text) for role, text in s.prompts.items()} for s in (settings, parent)]
    for key, own, theirs in (
        ("prompt", *texts),
        ("system_prompt", settings.system_prompt, parent.system_prompt),
    ):
        if own != theirs:
            raise ProcedureError(
                f"procedures.{procedure}.{key}: differs from that of its parent {parent.name!r}, "
                f"whose answers it continues; give both the same"
            )
