"""Which variables a model's chat template knows, and whether it knows those that are given."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import jinja2.sandbox
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser

from itc.config.model import Model
from itc.engines._base import PromptError, template_kwargs

# What the tokenizer itself gives to a template; no entry sets it.
GIVEN = frozenset(
    {
        *("messages", "tools", "documents", "add_generation_prompt", "continue_final_message"),
        *("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token"),
        *("mask_token", "additional_special_tokens", "raise_exception", "strftime_now"),
    }
)


class _Generation(Extension):
    """The tag ``{% generation %}``, by which transformers marks the assistant's tokens."""

    tags = {"generation"}  # noqa: RUF012  # as jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The tag's body, in its place."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@lru_cache(maxsize=64)
def variables(template: str) -> tuple[str, ...]:
    """Variables that a chat template reads beside what the tokenizer gives it, sorted.

    Raises PromptError for a template that is no Jinja2.
    """
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        extensions=[_Generation, loopcontrols]
    )
    try:
        found = jinja2.meta.find_undeclared_variables(environment.parse(template))
    except jinja2.TemplateSyntaxError as error:
        raise PromptError(f"the chat template, line {error.lineno}: {error.message}") from error
    return tuple(sorted(found - GIVEN - set(environment.globals)))


def check(given: Mapping[str, Any], template: str, name: str) -> None:
    """Raise PromptError, listing those it knows, for a variable that the template does not read.

    name: of the model, for the message.
    """
    known = variables(template) if given else ()
    for variable in given:
        if variable in known:
            continue
        close = difflib.get_close_matches(variable, known, n=1)
        tip = f"; did you mean {close[0]!r}?" if close else ""
        raise PromptError(
            f"chat_template_kwargs: the chat template of {name} knows no variable {variable!r}; "
            f"it knows: {', '.join(known) or 'none'}{tip}. A level of effort is given as the "
            f"variable that `effort_as` names"
        )


def of_tokenizer(tokenizer: Any, own: str | None = None) -> str | None:
    """The template in use: ``own`` of the entry, else the tokenizer's; None where code renders.

    vLLM's tokenizers of some models (DeepSeek V3.2) render in Python and hold no template.
    """
    if own is not None:
        return own
    found = getattr(tokenizer, "chat_template", None)
    if isinstance(found, Mapping):  # several by name, as old models have
        return found.get("default")
    return found


def renders_itself(tokenizer: Any) -> bool:
    """Whether it is one of vLLM's tokenizers that render by code, as DeepSeek V3.2 needs."""
    return type(tokenizer).__module__.startswith("vllm.tokenizers.")


def of_folder(folder: Path) -> str | None:
    """The template that a local model folder holds, read without a tokenizer; None without one."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    settings = folder / "tokenizer_config.json"
    if not settings.is_file():
        return None
    found = json.loads(settings.read_text(encoding="utf-8")).get("chat_template")
    if isinstance(found, list):
        found = {entry["name"]: entry["template"] for entry in found}.get("default")
    return found if isinstance(found, str) else None


def check_model(model: Model, further: Mapping[str, Any] | None = None) -> None:
    """Raise PromptError for variables that the template of a local model, or file, does not know.

    further: a procedure's variables. Nothing is loaded or downloaded: a model on the Hub, or one
    that is served, is checked when its tokenizer is there.
    """
    given = {**template_kwargs(model), **(further or {})}
    if not given:
        return
    if model.chat_template:
        text: str | None = read(model.chat_template)
    else:
        folder = Path(str(model.options.get("tokenizer") or model.model))
        text = of_folder(folder) if folder.is_dir() else None
    if text is not None:
        check(given, text, str(model.model))


def read(file: str) -> str:
    """Text of a template file; raises PromptError where it cannot be read."""
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(
            f"key 'chat_template': {file!r} cannot be read ({error}); give the path of a Jinja2 "
            f"file, from where the workflow is started"
        ) from error
