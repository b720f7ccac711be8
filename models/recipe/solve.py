"""Synthetic step-by-step thinking in short English sentences, with hedges, errors and repairs."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tasks import Problem

HEDGES = ("maybe ", "perhaps ", "I think ", "probably ", "it might be ")
DOUBTS = (". Hmm, I think that might be right", ". Perhaps that is right", ". Hmm, maybe")
REPAIRS = (
    ". Wait, let me check, ",
    ". Hmm, actually ",
    ". Wait, actually ",
    ". Hmm, let me check, ",
)
CHECKS = (". Let me check, ", ". Wait, let me check, ", ". Alternatively, ")
OPENINGS = {
    "chain_sum": ("", "", "Let me think. ", "Let me add the terms. ", "Okay, let me see. "),
    "leg_counting": ("", "", "Let me think. ", "Let me count the legs. ", "Okay, let me see. "),
}
NEXT = ("Next, ", "Then ", "Next, ", "Then ", "So then ")
ENDINGS = (
    "Therefore, the answer is {}.",
    "So the answer is {}.",
    "Finally, the total is {}.",
    "So the total is {} because all parts are added.",
)
AGAIN = ("Wait, let me check again. ", "Hmm, let me check. ", "Alternatively, let me add again. ")


@dataclass(frozen=True)
class Noise:
    """Rates per equation: uncorrected error, corrected error, needless check, needless hedge."""

    wrong: float = 0.07
    repaired: float = 0.06
    check: float = 0.02
    hedge: float = 0.03
    recheck_wrong: float = 0.25
    recheck_right: float = 0.06


QUIET = Noise(0.01, 0.01, 0.01, 0.01, 0.0, 0.0)


def corrupt(value: int, rng: random.Random) -> int:
    """Return a plausible wrong value near ``value``."""
    return value + rng.choice((1, -1, 1, -1, 2, -2, 10, -10))


def _places(value: int) -> list[int]:
    """Split a number by decimal places: 126 -> [100, 20, 6], -38 -> [-30, -8]."""
    sign = -1 if value < 0 else 1
    digits = str(abs(value))
    parts = [sign * int(d) * 10 ** (len(digits) - 1 - i) for i, d in enumerate(digits)]
    return [part for part in parts if part] or [0]


class _Writer:
    """Writes equations one by one and carries the running value, errors included."""

    def __init__(self, rng: random.Random, noise: Noise):
        self.rng = rng
        self.noise = noise

    def equation(self, left: str, value: int, hard: bool) -> tuple[str, int]:
        """Write ``left=value``, perhaps with an error; return the text and the value kept."""
        rng, noise = self.rng, self.noise
        scale = 1.8 if hard else 0.6
        draw = rng.random()
        right = f"{left}={value}"
        if draw < noise.wrong * scale:
            kept = corrupt(value, rng)
            hedge = rng.choice(HEDGES) if rng.random() < 0.8 else ""
            doubt = rng.choice(DOUBTS) if rng.random() < 0.5 else ""
            return f"{hedge}{left}={kept}{doubt}", kept
        draw -= noise.wrong * scale
        if draw < noise.repaired * scale:
            hedge = rng.choice(HEDGES) if rng.random() < 0.4 else ""
            bad = f"{hedge}{left}={corrupt(value, rng)}"
            return bad + rng.choice(REPAIRS) + right, value
        draw = rng.random()
        if draw < noise.check:
            return right + rng.choice(CHECKS) + right, value
        if draw < noise.check + noise.hedge:
            return rng.choice(HEDGES) + right, value
        return right, value

    def add(self, total: int, term: int) -> tuple[list[str], int]:
        """Add ``term`` to ``total`` place by place."""
        clauses = []
        for part in _places(term):
            value = total + part
            carry = len(str(abs(value))) != len(str(abs(total))) or (
                abs(part) < 10 and value // 10 != total // 10
            )
            text, total = self.equation(f"{total}{part:+d}", value, carry)
            clauses.append(text)
        return clauses, total


def _work(problem: Problem, writer: _Writer) -> tuple[list[str], int]:
    """Write one sentence per operand; return the sentences and the resulting total."""
    sentences, total = [], 0
    for index, operand in enumerate(problem.operands):
        start = "First, " if index == 0 else writer.rng.choice(NEXT)
        if problem.task == "chain_sum":
            head, term, clauses = f"{operand}", operand, []
        else:
            count, name, legs = operand
            head = f"{count} {name}"
            text, term = writer.equation(f"{count}*{legs}", count * legs, legs > 4)
            clauses = [text]
        if index == 0:
            total = term
        else:
            added, total = writer.add(total, term)
            clauses += added
        body = f"{head}: {', '.join(clauses)}" if clauses else head
        sentences.append(f"{start}{body}.")
    return sentences, total


def ending(value: int, rng: random.Random) -> str:
    """Return the sentence that closes a chain of thought."""
    return rng.choice(ENDINGS).format(value)


def solve(problem: Problem, rng: random.Random, noise: Noise | None = None) -> tuple[str, int]:
    """Write a chain of thought; return its text and the value that it ends with."""
    noise = noise or Noise()
    sentences, total = _work(problem, _Writer(rng, noise))
    text = rng.choice(OPENINGS[problem.task]) + " ".join([*sentences, ending(total, rng)])
    rate = noise.recheck_right if total == problem.answer else noise.recheck_wrong
    if rng.random() < rate:
        again, total = recheck(problem, rng)
        text = f"{text} {rng.choice(AGAIN)}{again}"
    return text, total


def recheck(problem: Problem, rng: random.Random) -> tuple[str, int]:
    """Write a second, calmer pass over the problem; return its text and its value."""
    sentences, total = _work(problem, _Writer(rng, QUIET))
    return " ".join([*sentences, ending(total, rng)]), total
