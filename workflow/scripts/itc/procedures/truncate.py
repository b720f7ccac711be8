"""Thinking cut short: the first tokens of a recorded thinking, then a forced answer.

For each budget of thinking tokens the parent's thinking is cut there, closed, and the model goes
on with its answer. Budget 0 is a pre-filled, finished, empty thinking block. A row reads as if the
model had stopped thinking by itself: text and tokens of the kept thinking and of the new answer,
the prompt charged once. A thinking that ended before the budget is the parent's response unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, field_validator

from itc.config import procedure as base
from itc.config.fields import Decides, Whole
from itc.config.procedure import Settings
from itc.engines._base import Cut
from itc.procedures._base import Ask, Chain, Work
from itc.procedures._options import ProcedureError, check_prompts
from itc.procedures._rows import prompt_of, tokens, unfinished

TITLE = "Truncated thinking"
PARENT = "sample"
CONTINUES_PARENT = True
PROMPTS = {"prompt": ("question",)}


class Options(base.Options):
    """Keys of an entry of this kind."""

    budgets: Annotated[tuple[Annotated[Whole, Field(ge=0)], ...], Decides()] = Field(
        description="Thinking tokens kept, a list; 0 is an empty thinking block.", min_length=1
    )
    force: Annotated[str, Decides(neutral="")] = Field(
        "", description="Text written after the closed thinking to force an answer."
    )

    @field_validator("budgets")
    @classmethod
    def _different(cls, budgets: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(budgets)) < len(budgets):
            raise ValueError("needs different token numbers, e.g. [0, 64, 256]")
        return tuple(sorted(budgets))


def check(name: str, settings: Settings) -> None:
    """Raise ProcedureError for settings that cannot run."""
    check_prompts(name, settings, PROMPTS)
    settings.options(Options)


def continues(settings: Settings, thinks: bool) -> bool:
    """Whether calls go on from tokens that the model wrote before: always."""
    return True


def requests(work: Work) -> int:
    """At most one call per response and budget."""
    if work.thinking is None:
        raise ProcedureError(
            f"procedures.{work.procedure}: model {work.model!r} has no thinking to cut, or it is "
            f"switched off; set `reasoning_only: true` here, or `thinking` in the model's entry"
        )
    return sum(len(rows) for _, rows in work.by_problem()) * len(work.options(Options).budgets)


def chains(work: Work) -> Iterator[Chain]:
    """The prompt is the one the parent answered, which the engine checks; it is cached."""
    for problem, rows in work.by_problem():
        prompt = work.render(question=problem["question"])
        for row in rows:
            for budget in work.options(Options).budgets:
                yield _chain(work, Ask(problem["problem_id"], row["draw"], budget, prompt), row)


def _chain(work: Work, ask: Ask, row: Mapping[str, Any]) -> Chain:
    budget = ask.round
    thought = int(row.get("n_thinking_tokens") or 0)
    if not unfinished(row) and thought <= budget and row.get("text"):
        yield work.carried(row, ask)
        return
    opening, closing = work.thinking or ("", "")
    force = work.options(Options).force
    kept = min(budget, thought)
    if kept:
        prefix: tuple[str | Cut, ...] = (
            Cut(tokens(row), kept),
            f"\n{closing}\n\n{force}",
        )
    else:
        prefix = (f"{opening}\n\n{closing}\n\n{force}",)
    done = yield replace(ask, prefix=prefix, parent_sha256=prompt_of(row))
    response = work.continued(ask, done, [row["response_id"]], thought=kept)
    yield response
