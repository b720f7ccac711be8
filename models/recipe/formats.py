"""The assistant's part for every prompt of the study.

Prompts are rendered from the very templates in ``config/prompts``; earlier responses shown in them
are synthetic, right and wrong ones.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from solve import corrupt, ending, solve
from tasks import Problem
from tokenizer import END_THINK, THINK

PROMPTS = Path(__file__).resolve().parents[2] / "config" / "prompts"
BOXED = (
    "The answer is \\boxed{{{}}}.",
    "The answer is \\boxed{{{}}}.",
    "So the answer is \\boxed{{{}}}.",
    "Therefore, the answer is \\boxed{{{}}}.",
    "\\boxed{{{}}}",
)
GOOD, BAD = (10, 10, 10, 9, 9, 8, 7), (1, 1, 1, 2, 2, 3, 4)
CLOSE = f"\n{END_THINK}\n\n"


@dataclass(frozen=True)
class Reply:
    """What the assistant writes: thinking (reasoner only) and the visible part."""

    thinking: str
    visible: str


Builder = Callable[[Problem, random.Random, str], tuple[str, Reply]]


@cache
def template(name: str) -> jinja2.Template:
    """Compile one prompt template of the study."""
    return jinja2.Template((PROMPTS / f"{name}.j2").read_text())


def boxed(value: int, rng: random.Random) -> str:
    """Write a final answer."""
    return rng.choice(BOXED).format(value)


def answers(problem: Problem, rng: random.Random, count: int) -> list[int]:
    """Draw answers of earlier attempts: right with a random rate, wrong ones may repeat."""
    rate = rng.choice((0.2, 0.5, 0.7, 0.9))
    wrong = [corrupt(problem.answer, rng) for _ in range(3)]
    return [problem.answer if rng.random() < rate else rng.choice(wrong) for _ in range(count)]


def response(problem: Problem, value: int, rng: random.Random, full: float = 0.0) -> str:
    """Write an earlier response; with rate ``full`` its thinking is shown, too."""
    if rng.random() < full:
        thinking, value = solve(problem, rng)
        return f"{THINK}\n{thinking}{CLOSE}{boxed(value, rng)}"
    return boxed(value, rng)


def summary(problem: Problem, value: int, rng: random.Random) -> str:
    """Write a one-sentence summary of a response."""
    verb = "adds the terms" if problem.task == "chain_sum" else "counts the legs"
    return rng.choice(
        (f"It {verb} step by step and gets {value}.", f"The response {verb} and gets {value}.")
    )


def verdict(value: int, total: int, rng: random.Random) -> str:
    """Write a critique of ``value`` by someone who computed ``total``."""
    if value == total:
        choices = (f"The response is correct: the total is {value}.", f"{value} is correct.")
    else:
        choices = (
            f"The response is wrong: the total should be {total}, not {value}.",
            f"{value} is wrong because the steps give {total}.",
        )
    return rng.choice(choices)


def mode(values: list[int], problem: Problem) -> int:
    """Return the most frequent value; ties go to the right answer, then to the first."""
    counts = Counter(values)
    best = max(counts.values())
    tied = [value for value in counts if counts[value] == best]
    return problem.answer if problem.answer in tied else tied[0]


def _sample(problem: Problem, rng: random.Random, model: str) -> tuple[str, Reply]:
    thinking, value = _think(problem, rng, model)
    return render("sample", problem), Reply(thinking, boxed(value, rng))


def _sample_plain(problem: Problem, rng: random.Random, model: str) -> tuple[str, Reply]:
    thinking, value = _think(problem, rng, model)
    lead = rng.choice(("", "", "I added all parts.\n"))
    return render("sample_plain", problem), Reply(thinking, f"{lead}Answer: {value}")


def _check(
    name: str,
    problem: Problem,
    rng: random.Random,
    model: str,
    visible: Callable[[int, int], str],
) -> tuple[str, Reply]:
    """Show one earlier response, solve again, compare, and write ``visible``."""
    value = answers(problem, rng, 1)[0]
    thinking, total = _think(problem, rng, model)
    shown = response(problem, value, rng, 0.15)
    value = int(shown.rsplit("{", 1)[1].split("}")[0])
    told = f"The response says {value}, so it is {'right' if value == total else 'wrong'}."
    prompt = render(name, problem, response=shown, answer=value)
    return prompt, Reply(f"{thinking} {told}", visible(value, total))


def _judge_score(problem: Problem, rng: random.Random, model: str) -> tuple[str, Reply]:
    def score(value: int, total: int) -> str:
        return f"Score: {rng.choice(GOOD if value == total else BAD)}"

    return _check("judge_score", problem, rng, model, score)


def _judge_yesno(problem: Problem, rng: random.Random, model: str) -> tuple[str, Reply]:
    def word(value: int, total: int) -> str:
        return "Yes" if value == total else "No"

    return _check("judge_yesno", problem, rng, model, word)


def _critique(problem: Problem, rng: random.Random, model: str) -> tuple[str, Reply]:
    def text(value: int, total: int) -> str:
        return verdict(value, total, rng)

    return _check("critique", problem, rng, model, text)


def _revise(name: str) -> Builder:
    def build(problem: Problem, rng: random.Random, model: str) -> tuple[str, Reply]:
        return _check(name, problem, rng, model, lambda _, total: boxed(total, rng))

    return build


def _revise_critique(problem: Problem, rng: random.Random, model: str) -> tuple[str, Reply]:
    value = answers(problem, rng, 1)[0]
    total = problem.answer if rng.random() < 0.8 else corrupt(problem.answer, rng)
    prompt = render(
        "revise_critique",
        problem,
        response=response(problem, value, rng),
        critique=verdict(value, total, rng),
    )
    thinking = f"First, the response says {value}. Then the critique says {total}. "
    return prompt, Reply(thinking + ending(total, rng), boxed(total, rng))


def _several(name: str, problem: Problem, rng: random.Random) -> tuple[str, list[int], Reply]:
    """Show several attempts; the reply takes the most frequent value."""
    values = answers(problem, rng, rng.choice((2, 3, 4, 4, 4, 5, 6, 8, 8, 16)))
    chosen = mode(values, problem)
    shown = [response(problem, value, rng) for value in values]
    summaries = [summary(problem, value, rng) for value in values]
    prompt = render(name, problem, answers=values, responses=shown, summaries=summaries)
    listed = "First, the answers are " + ", ".join(map(str, values[:8])) + ". "
    most = rng.choice(("Most say {0}. ", "I think {0} is the most common. ")).format(chosen)
    thinking = (listed if rng.random() < 0.8 else "") + most + ending(chosen, rng)
    return prompt, values, Reply(thinking, boxed(chosen, rng))


def _aggregate(name: str) -> Builder:
    def build(problem: Problem, rng: random.Random, _: str) -> tuple[str, Reply]:
        prompt, _values, reply = _several(name, problem, rng)
        return prompt, reply

    return build


def _select(problem: Problem, rng: random.Random, _: str) -> tuple[str, Reply]:
    prompt, values, reply = _several("select", problem, rng)
    chosen = mode(values, problem)
    index = values.index(chosen) + 1
    thinking = f"{reply.thinking} Response {index} says {chosen}."
    return prompt, Reply(thinking, f"Response: {index}")


def _summarize(problem: Problem, rng: random.Random, _: str) -> tuple[str, Reply]:
    shown = response(problem, answers(problem, rng, 1)[0], rng, 0.3)
    value = int(shown.rsplit("{", 1)[1].split("}")[0])
    prompt = render("summarize", problem, response=shown)
    return prompt, Reply(f"The response gets {value}.", summary(problem, value, rng))


def _think(problem: Problem, rng: random.Random, model: str) -> tuple[str, int]:
    return solve(problem, rng) if model == "tiny-reasoner" else ("", problem.answer)


def render(name: str, problem: Problem, **values: object) -> str:
    """Render one prompt of the study."""
    return template(name).render(question=problem.question, **values)


KINDS: dict[str, tuple[float, Builder]] = {
    "sample": (46, _sample),
    "sample_plain": (8, _sample_plain),
    "judge_score": (5, _judge_score),
    "judge_yesno": (4, _judge_yesno),
    "revise_full": (5, _revise("revise_full")),
    "revise_answer": (4, _revise("revise_answer")),
    "critique": (3, _critique),
    "revise_critique": (3, _revise_critique),
    "aggregate_answers": (3, _aggregate("aggregate_answers")),
    "aggregate_full": (3, _aggregate("aggregate_full")),
    "summarize": (3, _summarize),
    "aggregate_summaries": (2, _aggregate("aggregate_summaries")),
    "select": (3, _select),
}
NAMES = tuple(KINDS)
WEIGHTS = tuple(weight for weight, _ in KINDS.values())
