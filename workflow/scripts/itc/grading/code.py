"""Programs, judged by running them on tests: standard input and output, or a function's results.

``metadata`` holds ``tests`` (a list of ``{"input", "output"}`` or ``{"args", "output"}``),
``function`` (name, for the second kind) and ``cpu_seconds`` per test. Outputs are compared as
LiveCodeBench does (https://github.com/LiveCodeBench/LiveCodeBench, MIT): line by line without
outer blanks, and token by token as exact decimals. Programs only run in the sandbox.
"""

from __future__ import annotations

import ast
import base64
import binascii
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from itc.grading._base import (
    FALLBACK,
    NOTHING,
    RIGHT,
    UNDECIDED,
    WRONG,
    Extraction,
    Judgement,
    Problem,
    Undecidable,
)

TITLE = "program"
WORKER = False
CPU_SECONDS = 6.0
MAX_CODE = 100_000

# Nothing taken is given back, so a line is looked at once.
_FENCE = re.compile(r"^[ \t]*+```[ \t]*+([A-Za-z0-9+_-]*+)[^\n]*+\n(.*?)^[ \t]*+```", re.M | re.S)
_LOOKS = re.compile(r"^(?:import |from |def |class |print\(|for |while |[a-z_]\w* = )", re.M)
TAIL = 200_000


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """The last fenced block of Python (or of no stated language), else the whole bare program."""
    tail = text[-TAIL:]
    blocks = [
        body
        for language, body in _FENCE.findall(tail)
        if language.lower() in ("", "python", "python3", "py") and body.strip()
    ]
    if blocks:
        return Extraction(_clean(blocks[-1]), "boxed")
    if fallback and "```" not in tail and _LOOKS.search(tail) and _parses(tail):
        return Extraction(_clean(tail), FALLBACK)
    return NOTHING


def _clean(code: str) -> str:
    return code.strip("\n").encode("utf-8", "replace").decode("utf-8")


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def normal_form(answer: str, problem: Problem) -> str | None:
    """The program without trailing blanks and empty lines: programs are not compared further."""
    lines = (line.rstrip() for line in answer.splitlines())
    return "\n".join(line for line in lines if line) or None


def equivalent(a: str, b: str, problem: Problem) -> bool:
    """Whether both are the same program text."""
    form = normal_form(a, problem)
    return form is not None and form == normal_form(b, problem)


def prepare(problems: list[Problem]) -> None:
    """Raise GradingError before anything runs where programs cannot be contained."""
    from itc.grading._sandbox import require

    require(any(problem["metadata"].get("sandbox") == "none" for problem in problems))


def judge(answer: str, problem: Problem) -> Judgement:
    """Run the program on the tests; right when all pass, ``score`` the share that passed.

    A program that exceeds its CPU time or memory, or fails, is wrong: limits are part of the task.
    Undecided are a problem without tests and a sandbox that did not report.
    """
    from itc.grading._sandbox import run

    metadata = problem["metadata"]
    tests = metadata.get("tests") or []
    if not tests:
        return Judgement(UNDECIDED, "no_tests")
    if len(answer) > MAX_CODE:
        raise Undecidable("oversize")
    name = metadata.get("function")
    inputs = [{key: test[key] for key in ("input", "args") if key in test} for test in tests]
    ran = run(
        answer,
        inputs,
        name,
        float(metadata.get("cpu_seconds") or CPU_SECONDS),
        unsandboxed=metadata.get("sandbox") == "none",
    )
    passed = 0
    for test, report in zip(tests, ran.reports, strict=False):
        if report.get("exit") != 0 or not _same(report.get("output"), test["output"], name):
            break
        passed += 1
    score = passed / len(tests)
    if passed == len(tests):
        return Judgement(RIGHT, None, 1.0)
    if not ran.reports and ran.stopped is None:
        return Judgement(UNDECIDED, "sandbox")
    return Judgement(WRONG, None, score)


def _same(encoded: Any, expected: Any, name: str | None) -> bool:
    try:
        output = base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, TypeError, ValueError):
        return False
    if name:
        try:
            return bool(json.loads(output) == expected)
        except ValueError:
            return False
    return same_output(output, str(expected))


def same_output(output: str, expected: str) -> bool:
    """Equal line by line without outer blanks; lines of numbers by value, token by token."""
    given = [line.strip() for line in output.strip().splitlines()]
    wanted = [line.strip() for line in expected.strip().splitlines()]
    if len(given) != len(wanted):
        return False
    return all(
        a == b or _same_tokens(a.split(), b.split()) for a, b in zip(given, wanted, strict=True)
    )


def _same_tokens(a: list[str], b: list[str]) -> bool:
    if len(a) != len(b):
        return False
    try:
        return all(Decimal(x) == Decimal(y) for x, y in zip(a, b, strict=True))
    except InvalidOperation:
        return False
