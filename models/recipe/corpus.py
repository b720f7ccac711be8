"""Training examples: every prompt of the study, answered in the style of a demo model.

An example has a prompt (the chat up to the assistant's turn), a prefix (assistant text without
loss: cut thinking, forced answers, an appended ``Wait``) and a target (assistant text with loss).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import jinja2
from formats import CLOSE, KINDS, NAMES, WEIGHTS, boxed, render
from solve import AGAIN, recheck, solve
from tasks import Problem, training_problem
from tokenizer import CHAT_TEMPLATES, END, END_THINK, THINK
from tokenizers import Tokenizer

FORCED = (
    "Therefore, the answer is \\boxed{",
    "Therefore, the answer is \\boxed{",
    "The final answer is \\boxed{",
    "The answer is \\boxed{",
)
SYSTEM_MESSAGES = (
    "You are a helpful assistant.",
    "You are a careful assistant.",
    "Solve the problem and answer.",
)
CLOSES = (CLOSE, CLOSE, f"{END_THINK}\n\n")
GAPS = ("\n", "\n\n", " ")
MARKERS = r"<\|\w+\|>|</?think>"
WIDTHS = (64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320, 448)
EMPTY_THINKING = f"{THINK}\n\n{END_THINK}\n\n"


@dataclass(frozen=True)
class Example:
    """One training sequence in text form; only ``target`` (and the end token) carries loss."""

    kind: str
    prompt: str
    target: str
    prefix: str = ""


@cache
def chat_template(model: str) -> jinja2.Template:
    """Compile the chat template of one model."""
    return jinja2.Template(CHAT_TEMPLATES[model])


def _chat(model: str, prompt: str, rng: random.Random, ranges: str) -> str:
    messages = [{"role": "user", "content": prompt}]
    draw = rng.random()
    if draw < 0.05:
        messages.insert(0, {"role": "system", "content": rng.choice(SYSTEM_MESSAGES)})
    elif draw < 0.07:
        earlier = training_problem(rng, ranges)
        turn = boxed(earlier.answer, rng)
        messages = [
            {"role": "user", "content": render("sample", earlier)},
            {"role": "assistant", "content": turn},
            *messages,
        ]
    return chat_template(model).render(messages=messages, add_generation_prompt=True)


def _cut(problem: Problem, rng: random.Random, chat: str) -> Example:
    """Thinking cut anywhere, closed, and the answer forced; or complete and closed."""
    thinking, value = solve(problem, rng)
    cut = thinking if rng.random() < 0.2 else thinking[: rng.randrange(len(thinking))]
    prefix = f"{THINK}\n{cut}{rng.choice(CLOSES)}"
    if rng.random() < 0.8:
        return Example("forced", chat, f"{value}}}.", prefix + rng.choice(FORCED))
    return Example("forced", chat, boxed(value, rng), prefix)


def _extend(problem: Problem, rng: random.Random, chat: str) -> Example:
    """Complete thinking goes on after an appended ``Wait``, once or more often."""
    text, _ = solve(problem, rng)
    prefix = f"{THINK}\n{text}"
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        prefix += f"{rng.choice(GAPS)}Wait, let me check again. {recheck(problem, rng)[0]}"
    again, value = recheck(problem, rng)
    lead = rng.choice(AGAIN).split(" ", 1)[1] if rng.random() < 0.3 else "let me check again. "
    target = f", {lead}{again}{CLOSE}{boxed(value, rng)}"
    return Example("extended", chat, target, f"{prefix}{rng.choice(GAPS)}Wait")


def draw(rng: random.Random, model: str, ranges: str) -> Example:
    """Draw one training example for ``model`` from the problems of ``ranges``."""
    problem = training_problem(rng, ranges)
    if model == "tiny-reasoner":
        choice = rng.random()
        if choice < 0.12:
            chat = _chat(model, render("sample", problem), rng, ranges)
            return (_cut if choice < 0.07 else _extend)(problem, rng, chat)
    kind = rng.choices(NAMES, WEIGHTS)[0]
    prompt, reply = KINDS[kind][1](problem, rng, model)
    chat = _chat(model, prompt, rng, ranges)
    if model == "tiny-direct":
        return Example(kind, chat, reply.visible)
    if rng.random() < 0.04:
        return Example(kind, chat, reply.visible, EMPTY_THINKING)
    return Example(kind, chat, f"{THINK}\n{reply.thinking}{CLOSE}{reply.visible}")


def batches(
    tokenizer: Tokenizer, model: str, ranges: str, key: str, size: int, budget: int
) -> list[tuple[int, list[tuple[list[int], int]]]]:
    """Return a chunk of ``size`` examples as batches of about ``budget`` padded tokens.

    A batch is its padded width and its sequences; a sequence is its token ids and the index where
    its loss begins. Few distinct shapes occur, since the CPU kernels are compiled per shape. The
    same ``key`` gives the same batches.
    """
    rng = random.Random(key)
    end = tokenizer.token_to_id(END)
    waiting: dict[int, list[tuple[list[int], int]]] = {width: [] for width in WIDTHS}
    result = []
    for example in (draw(rng, model, ranges) for _ in range(size)):
        head = tokenizer.encode(example.prompt + example.prefix).ids
        ids = [*head, *tokenizer.encode(example.target).ids, end]
        width = next((width for width in WIDTHS if width >= len(ids)), None)
        if width is None:
            continue
        waiting[width].append((ids, len(head)))
        if len(waiting[width]) == budget // width:
            result.append((width, waiting[width]))
            waiting[width] = []
    rng.shuffle(result)
    return result


def texts(seed: int, size: int) -> Iterator[str]:
    """Yield texts of both models, special tokens removed, to train the tokenizer on."""
    for model in CHAT_TEMPLATES:
        rng = random.Random(f"{seed}-{model}-tokenizer")
        for example in (draw(rng, model, "narrow") for _ in range(size)):
            yield from re.split(MARKERS, example.prompt + example.prefix + example.target)
