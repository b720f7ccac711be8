"""The model judges each of its own responses on its own: no trained verifier, no comparison.

``scale: score`` asks for a whole number, ``scale: yesno`` for the probability of the first of two
words: its share of the two words' probability at the place where the model answers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from itc.config import procedure as base
from itc.config.fields import INCIDENTAL, Decides, Whole
from itc.config.procedure import Settings
from itc.engines._base import TOO_LONG, Completion, Cut
from itc.procedures import _read
from itc.procedures._base import JOIN, Ask, Chain, Work
from itc.procedures._options import ProcedureError, check_prompts
from itc.procedures._rows import shown_answer, tokens, unfinished, visible

TITLE = "Self-judged score"
PARENT = "sample"
PROMPTS = {"prompt": ("question", "response", "answer")}


class Options(base.Options):
    """Keys of an entry of this kind."""

    scale: Annotated[Literal["score", "yesno"], Decides(neutral="score")] = Field(
        "score", description="score: a number is read from the reply; yesno: probability of Yes."
    )
    lowest: Annotated[float, INCIDENTAL] = Field(1.0, description="Smallest valid score.")
    highest: Annotated[float, INCIDENTAL] = Field(10.0, description="Largest valid score.")
    words: Annotated[tuple[str, str], Decides(neutral=("Yes", "No"))] = Field(
        ("Yes", "No"), description="The two words of scale yesno."
    )
    votes: Annotated[Whole, Decides(neutral=1)] = Field(
        1,
        ge=1,
        description="Independent judgements of each response. Scale yesno of a model that does not "
        "think asks once: the probability does not depend on the draw.",
    )
    show: Annotated[Literal["visible", "full"], Decides(neutral="visible")] = Field(
        "visible", description="visible: the response after its thinking; full: all of it."
    )

    @field_validator("words", mode="before")
    @classmethod
    def _two_words(cls, value: object) -> object:
        words = value if isinstance(value, list | tuple) else ()
        if not all(isinstance(word, str) for word in words):
            raise ValueError(
                "put the words in quotes, else YAML reads Yes and No as true and false"
            )
        stripped = tuple(word.strip() for word in words)
        if len(stripped) != 2 or len(set(stripped)) != 2 or not all(stripped):
            raise ValueError('needs two different words, e.g. ["Yes", "No"]')
        return stripped


def check(name: str, settings: Settings) -> None:
    """Raise ProcedureError for settings that cannot run."""
    check_prompts(name, settings, PROMPTS)
    options = settings.options(Options)
    if options.lowest >= options.highest:
        raise ProcedureError(
            f"procedures.{name}.lowest: {options.lowest} is not below highest {options.highest}"
        )


def continues(settings: Settings, thinks: bool) -> bool:
    """Whether calls go on from tokens that the model wrote before: yes/no after a thinking does."""
    return thinks and settings.options(Options).scale == "yesno"


def requests(work: Work) -> int:
    """One call per response and vote, a second one where yes/no follows a thinking."""
    options = work.options(Options)
    calls = 2 if options.scale == "yesno" and work.thinking else 1
    rows = sum(len(rows) for _, rows in work.by_problem())
    return rows * _votes(work) * calls


def chains(work: Work) -> Iterator[Chain]:
    """Votes of one response follow each other, so its prompt is computed once and cached."""
    options = work.options(Options)
    full = options.show == "full"
    for problem, rows in work.by_problem():
        for row in rows:
            prompt = work.render(
                question=problem["question"],
                response=row.get("text") or "" if full else visible(row),
                answer=shown_answer(row.get("answer")),
            )
            for vote in range(1, _votes(work) + 1):
                ask = Ask(problem["problem_id"], row["draw"], vote, prompt)
                yield (
                    _yesno_chain(work, ask, row)
                    if options.scale == "yesno"
                    else _score_chain(work, ask, row)
                )


def read_score(row: Mapping[str, Any], settings: Settings) -> float | None:
    """Score of one recorded judgement (row of table ``responses``); None where it gives none.

    A number outside the scale, a reply without one, or a thinking that never closed is no score,
    never a low one. For yes/no the value is the probability of the first word, or, from a server
    without log-probs, 1 or 0 by the word it wrote.
    """
    if unfinished(row):
        return None
    text = visible(row)
    options = settings.options(Options)
    if options.scale == "score":
        return _read.score(text, options.lowest, options.highest)
    yes, no = options.words
    word = text.strip()
    chosen = next((w for w in (yes, no) if word and w.startswith(word)), None)
    if chosen is None:
        return None
    logprob = row.get("cumulative_logprob")
    share = 1.0 if logprob is None or logprob != logprob else math.exp(min(logprob, 0.0))
    return share if chosen == yes else 1.0 - share


def _score_chain(work: Work, ask: Ask, row: Mapping[str, Any]) -> Chain:
    completion = yield ask
    yield work.record(ask, [completion], [row["response_id"]])


def _yesno_chain(work: Work, ask: Ask, row: Mapping[str, Any]) -> Chain:
    """Let a thinking model think, then ask for the one token that decides."""
    words = work.options(Options).words
    calls: list[Completion] = []
    prefix: tuple[str | Cut, ...] = ()
    if work.thinking:
        first = yield ask
        calls.append(first)
        response = work.record(ask, calls, [row["response_id"]])
        if unfinished(vars(response)) or first.finish_reason == TOO_LONG:
            yield response  # it never came to an answer
            return
        if first.thinking_end is not None:
            prefix = _up_to_answer(work, first)
    decision = yield replace(
        ask,
        prefix=prefix,
        step="decision",
        overrides={"choices": words, "max_tokens": 1},
    )
    response = work.record(ask, [*calls, decision], [row["response_id"]])
    if calls:  # the decision continues the first call, whose prompt is charged once
        response.n_prompt_tokens = calls[0].n_prompt_tokens
    if response.finish_reason != TOO_LONG:
        response.finish_reason = "stop"  # one token was all that was wanted
    response.logprobs = _normalised(decision.logprobs, decision.text, words)
    yield response


def _up_to_answer(work: Work, first: Completion) -> tuple[str | Cut, ...]:
    """The thinking as it was recorded, token by token, up to the place of the answer."""
    rest = first.text[first.thinking_end :]
    after = () if rest else (JOIN,)  # cut off right after the thinking: as most models go on
    return (Cut(tokens({**vars(first), "response_id": work.procedure}), until="answer"), *after)


def _normalised(found: Mapping[str, float], text: str, words: Sequence[str]) -> dict[str, float]:
    """Log-probability of the word written, among the two words alone."""
    values = [found[f"choice:{word}"] for word in words if f"choice:{word}" in found]
    if len(values) < len(words):
        return {}
    shown = text.strip()
    written = next((i for i, w in enumerate(words) if shown and w.startswith(shown)), None)
    if written is None:
        return {}
    total = math.log(sum(math.exp(v - max(values)) for v in values)) + max(values)
    return {"cumulative_logprob": round(values[written] - total, 6)}


def _votes(work: Work) -> int:
    """Votes asked for; one where no thinking precedes the decision, whose probability is fixed."""
    options = work.options(Options)
    return 1 if options.scale == "yesno" and not work.thinking else options.votes
