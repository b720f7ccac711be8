"""Grade responses: find the answer, decide cheaply, and do symbolic work once per distinct pair."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from itc.grading._base import (
    NO_ANSWER,
    RIGHT,
    UNDECIDED,
    UNREADABLE_GOLD,
    WRONG,
    Extraction,
    GradingError,
    Judgement,
    Problem,
    Undecidable,
    Unread,
)
from itc.grading._cache import opened
from itc.grading._pool import Result, Task, shared
from itc.grading._problems import by_id as by_id
from itc.grading._problems import grader as grader
from itc.grading._problems import grader_of
from itc.grading._replies import extract_all
from itc.grading._replies import extract_one as extract_one
from itc.guard import cause_of, guarded

log = logging.getLogger(__name__)
COLUMNS = ("answer", "answer_how", "normal_form", "verdict", "cause", "score")
NO_TEXT = "no_text"
SANDBOX_SECONDS = 120.0  # of our own CPU time to feed a program and compare what it wrote


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
    grades = recorded_grades(responses, known)
    rows: list[tuple[Any, ...]] = []
    for place, (problem, item, no_text) in enumerate(zip(ids, found, texts, strict=True)):
        if place in grades:
            form, judgement = grades[place](item)
            rows.append((item.answer, item.how, form, *judgement))
        elif item.answer is None:
            cause = item.cause if isinstance(item, Unread) else NO_TEXT if no_text else None
            verdict = Judgement(UNDECIDED, cause) if cause else Judgement(WRONG, NO_ANSWER)
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


def recorded_grades(
    responses: pd.DataFrame, known: dict[str, Problem]
) -> dict[int, Callable[[Extraction], tuple[str | None, Judgement]]]:
    """By position: makes form and judgement of a response that only its recording can judge."""
    ids = responses["problem_id"].tolist()
    places = [i for i, name in enumerate(ids) if hasattr(grader_of(known[name]), "judge_row")]
    if not places:
        return {}
    empty = [None] * len(responses)
    columns = [
        responses[name].to_numpy(dtype=object) if name in responses else empty
        for name in ("source_correct", "source_score")
    ]
    return {i: partial(_by_record, known[ids[i]], columns[0][i], columns[1][i]) for i in places}


def _by_record(
    problem: Problem, correct: Any, score: Any, item: Extraction
) -> tuple[str | None, Judgement]:
    module = grader_of(problem)
    try:
        form = guarded(module.normal_form, item.answer, problem) if item.answer else None
        return form, guarded(module.judge_row, correct, score, problem)
    except Undecidable as error:
        return None, Judgement(UNDECIDED, error.cause)


Judged = dict[tuple[str, str], tuple[str | None, Judgement]]


def judge_all(
    pairs: list[tuple[str, str]],
    known: dict[str, Problem],
    workers: int,
    cache: Path | str | None,
) -> Judged:
    """Normal form and judgement of each distinct (problem, answer)."""
    judged = _several(pairs, known, workers, cache)
    pairs = [pair for pair in pairs if pair not in judged]
    forms: dict[tuple[str, str], str | None] = {}
    waiting: dict[Task, list[tuple[str, str]]] = {}
    here: list[tuple[str, str]] = []
    for pair in pairs:
        problem, answer = known[pair[0]], pair[1]
        module = grader(problem["answer_type"])
        try:
            forms[pair] = guarded(module.normal_form, answer, problem)
            judgement = guarded(cheap, module, problem, answer, forms[pair])
        except Undecidable as error:
            forms[pair], judgement = None, Judgement(UNDECIDED, error.cause)
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


def _several(
    pairs: list[tuple[str, str]],
    known: dict[str, Problem],
    workers: int,
    cache: Path | str | None,
) -> Judged:
    """Judgements where a problem has several golds: right by one, wrong only by all of them."""
    many = {
        pair: known[pair[0]]["golds"]
        for pair in pairs
        if len(known[pair[0]].get("golds") or ()) > 1
        and not hasattr(grader_of(known[pair[0]]), "judge")
    }
    if not many:
        return {}
    one_each = {
        f"{name}\0{i}": known[name] | {"gold": gold, "golds": [gold]}
        for name in {pair[0] for pair in many}
        for i, gold in enumerate(known[name]["golds"])
    }
    apart = [
        (f"{name}\0{i}", answer)
        for (name, answer), golds in many.items()
        for i in range(len(golds))
    ]
    found = judge_all(apart, one_each, workers, cache)
    judged: Judged = {}
    for (name, answer), golds in many.items():
        each = [found[f"{name}\0{i}", answer] for i in range(len(golds))]
        order = [RIGHT, UNDECIDED, WRONG]
        best = min((item[1] for item in each), key=lambda item: order.index(item.verdict))
        judged[name, answer] = each[0][0], best
    return judged


def cheap(module: ModuleType, problem: Problem, answer: str, form: str | None) -> Judgement | None:
    """Judgement without a worker, or None. May raise: for callers behind ``guarded``."""
    if hasattr(module, "judge"):
        return module.judge_here(answer, problem) if hasattr(module, "judge_here") else None
    gold = problem["gold"]
    if gold is None:
        return Judgement(UNDECIDED, "no_gold")
    read = module.read_gold if hasattr(module, "read_gold") else module.normal_form
    try:
        target = read(gold, problem)
    except Exception as error:  # the problem is at fault, not the answer
        raise Undecidable(f"{cause_of(error)}_gold") from error
    if target is None:
        return Judgement(UNDECIDED, UNREADABLE_GOLD)
    if form is not None:
        if read is not module.normal_form and form == module.normal_form(gold, problem):
            return Judgement(RIGHT)  # the gold answer as it is written
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
                return Judgement(*guarded(module.judge, answer, problem, seconds=SANDBOX_SECONDS))
            same = guarded(module.equivalent, problem["gold"], answer, problem)
        except Undecidable as error:
            return Judgement(UNDECIDED, error.cause)
        return Judgement(RIGHT if same else WRONG)

    if workers > 1 and any(hasattr(grader(known[p]["answer_type"]), "judge") for p, _ in pairs):
        with ThreadPoolExecutor(workers) as threads:
            return list(threads.map(one, pairs))
    return [one(pair) for pair in pairs]
