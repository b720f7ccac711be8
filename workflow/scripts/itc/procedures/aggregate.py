"""The model sees several responses to a question and gives one final answer.

``show`` says what it sees: ``answers``, ``responses`` (behind their thinking), ``full`` responses
(mixture-of-agents style fusion, Wang et al. 2024, arXiv 2406.04692), ``summaries`` of them within a
token bound (parallel-distill-refine), or ``select``: it names the response that agrees most with
the others (universal self-consistency, Chen et al. 2023, arXiv 2311.17311), whose text then is the
answer. With ``layers`` above 1 each layer but the last makes as many new responses as it saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itc.procedures import _read
from itc.procedures._base import JOIN, Ask, Chain, Response, Work
from itc.procedures._options import ProcedureError, check_prompts, positive, prompts
from itc.procedures._rows import shown_answer, unfinished, visible, whole

TITLE = "Aggregation by the model"
PARENT = "sample"
PROMPTS = {
    "prompt": ("question", "answers", "responses", "summaries"),
    "summary": ("question", "response"),
}
OPTIONS = {
    "show": "answers, responses (default), full, summaries or select",
    "width": "responses seen at once, default 4; draws of a shard form groups of so many",
    "layers": "rounds of aggregation, default 1",
    "summary_tokens": "cap on the tokens of a summary, default 128",
    "long_prompt": "fail (default), or skip: record an empty response to a prompt over the window",
    "confidence_window": "tokens of a confidence group, default 2048",
}

_SHOW = ("answers", "responses", "full", "summaries", "select")


def check(name: str, settings: Mapping[str, Any]) -> None:
    """Raise ProcedureError for settings that cannot run."""
    show = settings.get("show", "responses")
    if show not in _SHOW:
        raise ProcedureError(f"procedures.{name}.show: {show!r}; allowed: {', '.join(_SHOW)}")
    check_prompts(name, settings, PROMPTS)
    positive(name, settings, "layers", 1)
    positive(name, settings, "summary_tokens", 128)
    if positive(name, settings, "width", 4) < 2:
        raise ProcedureError(f"procedures.{name}.width: 1; there is nothing to aggregate below 2")
    if show == "select" and settings.get("layers", 1) != 1:
        raise ProcedureError(f"procedures.{name}.layers: a selection has one layer; drop the key")
    if show == "summaries" and "summary" not in prompts(settings):
        raise ProcedureError(
            f"procedures.{name}.prompt: no template for the role summary; give "
            f"`prompt: {{prompt: aggregate_summaries, summary: summarize}}`"
        )


def requests(work: Work) -> int:
    """Calls of all layers: their answers, and a summary of all that each layer sees."""
    width, layers = _width(work), _layers(work)
    per_group = 1 + (layers - 1) * width
    if work.settings.get("show") == "summaries":
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
        if work.settings.get("show") == "summaries":
            notes = yield [_summary(work, problem, draws[-1], layer, i, r) for i, r in enum1(seen)]
        prompt = work.render(**_shown(work, problem, seen, notes))
        asks = [Ask(problem["problem_id"], draw, layer, prompt) for draw in draws]
        answers = yield asks
        made = []
        for number, (ask, answer) in enumerate(zip(asks, answers, strict=True)):
            # The layer's summaries are charged once: to its only response, or one to each.
            own = notes if last else notes[number : number + 1]
            response = work.record(ask, [*own, answer], parents)
            if work.settings.get("show") == "select":
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
        overrides={"max_tokens": int(work.settings.get("summary_tokens", 128))},
    )


def _shown(
    work: Work, problem: Mapping[str, Any], seen: Sequence[Mapping[str, Any]], notes: list[Any]
) -> dict[str, Any]:
    full = work.settings.get("show") == "full"
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


def was_read(row: Mapping[str, Any], settings: Mapping[str, Any]) -> bool | None:
    """Whether a recorded selection names a response; None where nothing is selected."""
    if settings.get("show") != "select":
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
    return int(work.settings.get("width", 4))


def _layers(work: Work) -> int:
    return int(work.settings.get("layers", 1))
