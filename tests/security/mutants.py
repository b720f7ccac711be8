"""Answers that no model wrote yet: mutations of real ones, and a small grammar of LaTeX."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

from .patterns import PIECES

STRANGE = (
    *("\0", "\ufeff", "\u200b", "\u202e", "\u0660", "\u0967", "\u00b2", "\u2460", "\u00bd"),
    *("\u2044", "\uff11", "\U0001d7d8", "\u0130", "\u00df", "\u1e9e", "\ufdfa", "e\u0301"),
    *("\U0010ffff", "\u2028", "1/0", "0/0", "5/\u0660", "1e999", "-0", "0.0/0", "1,0,0", "1/-0"),
    *("inf", "nan", "1_0", "0x1", "9" * 301, "(" * 60, "{" * 60, "9^9^9", "!" * 9),
    *("\\frac{1}{0}", "\\boxed{}", "\\boxed{\\boxed{1}}", "<think>", "</think>", "Answer: "),
    *("**Answer:** ", "(A)", "####", "```python\nprint(1)\n```"),
)
BUILT_IN = (
    r"The answer is \boxed{42}.", r"So \boxed{\frac{1}{2}} and \boxed{-3}", "#### 1,234", "B",
    r"<think>x</think> \boxed{\{1, 2\} \cup (3, \infty]}", "The answer is (C) because ...",
    r"Final Answer: The final answer is $2\sqrt{3}$. I hope it is correct.", "x = 5, y = -7/3",
    "Answer: 3.5 \\times 10^{-4}", "12 1/2 %", r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
    "```python\ndef f(x):\n    return x + 1\nprint(f(int(input())))\n```", "yes, the Eiffel Tower.",
    r"\text{east}", "30^\\circ", "1/2 + 11/18 = 10/9", "-1 < x \\le 5", "two thirds", "$12,000.50",
    "\u00bc", "5 + 3i", r"\log_2 8", "A. 3, B. 4", "(2, -1)", "10:30 am", "[1, 2)", "n!", "a and b",
)  # fmt: skip


def expression(chance: random.Random, depth: int = 4) -> str:
    """One expression of a small grammar of LaTeX."""
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(
            [
                "0",
                "1",
                "-7",
                "3.50",
                "1,000",
                "x",
                "\\pi",
                "\\infty",
                "n",
                str(chance.randrange(10**9)),
            ]
        )

    def part() -> str:
        return expression(chance, depth - 1)

    made: str = chance.choice(
        [
            lambda: f"{part()}+{part()}",
            lambda: f"{part()} - {part()}",
            lambda: f"{part()}/{part()}",
            lambda: f"\\frac{{{part()}}}{{{part()}}}",
            lambda: f"\\sqrt[{part()}]{{{part()}}}",
            lambda: f"({part()})^{{{part()}}}",
            lambda: f"\\left({part()}, {part()}\\right]",
            lambda: f"\\{{{part()}, {part()}\\}}",
            lambda: f"x = {part()}",
            lambda: f"{part()} \\le {part()}",
            lambda: f"\\text{{{part()}}}",
            lambda: f"\\sum_{{n={part()}}}^{{{part()}}} {part()}",
            lambda: f"\\binom{{{part()}}}{{{part()}}}",
            lambda: f"{part()}!",
            lambda: f"{part()}\\%",
            lambda: f"\\begin{{pmatrix}}{part()} & {part()}\\end{{pmatrix}}",
            lambda: f"|{part()}|",
        ]
    )()
    return made


@cache
def seeds() -> tuple[str, ...]:
    """Replies to start from: ours, the cases of the graders, recordings where RECORDINGS is set."""
    found = list(BUILT_IN)
    for path in sorted((Path(__file__).parents[1] / "unit/grading").rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found += [v for v in json.loads(line).values() if isinstance(v, str)]
    folder = os.environ.get("RECORDINGS")
    for path in sorted(Path(folder).glob("*.jsonl.gz")) if folder else []:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in islice(lines, 0, 4000, 40):
                row = json.loads(line)
                found += [
                    v[-2000:] for k, v in row.items() if isinstance(v, str) and k != "question"
                ]
    return tuple(found)


def mutant(chance: random.Random, start: tuple[str, ...]) -> str:
    """One text: a seed, or an expression, changed in one to six places."""
    text = expression(chance) if chance.random() < 0.3 else chance.choice(start)
    if chance.random() < 0.3:
        text = f"\\boxed{{{text}}}"
    for _ in range(chance.randint(1, 6)):
        a, b = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        piece = chance.choice(PIECES) if chance.random() < 0.6 else chance.choice(STRANGE)
        kind = chance.randrange(7)
        if kind == 0:
            text = text[:a] + text[b:]
        elif kind == 1:
            text = text[:a] + piece + text[a:]
        elif kind == 2:
            text = text[:a] + piece * chance.choice((2, 10, 400)) + text[a:]
        elif kind == 3:
            text = text[:b] + text[a:b] * chance.choice((1, 3)) + text[b:]
        elif kind == 4:
            text = text[:a] + chance.choice(start)[:300] + text[a:]
        elif kind == 5:
            text = (
                text[:a]
                + chr(chance.choice((chance.randrange(128), chance.randrange(0xD800))))
                + text[b:]
            )
        else:
            text = text[a:b] + text[:a] + text[b:]
        text = text[-20_000:]
    return text.encode("utf-8", "replace").decode("utf-8")


def mutants(count: int, seed: int) -> Iterator[str]:
    """``count`` texts, the same for the same ``seed`` and seeds."""
    chance, start = random.Random(seed), seeds()
    for _ in range(count):
        yield mutant(chance, start)
