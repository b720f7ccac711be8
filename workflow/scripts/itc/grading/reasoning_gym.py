"""Answers of reasoning-gym tasks, judged by the task's own scorer.

Scorers that are the package's string or decimal comparison are a line here, so most studies never
import the package. Any other scorer is code of others that may evaluate what it gets, so it only
runs in the sandbox. It compares with the entry as the task makes it, again, from its name, seed and
settings: a table holds nothing that a scorer would interpret.
"""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from itc.grading._base import (
    MAX_ANSWER,
    RIGHT,
    WRONG,
    Extraction,
    Judgement,
    Problem,
    Undecidable,
)
from itc.grading._extract import final_answer
from itc.grading.text import extract as extract_text

TITLE = "reasoning-gym task"
WORKER = True
SANDBOX = True  # its work is code of another package, which may evaluate answers
METADATA = ("task", "seed", "size", "index", "config", "entry_sha256")

_DRESS = re.compile(r"^\\(?:text|mathrm|textbf|mathbf)\s*\{(.*)\}$", re.DOTALL)
_PLAIN = re.compile(r"[-+]?[\d,]{0,200}\.?\d{1,200}")
# Tasks of reasoning-gym 0.1.25 whose scorer is ``ProceduralDataset.score_answer``, ...
AS_TEXT = frozenset(
    (
        "acre",
        "aiw",
        "arc_1d",
        "base_conversion",
        "basic_arithmetic",
        "bf",
        "binary_alternation",
        "caesar_cipher",
        "count_bits",
        "count_primes",
        "course_schedule",
        "gcd",
        "isomorphic_strings",
        "largest_island",
        "lcm",
        "leg_counting",
        "letter_counting",
        "list_functions",
        "mahjong_puzzle",
        "maze",
        "modulo_grid",
        "number_filtering",
        "number_sequence",
        "ransom_note",
        "rotate_matrix",
        "rotten_oranges",
        "simple_equations",
        "simple_geometry",
        "string_manipulation",
        "string_splitting",
        "string_synthesis",
        "syllogism",
        "word_sequence_reversal",
    )
)
# ... and those whose scorer is ``compute_decimal_reward``; a test compares both with the package.
AS_DECIMAL = frozenset(("chain_sum", "products"))
MAX_LENGTH = MAX_ANSWER


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """Last box, else phrase, else the last number (numeric gold) or the last line."""
    gold = str(problem.get("gold") or "")
    if _PLAIN.fullmatch(gold.strip()):
        found = final_answer(text, fallback, words=False)
        # "44 + 27 = 71" is a computation and its result
        side = (found.answer or "").rpartition("=")[2].strip(" $.")
        return Extraction(side, found.how) if _PLAIN.fullmatch(side) else found
    return extract_text(text, problem, fallback)


def normal_form(answer: str, problem: Problem) -> str | None:
    """The answer without LaTeX dress; plain numbers as the package's decimal scorer reads them."""
    form = _undress(answer)
    if _PLAIN.fullmatch(form):
        number = Decimal(form.replace(",", ""))
        return format(number.normalize() + 0, "f") if abs(number.adjusted()) < 300 else form
    return form or None


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both have the same normal form."""
    form = normal_form(a, problem)
    return form is not None and form == normal_form(b, problem)


def quick(a: str, b: str, problem: Problem) -> bool | None:
    """Equality of normal forms: the task's scorer knows golds only, so classes are by form."""
    return a == b


def plain(task: Any) -> bool:
    """Whether a task's scorer is one of the package's two comparisons, which are done here."""
    return isinstance(task, str) and (task in AS_TEXT or task in AS_DECIMAL)


def prepare(problems: list[Problem]) -> None:
    """Raise GradingError before anything runs where scorers of others cannot be contained."""
    from itc.grading._bubblewrap import require

    own = {
        str(problem["metadata"].get("task"))
        for problem in problems
        if problem["answer_type"] == "reasoning_gym" and not plain(problem["metadata"].get("task"))
    }
    if own:
        require(f"scorers of reasoning-gym tasks ({', '.join(sorted(own)[:5])})")


def judge_here(answer: str, problem: Problem) -> Judgement | None:
    """Judgement of the package's two plain scorers; None where the task has its own.

    Source: ``ProceduralDataset.score_answer`` and ``utils.compute_decimal_reward``, reasoning-gym
    0.1.25.
    """
    task = problem.get("metadata", {}).get("task")
    gold = str(problem.get("gold") or "")
    if not gold or not plain(task):
        return None
    given = _undress(answer)
    if task in AS_DECIMAL:
        given, gold = given.replace(",", ""), gold.replace(",", "")
        value = _decimal(given) if len(given) <= MAX_LENGTH else None
        if value is not None and value == _decimal(gold):
            return Judgement(RIGHT, None, 1.0)
    if given == gold:
        return Judgement(RIGHT, None, 1.0)
    return Judgement(WRONG, None, len(gold) / len(given) if gold in given else 0.0)


def _undress(answer: str) -> str:
    form = answer.strip().strip("$").strip()
    dressed = _DRESS.match(form)
    return dressed.group(1).strip() if dressed else form


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def warm_up() -> None:
    """Import the package once, before tasks are handed on to copies of the worker."""
    import reasoning_gym  # noqa: F401


@lru_cache(maxsize=8)
def _task(name: str, seed: int, size: int, settings: str) -> Any:
    import reasoning_gym

    return reasoning_gym.create_dataset(name, seed=seed, size=size, **json.loads(settings))


@lru_cache(maxsize=1024)
def _entry(name: str, seed: int, size: int, settings: str, index: int) -> Any:
    return _task(name, seed, size, settings)[index]


def digest(entry: dict[str, Any]) -> str:
    """Checksum of an entry's question and answer, which shows that it was made again alike."""
    text = json.dumps([entry["question"], entry["answer"]], default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def ready(problem: Problem) -> None:
    """Make the task and the entry of a problem, for all answers to it.

    Raises Undecidable: ``no_entry`` where the metadata name none or the task refuses them,
    ``other_entry`` where this version of the package makes another problem of them.
    """
    metadata = problem["metadata"]
    try:
        name, config = metadata["task"], json.dumps(metadata.get("config") or {}, sort_keys=True)
        numbers = [metadata[key] for key in ("seed", "size", "index")]
        if not isinstance(name, str) or any(type(number) is not int for number in numbers):
            raise TypeError("a task is a name, seed, size and index are whole numbers")
        seed, size, index = numbers
        entry = _entry(name, seed, size, config, index)
    except (KeyError, TypeError, ValueError, IndexError, AssertionError):
        raise Undecidable("no_entry") from None
    if digest(entry) != metadata.get("entry_sha256"):
        raise Undecidable("other_entry")


def judge(answer: str, problem: Problem) -> Judgement:
    """Judgement by the task's own scorer: right at a score of 1, the score kept in any case.

    Runs in the sandbox. Raises Undecidable: ``oversize``, those of ``ready``, and ``unsafe`` where
    the scorer evaluates the answer and it holds more than arithmetic on literals.
    """
    from itc.grading._evaluate import Guard

    given = _undress(answer)
    if len(given) > MAX_LENGTH:
        raise Undecidable("oversize")
    ready(problem)
    metadata = problem["metadata"]
    settings = json.dumps(metadata.get("config") or {}, sort_keys=True)
    which = metadata["task"], metadata["seed"], metadata["size"], settings
    with Guard() as guard:
        score = float(_task(*which).score_answer(given, _entry(*which, metadata["index"])))
    if guard.refused:
        raise Undecidable("unsafe")
    return Judgement(RIGHT if score >= 1.0 else WRONG, None, score)


def generate(request: Problem) -> dict[str, Any]:
    """Entries of a task: ``entries`` ([question, answer, checksum] each), or why not: ``error``.

    ``request`` has ``task``, ``seed``, ``size`` and ``config``. For the loader: the order of sets,
    which some tasks draw from, is fixed in a worker, so that entries can be made again.
    """
    settings = json.dumps(request["config"], sort_keys=True)
    try:
        items = _task(request["task"], request["seed"], request["size"], settings)
        made = [items[i] for i in range(len(items))]
    except (TypeError, ValueError, KeyError, AssertionError) as error:
        return {"error": repr(error)}
    return {"entries": [[item["question"], item["answer"], digest(item)] for item in made]}
