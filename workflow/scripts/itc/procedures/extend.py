"""Thinking made longer: its end is suppressed and "Wait" appended, one to m times.

As in budget forcing (Muennighoff et al. 2025, arXiv 2501.19393). Round i goes on from the thinking
of round i-1 with the closing delimiter (of a model without thinking: the end of its response)
replaced by the appended text, and ends with an answer, so every number of extensions is a complete
response. A row holds the whole thinking and is charged as if written in one go. A thinking that
never closed cannot be extended; its row repeats the previous one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from itc.config import procedure as base
from itc.config.fields import Decides, Whole
from itc.config.procedure import Settings
from itc.engines._base import Cut
from itc.procedures._base import Ask, Chain, Work
from itc.procedures._options import ProcedureError, check_prompts
from itc.procedures._rows import prompt_of, tokens

TITLE = "Extended thinking"
PARENT = "sample"
CONTINUES_PARENT = True
PROMPTS = {"prompt": ("question",)}


class Options(base.Options):
    """Keys of an entry of this kind."""

    times: Annotated[Whole, Decides(neutral=1)] = Field(
        1, ge=1, description="How often the end of thinking is suppressed."
    )
    wait: Annotated[str, Decides(neutral="Wait")] = Field(
        "Wait", description="Text appended in its place."
    )


def check(name: str, settings: Settings) -> None:
    """Raise ProcedureError for settings that cannot run."""
    check_prompts(name, settings, PROMPTS)
    if not settings.options(Options).wait.strip():
        raise ProcedureError(f"procedures.{name}.wait: empty; give the text to append")


def continues(settings: Settings, thinks: bool) -> bool:
    """Whether calls go on from tokens that the model wrote before: always."""
    return True


def requests(work: Work) -> int:
    """At most one call per response and extension."""
    return sum(len(rows) for _, rows in work.by_problem()) * work.options(Options).times


def chains(work: Work) -> Iterator[Chain]:
    """The prompt is the one the parent answered, which the engine checks; it is cached."""
    for problem, rows in work.by_problem():
        prompt = work.render(question=problem["question"])
        for row in rows:
            yield _chain(work, prompt, row)


def _chain(work: Work, prompt: str, parent: Mapping[str, Any]) -> Chain:
    row = dict(parent)
    for number in range(1, work.options(Options).times + 1):
        ask = Ask(row["problem_id"], row["draw"], number, prompt)
        if _can_go_on(work, row):
            ids = tokens(row)
            whole = Cut(ids, characters=len(row["text"]))
            kept = Cut(ids, until="thinking") if work.thinking else whole
            prefix = (kept, _joint(row, work))
            done = yield replace(ask, prefix=prefix, parent_sha256=prompt_of(parent))
            response = work.continued(ask, done, [row["response_id"]])
        else:
            response = work.carried(row, ask)
        yield response
        row = {
            **{name: row.get(name) for name in ("problem_id", "draw")},
            **vars(response),
            **response.logprobs,
            **response.platform,
            "response_id": work.response_id(row["problem_id"], row["draw"], number),
        }


def _can_go_on(work: Work, row: Mapping[str, Any]) -> bool:
    end = row.get("thinking_end")
    closed = end is not None and end == end
    return bool(tokens(row)) and (closed if work.thinking else row.get("finish_reason") == "stop")


def _joint(row: Mapping[str, Any], work: Work) -> str:
    """The appended text, on a new line unless the thinking ends with white space."""
    wait = work.options(Options).wait
    text = row.get("text") or ""
    if work.thinking:
        text = text[: int(row["thinking_end"]) - len(work.thinking[1])]
    return wait if text[-1:].isspace() else "\n" + wait
