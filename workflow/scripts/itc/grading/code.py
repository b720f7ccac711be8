"""Programs, judged by running them on tests: standard input and output, or a function's results.

``metadata`` holds ``tests`` (a list of ``{"input", "output"}`` or ``{"args", "output"}``),
``function`` (name, for the second kind), ``cpu_seconds`` per test, and ``room: livecodebench``
where programs find the names and limits that LiveCodeBench gives them (``_room``). Outputs are
compared as LiveCodeBench does (https://github.com/LiveCodeBench/LiveCodeBench, MIT): line by line
without outer blanks, and token by token as exact decimals of ASCII digits.
Programs only run in the sandbox.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from decimal import Decimal
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
WORKER = False
METADATA = ("tests", "function", "cpu_seconds", "date", "room")
LIVECODEBENCH = "livecodebench"
CPU_SECONDS = 6.0
MAX_CODE = 100_000
# Limits of the tests, which may come from others: a day of CPU time is no program's task.
MOST_CPU_SECONDS, MOST_TESTS = 120.0, 1000
SPARE = 64 * 2**10  # bytes of output that are read beside eight times the expected ones

# A fence of a block, indented or not, and at the end of a line of code where it closes.
_FENCE = re.compile(r"^[ \t]*+(`{3,}+|~{3,}+)[ \t]*+([A-Za-z0-9+_.-]*+)[^\n`]*+$", re.M)
_PYTHON = ("python", "python3", "py", "python2", "py3")
# ASCII digits only: Decimal reads those of all scripts, and underscores between them.
_NUMBER = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
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
        bare = tail.rstrip()
        bare = bare.removesuffix("```").removesuffix("~~~")
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
    from itc.grading._bubblewrap import require

    require("programs that models wrote (answers of type 'code')")


def judge(answer: str, problem: Problem) -> Judgement:
    """Run the program on the tests; right when all pass, ``score`` the share that passed.

    A program that exceeds its CPU time or memory, or fails, is wrong: limits are part of the task.
    Undecided are a problem whose metadata hold no tests, a sandbox that did not report, and a
    machine too busy to give the program the CPU time it may use.
    """
    from itc.grading._sandbox import OUTPUT, Report, run

    found = _tests(problem["metadata"])
    if isinstance(found, str):
        return Judgement(UNDECIDED, found)
    tests, name, cpu_seconds = found
    if len(answer) > MAX_CODE:
        raise Undecidable("oversize")
    inputs: list[dict[str, Any]] = [
        {key: test[key] for key in ("input", "args") if key in test} for test in tests
    ]
    expected = [test["output"] for test in tests]
    lengths = [len(json.dumps(e) if name else str(e)) for e in expected]

    def accept(number: int, report: Report) -> bool:
        return report.output is not None and _same(report.output, expected[number], name)

    ran = run(
        answer,
        inputs,
        accept,
        name,
        cpu_seconds,
        # What is far longer than the right output is not read: UTF-8, blanks, decimals fit in.
        most=[min(OUTPUT, SPARE + 8 * length) for length in lengths],
        room=room(name, problem["metadata"].get("room") == LIVECODEBENCH),
    )
    if ran.accepted == len(tests):
        return Judgement(RIGHT, None, 1.0)
    if ran.stopped == "stalled" or (not ran.ended and ran.stopped is None):
        return Judgement(UNDECIDED, ran.stopped or "sandbox")
    if ran.exit == MISSING_MODULE and wants_absent(answer):
        return Judgement(UNDECIDED, "module")
    return Judgement(WRONG, None, ran.accepted / len(tests))


Tests = tuple[list[dict[str, Any]], str | None, float]


def _tests(metadata: dict[str, Any]) -> Tests | str:
    """Tests, function and CPU seconds of metadata, or the cause for which they cannot be used."""
    tests, name = metadata.get("tests") or [], metadata.get("function") or None
    seconds = metadata.get("cpu_seconds") or CPU_SECONDS
    if not tests:
        return "no_tests"
    key, kind = ("args", list) if name else ("input", str)
    fit = isinstance(tests, list) and all(
        isinstance(test, dict) and "output" in test and isinstance(test.get(key), kind)
        for test in tests
    )
    fit = fit and isinstance(name, str | None) and type(seconds) in (int, float)
    if not fit or not 0 < seconds <= MOST_CPU_SECONDS or len(tests) > MOST_TESTS:
        return "bad_tests"
    return tests, name, float(seconds)


def _same(data: bytes, expected: Any, name: str | None) -> bool:
    output = data.decode("utf-8", "replace")
    if name:
        try:
            return same_value(json.loads(output), expected)
        except (ValueError, RecursionError):
            return False
    return same_output(output, str(expected))


def same_value(a: Any, b: Any) -> bool:
    """Equality of two JSON values; a truth value is no number, whatever Python says."""
    pairs = [(a, b)]
    while pairs:
        a, b = pairs.pop()
        if isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            pairs.extend(zip(a, b, strict=True))
        elif isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            pairs.extend((a[key], b[key]) for key in a)
        elif isinstance(a, bool) != isinstance(b, bool) or a != b:
            return False
    return True


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
    return len(a) == len(b) and all(
        _NUMBER.fullmatch(x) and _NUMBER.fullmatch(y) and _same_number(x, y)
        for x, y in zip(a, b, strict=True)
    )


def _same_number(x: str, y: str) -> bool:
    try:
        return x == y or Decimal(x) == Decimal(y)
    except ArithmeticError:  # an exponent beyond what decimals have
        return False
