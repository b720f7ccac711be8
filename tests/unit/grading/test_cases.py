"""Replies and the verdicts they must get, answers and the classes they must fall into.

``cases/*.jsonl`` hold one case a line. ``expected`` is a verdict, or several that are all honest,
joined by ``|``; ``expected_classes`` are positions of ``answers`` that share a class. A case passes
through what an import does with its text, so thinking delimiters of a model's entry count.
"""

import json
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest
from itc.archive._rows import response_row
from itc.datasets._shape import programs
from itc.datasets.reasoning_gym import load
from itc.grading import _bubblewrap
from itc.grading._classes import classify
from itc.grading._grade import grade

HOME = Path(__file__).parent / "cases"
CASES = [
    json.loads(line) | {"file": path.stem}
    for path in sorted(HOME.glob("*.jsonl"))
    for line in path.read_text("utf-8").splitlines()
]
VERDICTS = [case for case in CASES if "reply" in case]
CLASSES = [case for case in CASES if "answers" in case]
SANDBOXED = ("code", "reasoning_gym")


def metadata(case):
    """Gold and metadata as the loaders make them."""
    given = dict(case.get("metadata") or {})
    if case.get("choices"):
        given["choices"] = case["choices"]
    if case["answer_type"] == "code":
        return case["gold"], program(given)
    if case["answer_type"] == "reasoning_gym":
        level = {"difficulty": 1, "size": 8, "config": given.get("config") or {}}
        spec = {"title": "cases", "task": given["task"], "seed": given["seed"], "levels": [level]}
        made = load(spec, Path("."))
        assert made["gold"][given["index"]] == case["gold"]
        return case["gold"], json.loads(made["metadata"][given["index"]])
    return case["gold"], given


def program(given):
    name = given.get("function")
    tests = [
        {"input": "\n".join(map(json.dumps, t["args"])), "output": json.dumps(t["output"])}
        if name
        else {"input": t["input"], "output": t["output"]}
        for t in given["tests"]
    ]
    record = {
        "question": "?",
        "starter_code": "",
        "metadata": json.dumps({"func_name": name} if name else {}),
        "public_test_cases": json.dumps(tests),
        "private_test_cases": "",
        "contest_date": "",
    }
    spec = {"tests": "livecodebench", "cpu_seconds": given.get("cpu_seconds", 6)}
    return json.loads(programs(pd.DataFrame([record]), spec, "cases")["metadata"].iloc[0])


def graded(cases):
    """Table of the cases' rows, graded; one row per reply or answer."""
    problems, rows = [], []
    for case in cases:
        gold, about = metadata(case)
        name = f"{case['file']}:{case['id']}"
        problems.append(
            {
                "problem_id": name,
                "question": "?",
                "gold": gold,
                "answer_type": case["answer_type"],
                "metadata": json.dumps(about, sort_keys=True),
            }
        )
        texts = [rf"\boxed{{{answer}}}" for answer in case.get("answers", [])] or [case["reply"]]
        model = {"name": "cases", "thinking": case.get("thinking")}
        for draw, text in enumerate(texts):
            row = {"dataset": "cases", "model": "cases", "problem_id": name, "sample_index": draw}
            grade_of = {name: case[name] for name in ("correct", "grader") if name in case}
            made = response_row(row | {"response_text": text} | grade_of, "cases", model)
            rows.append(made | {"finish_reason": "stop"})
    known = pd.DataFrame(problems).astype(object)
    known = known.where(known.notna(), None)
    return grade(pd.DataFrame(rows), known), known


def of_type(cases):
    groups = defaultdict(list)
    for case in cases:
        groups[case["answer_type"]].append(case)
    return sorted(groups.items())


@pytest.mark.parametrize(("answer_type", "cases"), of_type(VERDICTS), ids=lambda v: str(v)[:14])
def test_verdicts(answer_type, cases):
    if answer_type in SANDBOXED and _bubblewrap.available() is not None:
        pytest.skip(f"{answer_type} needs bubblewrap, which does not work here")
    found, _ = graded(cases)
    wrong = [
        f"{case['file']}:{case['id']} {case['why']}: {row.verdict}/{row.cause} from "
        f"{row.answer!r} ({row.answer_how}), expected {case['expected']}"
        for case, row in zip(cases, found.itertuples(), strict=True)
        if row.verdict not in case["expected"].split("|")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("answer_type", "cases"), of_type(CLASSES), ids=lambda v: str(v)[:14])
def test_classes(answer_type, cases):
    found, known = graded(cases)
    ids = classify(found, known).ids
    for case in cases:
        name = f"{case['file']}:{case['id']}"
        groups = defaultdict(list)
        for place, number in enumerate(ids[found["problem_id"] == name]):
            groups[number].append(place)
        wanted = sorted(sorted(group) for group in case["expected_classes"])
        assert sorted(groups.values()) == wanted, (name, case["why"])


def test_every_kind_of_the_suite_has_cases_in_both_directions():
    kinds = defaultdict(list)
    for case in VERDICTS:
        if case["file"] != "grading":
            kinds[case["kind"]].append(case["expected"])
    for kind, expected in kinds.items():
        assert len(expected) >= 15, kind
        assert {"right"} < set(expected), kind
