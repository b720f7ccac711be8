"""The model judges each of its own responses on its own: no trained verifier, no comparison.

``scale: score`` asks for a whole number, ``scale: yesno`` for the probability of the first of two
words: its share of the two words' probability at the place where the model answers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from itc.engines._base import Completion
from itc.procedures import _read
from itc.procedures._base import JOIN, Ask, Chain, Work
from itc.procedures._options import ProcedureError, check_prompts, positive
from itc.procedures._rows import shown_answer, unfinished, visible

TITLE = "Self-judged score"
PARENT = "sample"
PROMPTS = {"prompt": ("question", "response", "answer")}
OPTIONS = {
    "scale": "score (default): a number is read from the reply; yesno: probability of Yes",
    "lowest": "smallest valid score, default 1",
    "highest": "largest valid score, default 10",
    "words": "the two words of scale yesno, default [Yes, No]",
    "votes": "independent judgements of each response, default 1",
    "show": "visible (default): the response behind its thinking; full: all of it",
    "long_prompt": "fail (default), or skip: record an empty response to a prompt over the window",
    "confidence_window": "tokens of a confidence group, default 2048",
}


def check(name: str, settings: Mapping[str, Any]) -> None:
    """Raise ProcedureError for settings that cannot run."""
    check_prompts(name, settings, PROMPTS)
    positive(name, settings, "votes", 1)
    for key, allowed in (("scale", ("score", "yesno")), ("show", ("visible", "full"))):
        if settings.get(key, allowed[0]) not in allowed:
            raise ProcedureError(
                f"procedures.{name}.{key}: {settings[key]!r}; allowed: {', '.join(allowed)}"
            )
    if len(_words(settings)) != 2:
        raise ProcedureError(
            f"procedures.{name}.words: {settings['words']!r}; needs two words, e.g. [Yes, No]"
        )
    low, high = _bounds(settings)
    if low >= high:
        raise ProcedureError(f"procedures.{name}.lowest: {low} is not below highest {high}")


def requests(work: Work) -> int:
    """One call per response and vote, a second one where yes/no follows a thinking."""
    calls = 2 if _yesno(work.settings) and work.thinking else 1
    rows = sum(len(rows) for _, rows in work.by_problem())
    return rows * _votes(work) * calls


def chains(work: Work) -> Iterator[Chain]:
    """Votes of one response follow each other, so its prompt is computed once and cached."""
    full = work.settings.get("show") == "full"
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
                    if _yesno(work.settings)
                    else _score_chain(work, ask, row)
                )


def read_score(row: Mapping[str, Any], settings: Mapping[str, Any]) -> float | None:
    """Score of one recorded judgement (row of table ``responses``); None where it gives none.

    A number outside the scale, a reply without one, or a thinking that never closed is no score,
    never a low one. For yes/no the value is the probability of the first word, or, from a server
    without log-probs, 1 or 0 by the word it wrote.
    """
    if unfinished(row):
        return None
    text = visible(row)
    if not _yesno(settings):
        return _read.score(text, *_bounds(settings))
    yes, no = _words(settings)
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
    calls: list[Completion] = []
    prefix: tuple[str, ...] = ()
    if work.thinking:
        first = yield ask
        calls.append(first)
        response = work.record(ask, calls, [row["response_id"]])
        if unfinished(vars(response)):  # it never came to an answer
            yield response
            return
        if first.thinking_end is not None:
            rest = first.text[first.thinking_end :]
            gap = rest[: len(rest) - len(rest.lstrip())] or JOIN
            prefix = (first.text[: first.thinking_end] + gap,)
    decision = yield Ask(
        ask.problem_id,
        ask.draw,
        ask.round,
        ask.prompt,
        prefix=prefix,
        step="decision",
        overrides={"choices": _words(work.settings), "max_tokens": 1},
    )
    response = work.record(ask, [*calls, decision], [row["response_id"]])
    if calls:  # the decision continues the first call, whose prompt is charged once
        response.n_prompt_tokens = calls[0].n_prompt_tokens
    response.finish_reason = "stop"  # one token was all that was wanted
    response.logprobs = _normalised(decision.logprobs, decision.text, _words(work.settings))
    yield response


def _normalised(found: Mapping[str, float], text: str, words: list[str]) -> dict[str, float]:
    """Log-probability of the word written, among the two words alone."""
    values = [found[f"choice:{word}"] for word in words if f"choice:{word}" in found]
    if len(values) < len(words) or not text:
        return {}
    total = math.log(sum(math.exp(v - max(values)) for v in values)) + max(values)
    written = next((i for i, w in enumerate(words) if w.startswith(text.strip())), None)
    return {} if written is None else {"cumulative_logprob": round(values[written] - total, 6)}


def _yesno(settings: Mapping[str, Any]) -> bool:
    return bool(settings.get("scale", "score") == "yesno")


def _words(settings: Mapping[str, Any]) -> list[str]:
    return list(settings.get("words") or ("Yes", "No"))


def _bounds(settings: Mapping[str, Any]) -> tuple[float, float]:
    return float(settings.get("lowest", 1)), float(settings.get("highest", 10))


def _votes(work: Work) -> int:
    return int(work.settings.get("votes", 1))
