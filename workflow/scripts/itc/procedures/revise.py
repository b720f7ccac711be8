"""Sequential revision: each round shows the model its previous attempt and asks for a better one.

``show: response`` shows the previous response behind its thinking, ``show: full`` all of it,
``show: answer`` only its final answer (multi-round thinking, Tian et al. 2025, arXiv 2503.19855).
With a template for the role ``critique`` the model first criticises the attempt and then answers
with that critique in view; both calls are one response, the critique counts as thinking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from itc.config import procedure as base
from itc.config.fields import Decides, Whole
from itc.config.procedure import Settings
from itc.procedures._base import Ask, Chain, Work
from itc.procedures._options import check_prompts
from itc.procedures._rows import shown_answer, visible

TITLE = "Sequential revision"
PARENT = "sample"
PROMPTS = {
    "prompt": ("question", "response", "answer", "critique"),
    "critique": ("question", "response", "answer"),
}


class Options(base.Options):
    """Keys of an entry of this kind."""

    rounds: Annotated[Whole, Decides(neutral=1)] = Field(
        1, ge=1, description="Revisions of each response."
    )
    show: Annotated[Literal["response", "full", "answer"], Decides(neutral="response")] = Field(
        "response",
        description="response: what comes after its thinking; full: all of it; answer: its final "
        "answer.",
    )
    critique_tokens: Annotated[Whole | None, Decides(neutral=None)] = Field(
        None, ge=1, description="Cap on the output tokens of a critique; empty: max_tokens."
    )


def check(name: str, settings: Settings) -> None:
    """Raise ProcedureError for settings that cannot run."""
    allowed = dict(PROMPTS)
    if "critique" not in settings.prompts:
        allowed["prompt"] = PROMPTS["critique"]
    check_prompts(name, settings, allowed)
    settings.options(Options)


def requests(work: Work) -> int:
    """One call per response and round, two with a critique."""
    calls = 2 if "critique" in work.settings.prompts else 1
    return sum(len(rows) for _, rows in work.by_problem()) * work.options(Options).rounds * calls


def chains(work: Work) -> Iterator[Chain]:
    """One chain per draw; its rounds wait for each other."""
    for problem, rows in work.by_problem():
        for row in rows:
            yield _chain(work, problem, row)


def _chain(work: Work, problem: Mapping[str, Any], row: Mapping[str, Any]) -> Chain:
    options = work.options(Options)
    full = options.show == "full"
    text = row.get("text") or "" if full else visible(row)
    answer, parent = row.get("answer"), row["response_id"]
    for number in range(1, options.rounds + 1):
        shown = {
            "question": problem["question"],
            "response": text,
            "answer": shown_answer(answer),
        }
        calls = []
        if "critique" in work.settings.prompts:
            limit = options.critique_tokens or work.settings.entry.max_tokens
            critique = yield Ask(
                problem["problem_id"],
                row["draw"],
                number,
                work.render("critique", **shown),
                step="critique",
                overrides={"max_tokens": limit},
            )
            calls.append(critique)
            shown["critique"] = visible(vars(critique))
        ask = Ask(problem["problem_id"], row["draw"], number, work.render(**shown))
        calls.append((yield ask))
        response = work.record(ask, calls, [parent])
        yield response
        # Only what the last call wrote is shown to the next round, not the critique before it.
        text = calls[-1].text if full else visible(vars(calls[-1]))
        answer = work.answer_of(response)
        parent = work.response_id(problem["problem_id"], row["draw"], number)
