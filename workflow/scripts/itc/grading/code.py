"""Programs, judged by running them on tests: standard input and output, or a function's results.

``metadata`` holds ``tests`` (a list of ``{"input", "output"}`` or ``{"args", "output"}``),
``function`` (name, for the second kind), ``cpu_seconds`` per test, and ``room: livecodebench`` where
programs find the names and limits that LiveCodeBench gives them (``_room``). Outputs are compared as
LiveCodeBench does (https://github.com/LiveCodeBench/LiveCodeBench, MIT): line by line without
outer blanks, and token by token as exact decimals. Programs only run in the sandbox.
"""

from __future__ import annotations

import ast
import base64
import binascii
import json
import re
import textwrap
from decimal import Decimal, InvalidOperation
from typing import Any

from itc.grading._base import (
    BOXED,
    FALLBACK,
    NOTHING,
    RIGHT,
    TAG,
    UNDECIDED,
    WRONG,
    Extraction,
    Judgement,
    Problem,
    Undecidable,
)
from itc.grading._formats import tagged
from itc.grading._room import room, wants_absent
from itc.grading._runner import MISSING_MODULE

TITLE = "program"
LIVECODEBENCH = "livecodebench"
WORKER = False
CPU_SECONDS = 6.0
MAX_CODE = 100_000

# A fence of a block, indented or not, and at the end of a line of code where it closes.
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([A-Za-z0-9+_.-]*)[^\n`]*$", re.M)
_PYTHON = ("python", "python3", "py", "python2", "py3")
_LOOKS = re.compile(r"^(?:import |from |def |class |print\(|for |while |[a-z_]\w* = )", re.M)
TAIL = 200_000
MAX_FENCES = 2000


def extract(text: str, problem: Problem, fallback: bool = True) -> Extraction:
    """The last block named Python, else the last block without a language, else a bare program.

    A block may be indented, may be closed at the end of its last line, or be left open by the end
    of the text. Text before a single closing fence is a program if it parses.
    """
    tail = text[-TAIL:]
    named, unnamed = [], []
    blocks = _blocks(tail)
    for language, body in blocks:
        if body.strip() and language in _PYTHON:
            named.append(body)
        elif body.strip() and language == "":
            unnamed.append(body)
    programs = named or [body for body in unnamed if _parses(textwrap.dedent(body))] or unnamed
    if programs:
        return Extraction(_clean(programs[-1]), BOXED)
    given = tagged(tail)
    if given and _LOOKS.search(given[0]) and _parses(given[0]):
        return Extraction(_clean(given[0]), TAG)
    if fallback and not blocks and _LOOKS.search(tail):
        bare = re.sub(r"\n?[ \t]*(?:```|~~~)\s*$", "", tail)
        if "```" not in bare and "~~~" not in bare and _parses(bare):
            return Extraction(_clean(bare), FALLBACK)
    return NOTHING


def _blocks(text: str) -> list[tuple[str, str]]:
    """(language, body) of the fenced blocks of ``text``; the end of the text closes the last."""
    found = []
    opened: tuple[str, str, int] | None = None
    for fence in list(_FENCE.finditer(text))[-MAX_FENCES:]:
        sign, language = fence.group(1), fence.group(2).lower()
        if opened is None:
            opened = sign, language, fence.end() + 1
        elif sign[0] == opened[0][0] and len(sign) >= len(opened[0]) and not language:
            found.append((opened[1], text[opened[2] : fence.start()]))
            opened = None
        elif language in _PYTHON:  # a block that was closed at the end of a line of code
            found.append((opened[1], _closed_inside(text[opened[2] : fence.start()], opened[0])))
            opened = sign, language, fence.end() + 1
    if opened is not None:
        rest = text[opened[2] :]
        body = _closed_inside(rest, opened[0])
        if body.strip():
            found.append((opened[1], body))
    return found


def _closed_inside(body: str, sign: str) -> str:
    """``body`` up to a fence at the end of one of its lines."""
    at = body.find(sign)
    return body if at < 0 else body[:at]


def _clean(code: str) -> str:
    return textwrap.dedent(code).strip("\n").encode("utf-8", "replace").decode("utf-8")


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
        room=room(name, metadata.get("room") == LIVECODEBENCH),
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
    if ran.reports and ran.reports[-1].get("exit") == MISSING_MODULE and wants_absent(answer):
        return Judgement(UNDECIDED, "module")
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
