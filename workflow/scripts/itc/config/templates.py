"""What a Jinja template says, its comments left out: two texts that render alike are one."""

from __future__ import annotations

import re
from functools import lru_cache

import jinja2

# Begins and ends of tags, whose signs of whitespace control the lexer has applied already.
_EDGES = frozenset(
    f"{kind}_{side}" for kind in ("block", "variable", "raw") for side in ("begin", "end")
)
_CONTROL = re.compile(r"\s+|(?<=\{%)[-+]|(?<=\{\{)[-+]|[-+](?=%\})|[-+](?=\}\})")


@lru_cache(maxsize=1024)
def normal(text: str, chat: bool = False) -> str:
    """``text`` without comments, and with the whitespace around tags as it is rendered.

    chat: read as Hugging Face chat templates are, with trim_blocks and lstrip_blocks. A text that
    is no template (its syntax is at fault) is its own normal form.
    """
    environment = jinja2.Environment(trim_blocks=chat, lstrip_blocks=chat)
    parts = []
    try:
        for _, kind, value in environment.lex(text):
            if kind.startswith("comment"):
                continue
            if kind == "whitespace":
                parts.append(" ")
            elif kind in _EDGES:
                parts.append(_CONTROL.sub("", value))
            else:
                parts.append(value)
    except jinja2.TemplateSyntaxError:
        return text
    return "".join(parts)
