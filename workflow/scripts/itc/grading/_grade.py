"""Grade responses: find the answer, decide cheaply, and do symbolic work once per distinct pair."""

from __future__ import annotations

import json
import logging
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from itc import registry
from itc.grading._base import (
    NO_ANSWER,
    NOTHING,
    RIGHT,
    UNDECIDED,
    WRONG,
    Extraction,
    GradingError,
    Judgement,
    Problem,
    Undecidable,
)
from itc.grading._cache import opened
from itc.grading._metadata import seen
from itc.grading._pool import Result, Task, shared

log = logging.getLogger(__name__)
COLUMNS = ("answer", "answer_how", "normal_form", "verdict", "cause", "score")
# A thinking that never closed has no final answer, except for a box in its last characters.
OPEN_TAIL = 2000
OPENING = "<think>"
NO_TEXT = "no_text"
SOURCE = "source"  # how an answer was found: by the recording, whose text is not there


def grade(
    responses: pd.DataFrame,
    problems: pd.DataFrame,
    workers: int = 1,
    cache: Path | str | None = None,
) -> pd.DataFrame:
    """Return ``responses`` with the columns ``COLUMNS`` of table ``annotations``, same index.

    ``responses`` needs ``problem_id`` and ``text``; ``thinking_end``, ``n_thinking_tokens`` and
    ``finish_reason`` are used where present. ``problems`` is table ``datasets``. ``cache`` is a
    folder for symbolic results. Verdicts are ``right``, ``wrong`` (cause ``no_answer`` where the
    reply holds none) or ``undecided`` with a cause. Raises GradingError for a problem that
    ``problems`` lacks, never for what a reply holds.
    """
    known = by_id(problems)
    absent = sorted(set(responses["problem_id"]) - set(known))
    if absent:
        raise GradingError(
            f"{len(absent)} problems of the responses are not in the dataset, the first is "
            f"{absent[0]!r}; give the table that the responses were sampled from"
        )
    for answer_type in {known[name]["answer_type"] for name in set(responses["problem_id"])}:
        if hasattr(grader(answer_type), "prepare"):
            grader(answer_type).prepare([p for p in known.values() if p["metadata"]])
    found = extract_all(responses, known)
    ids = responses["problem_id"].tolist()
    distinct = {
        (problem, item.answer): None
        for problem, item in zip(ids, found, strict=True)
        if item.answer is not None
    }
    judged = judge_all(list(distinct), known, workers, cache)
    texts = responses["text"].isna().to_numpy()
    rows: list[tuple[Any, ...]] = []
    for problem, item, no_text in zip(ids, found, texts, strict=True):
        if item.answer is None:
            verdict = Judgement(UNDECIDED, NO_TEXT) if no_text else Judgement(WRONG, NO_ANSWER)
            rows.append((None, item.how, None, *verdict))
        else:
            form, judgement = judged[problem, item.answer]
            rows.append((item.answer, item.how, form, *judgement))
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in COLUMNS]
    added = {
        name: pd.Series(values, index=responses.index, dtype=float if name == "score" else object)
        for name, values in zip(COLUMNS, columns, strict=True)
    }
    return responses.assign(**added)


def by_id(problems: pd.DataFrame) -> dict[str, Problem]:
    """Problems as graders see them, by ``problem_id``."""
    return {
        problem_id: {
            "problem_id": problem_id,
            "gold": None if pd.isna(gold) else gold,
            "answer_type": answer_type,
            "metadata": seen(metadata if isinstance(metadata, str) else "", answer_type),
        }
        for problem_id, gold, answer_type, metadata in zip(
            problems["problem_id"],
            problems["gold"],
            problems["answer_type"],
            problems["metadata"] if "metadata" in problems else [None] * len(problems),
            strict=True,
        )
    }


@cache
def grader(answer_type: str) -> ModuleType:
    """Grader of an answer type."""
    return registry.load("grading", answer_type)


def extract_all(responses: pd.DataFrame, known: dict[str, Problem]) -> list[Extraction]:
    """Answer of each response, in order; where a recording kept no text, the answer it recorded."""
    size = len(responses)
    names = ("problem_id", "text", "thinking_end", "n_thinking_tokens", "finish_reason")
    columns = [
        # Iterating an Arrow column takes longer than finding the answers in it.
        responses[name].to_numpy(dtype=object) if name in responses else [None] * size
        for name in (*names, "source_answer")
    ]
    found = []
    for problem_id, text, end, thought, reason, source in zip(*columns, strict=True):
        problem = known[problem_id]
        if not isinstance(text, str) and isinstance(source, str) and source.strip():
            found.append(Extraction(source.strip(), SOURCE))
            continue
        found.append(
            extract_one(grader(problem["answer_type"]), problem, text, end, thought, reason)
        )
    return found


def extract_one(
    module: ModuleType, problem: Problem, text: Any, end: Any, thought: Any, reason: Any
) -> Extraction:
    """Answer of one reply, read behind its thinking.

    A reply cut at the token cap (``finish_reason`` "length") only counts a box: a phrase or number
    in the middle of its work is no final answer. A thinking that never closed, or that nothing
    follows, only counts a box in its last OPEN_TAIL characters.
    """
    if not isinstance(text, str):
        return NOTHING
    if end is not None and not pd.isna(end):
        visible = text[int(end) :]
        if not visible.strip():
            return _only_boxed(module, text[-OPEN_TAIL:], problem)
        text = visible
    elif OPENING in text[:200] or (thought is not None and not pd.isna(thought) and thought > 0):
        return _only_boxed(module, text[-OPEN_TAIL:], problem)
    if reason == "length":
        return _only_boxed(module, text, problem)
    result: Extraction = module.extract(text, problem)
    return result


def _only_boxed(module: ModuleType, tail: str, problem: Problem) -> Extraction:
    found = module.extract(tail, problem, False)
    return found if found.how == "boxed" else NOTHING


Judged = dict[tuple[str, str], tuple[str | None, Judgement]]


def judge_all(
    pairs: list[tuple[str, str]],
    known: dict[str, Problem],
    workers: int,
    cache: Path | str | None,
) -> Judged:
    """Normal form and judgement of each distinct (problem, answer)."""
    judged: Judged = {}
    forms: dict[tuple[str, str], str | None] = {}
    waiting: dict[Task, list[tuple[str, str]]] = {}
    here: list[tuple[str, str]] = []
    for pair in pairs:
        problem, answer = known[pair[0]], pair[1]
        module = grader(problem["answer_type"])
        forms[pair] = module.normal_form(answer, problem)
        judgement = cheap(module, problem, answer, forms[pair])
        if judgement is not None:
            judged[pair] = forms[pair], judgement
        elif module.WORKER:
            waiting.setdefault(task(module, problem, answer), []).append(pair)
        else:
            here.append(pair)
    tasks = list(waiting)
    for item, result in zip(tasks, solve(tasks, workers, cache), strict=True):
        for pair in waiting[item]:
            judged[pair] = forms[pair], judgement_of(result)
    for pair, judgement in zip(here, _judge_here(here, known, workers), strict=True):
        judged[pair] = forms[pair], judgement
    causes = Counter(j.cause for _, j in judged.values() if j.verdict == UNDECIDED)
    if causes:
        log.info("not judged, distinct answers by cause: %s", dict(causes))
    return judged


def cheap(module: ModuleType, problem: Problem, answer: str, form: str | None) -> Judgement | None:
    """Judgement without a worker, or None."""
    if hasattr(module, "judge"):
        return module.judge_here(answer, problem) if hasattr(module, "judge_here") else None
    gold = problem["gold"]
    if gold is None:
        return Judgement(UNDECIDED, "no_gold")
    if form is not None:
        target = module.normal_form(gold, problem)
        if target is not None:
            decided = module.quick(form, target, problem) if hasattr(module, "quick") else None
            decided = True if form == target else decided
            if decided is not None:
                return Judgement(RIGHT if decided else WRONG)
    if hasattr(module, "refuse"):
        cause = module.refuse(answer, problem)
        return Judgement(UNDECIDED, cause) if cause else None
    return None


def task(module: ModuleType, problem: Problem, answer: str) -> Task:
    """What a worker has to do; equal work is an equal task, whichever problem asks."""
    name = problem["answer_type"]
    if hasattr(module, "judge"):
        return Task(name, "judge", (answer, json.dumps(problem, sort_keys=True)))
    return Task(name, "against_gold", (problem["gold"], answer, "{}"))


def solve(tasks: list[Task], workers: int, cache: Path | str | None) -> list[Result]:
    """Results of tasks, from the cache or the pool."""
    store = opened(cache)
    results = {item: store.get(item) for item in tasks}
    new = [item for item, result in results.items() if result is None]
    if new:
        done = shared(workers).run(new)
        store.put(new, done)
        store.flush()
        results.update(zip(new, done, strict=True))
    return [results[item] or Result(cause="error") for item in tasks]


def judgement_of(result: Result) -> Judgement:
    """Three-valued judgement of a worker's result."""
    if result.cause is not None:
        return Judgement(UNDECIDED, result.cause)
    if isinstance(result.value, list):
        return Judgement(*result.value)
    return Judgement(RIGHT if result.value else WRONG)


def _judge_here(
    pairs: list[tuple[str, str]], known: dict[str, Problem], workers: int
) -> list[Judgement]:
    """Judge without a worker: plain comparison, or programs in their own sandbox."""
    if not pairs:
        return []

    def one(pair: tuple[str, str]) -> Judgement:
        problem, answer = known[pair[0]], pair[1]
        module = grader(problem["answer_type"])
        try:
            if hasattr(module, "judge"):
                result: Judgement = module.judge(answer, problem)
                return result
            same = module.equivalent(problem["gold"], answer, problem)
        except Undecidable as error:
            return Judgement(UNDECIDED, error.cause)
        return Judgement(RIGHT if same else WRONG)

    if workers > 1 and any(hasattr(grader(known[p]["answer_type"]), "judge") for p, _ in pairs):
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(workers) as threads:
            return list(threads.map(one, pairs))
    return [one(pair) for pair in pairs]
