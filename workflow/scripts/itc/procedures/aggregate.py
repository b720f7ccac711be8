"""The model sees several responses to a question and gives one final answer.

``show`` says what it sees: ``answers``, ``responses`` (behind their thinking), ``full`` responses
(mixture-of-agents style fusion, Wang et al. 2024, arXiv 2406.04692), ``summaries`` of them within a
token bound (parallel-distill-refine), or ``select``: it names the response that agrees most with
the others (universal self-consistency, Chen et al. 2023, arXiv 2311.17311), whose text then is the
answer. With ``layers`` above 1 each layer but the last makes as many new responses as it saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from itc.config import procedure as base
from itc.config.fields import Decides, Whole
from itc.config.procedure import Settings
from itc.procedures import _read
from itc.procedures._base import JOIN, Ask, Chain, Response, Work
from itc.procedures._options import ProcedureError, check_prompts
from itc.procedures._rows import shown_answer, unfinished, visible, whole

TITLE = "Aggregation by the model"
PARENT = "sample"
PROMPTS = {
    "prompt": ("question", "answers", "responses", "summaries"),
    "summary": ("question", "response"),
}


class Options(base.Options):
    """Keys of an entry of this kind."""

    show: Annotated[
        Literal["answers", "responses", "full", "summaries", "select"],
        Decides(neutral="responses"),
    ] = Field("responses", description="What the model sees of each response.")
    width: Annotated[Whole, Decides(neutral=4)] = Field(
        4, ge=2, description="Responses seen at once; draws of a shard form groups of this size."
    )
    layers: Annotated[Whole, Decides(neutral=1)] = Field(
        1, ge=1, description="Rounds of aggregation."
    )
    summary_tokens: Annotated[Whole, Decides(neutral=128)] = Field(
        128, ge=1, description="Cap on the tokens of a summary."
    )


def check(name: str, settings: Settings) -> None:
    """Raise ProcedureError for settings that cannot run."""
    options = settings.options(Options)
    check_prompts(name, settings, PROMPTS)
    if options.show == "select" and options.layers != 1:
        raise ProcedureError(f"procedures.{name}.layers: a selection has one layer; drop the key")
    if options.show == "summaries" and "summary" not in settings.prompts:
        raise ProcedureError(
            f"procedures.{name}.prompt: no template for the role summary; give "
            f"`prompt: {{prompt: aggregate_summaries, summary: summarize}}`"
        )


def requests(work: Work) -> int:
    """Calls of all layers: their answers, and a summary of all that each layer sees."""
    width, layers = _width(work), _layers(work)
    per_group = 1 + (layers - 1) * width
    if work.options(Options).show == "summaries":
        per_group += layers * width
    return sum(len(_groups(work, problem, rows)) for problem, rows in work.by_problem()) * per_group


def chains(work: Work) -> Iterator[Chain]:
    """One chain per group of draws."""
    for problem, rows in work.by_problem():
        for group in _groups(work, problem, rows):
            yield _chain(work, problem, group)


def _groups(
    work: Work, problem: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> list[Sequence[Mapping[str, Any]]]:
    """Disjoint groups of ``width`` draws, so that aggregates are independent of each other."""
    width = _width(work)
    if len(rows) < width:
        raise ProcedureError(
            f"procedures.{work.procedure}.width: {width}, but its parent has {len(rows)} draws of "
            f"problem {problem['problem_id']!r} of {work.dataset!r} in this shard; lower width, or "
            f"raise study.shard_size"
        )
    return [rows[i : i + width] for i in range(0, len(rows) - width + 1, width)]


def _chain(work: Work, problem: Mapping[str, Any], group: Sequence[Mapping[str, Any]]) -> Chain:
    index = group[0]["draw"] // len(group)
    seen: list[Mapping[str, Any]] = list(group)
    for layer in range(1, _layers(work) + 1):
        last = layer == _layers(work)
        draws = [index] if last else [index * len(group) + i for i in range(len(group))]
        parents = [row["response_id"] for row in seen]
        notes = []
        if work.options(Options).show == "summaries":
            notes = yield [_summary(work, problem, draws[-1], layer, i, r) for i, r in enum1(seen)]
        prompt = work.render(**_shown(work, problem, seen, notes))
        asks = [Ask(problem["problem_id"], draw, layer, prompt) for draw in draws]
        answers = yield asks
        made = []
        for number, (ask, answer) in enumerate(zip(asks, answers, strict=True)):
            # The layer's summaries are charged once: to its only response, or one to each.
            own = notes if last else notes[number : number + 1]
            response = work.record(ask, [*own, answer], parents)
            if work.options(Options).show == "select":
                _choose(response, answer, seen)
            made.append(response)
            yield response
        seen = [_as_row(work, response) for response in made]


def _summary(
    work: Work,
    problem: Mapping[str, Any],
    draw: int,
    layer: int,
    number: int,
    row: Mapping[str, Any],
) -> Ask:
    return Ask(
        problem["problem_id"],
        draw,
        layer,
        work.render("summary", question=problem["question"], response=visible(row)),
        step=f"summary {number}",
        overrides={"max_tokens": work.options(Options).summary_tokens},
    )


def _shown(
    work: Work, problem: Mapping[str, Any], seen: Sequence[Mapping[str, Any]], notes: list[Any]
) -> dict[str, Any]:
    full = work.options(Options).show == "full"
    return {
        "question": problem["question"],
        "answers": [shown_answer(row.get("answer")) for row in seen],
        "responses": [row.get("text") or "" if full else visible(row) for row in seen],
        "summaries": [visible(vars(note)) for note in notes],
    }


def _choose(response: Response, reply: Any, seen: Sequence[Mapping[str, Any]]) -> None:
    """Append the chosen response's text behind the choice, which becomes deliberation.

    The chosen text is the parent's: its tokens are charged there. A reply that names none of the
    responses has nothing behind it, so that no number in it passes for an answer.
    """
    if unfinished(vars(response)):
        return
    chosen = _read.pick(visible(vars(reply)), len(seen))
    if chosen is not None:
        response.text += JOIN
    response.thinking_end = len(response.text)
    response.n_thinking_tokens = response.n_output_tokens
    if chosen is not None:
        response.text += visible(seen[chosen - 1])


def was_read(row: Mapping[str, Any], settings: Settings) -> bool | None:
    """Whether a recorded selection names a response; None where nothing is selected."""
    if settings.options(Options).show != "select":
        return None
    text, end = row.get("text") or "", whole(row.get("thinking_end"))
    return end is not None and bool(text[end:].strip())


def _as_row(work: Work, response: Response) -> dict[str, Any]:
    return {
        "response_id": work.response_id(response.problem_id, response.draw, response.round),
        "draw": response.draw,
        "text": response.text,
        "thinking_end": response.thinking_end,
        "answer": work.answer_of(response),
    }


def enum1(values: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Values with their number, counted from 1 as the prompts do."""
    return enumerate(values, 1)


def _width(work: Work) -> int:
    return work.options(Options).width


def _layers(work: Work) -> int:
    return work.options(Options).layers
