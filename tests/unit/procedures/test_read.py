"""Scores and choices as judges and selectors write them; what is none of either stays unread."""

import json
from pathlib import Path

import pandas as pd
import pytest
from itc.annotate import annotate
from itc.config.procedure import Settings
from itc.procedures import _read, aggregate

LINES = (Path(__file__).parent / "cases/judgements.jsonl").read_text("utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']} {case['reply'][:30]}")
def test_what_a_judgement_says(case):
    if case["kind"] == "score":
        found = _read.score(case["reply"], case["lowest"], case["highest"])
    else:
        found = _read.pick(case["reply"], case["count"])
    assert found == case["expected"], case["why"]


def responses(*texts, **columns):
    return pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "procedure": "judge",
            "problem_id": "p0",
            "draw": range(len(texts)),
            "round": 1,
            "response_id": [f"r{i}" for i in range(len(texts))],
            "text": texts,
            **columns,
        }
    )


PROBLEMS = pd.DataFrame(
    {"problem_id": ["p0"], "gold": ["8"], "answer_type": "math", "metadata": None}
)


def test_judgements_answer_no_problem():
    table = annotate(
        responses("Score: 8", "well"),
        PROBLEMS,
        Settings.of({"title": "j", "kind": "judge", "max_tokens": 8}),
        [],
    )
    assert table["score"].tolist()[0] == 8.0  # which is the gold answer, and not right for it
    assert table["verdict"].tolist() == ["undecided", "undecided"]
    assert table["cause"].tolist() == ["judgement", "no_score"]
    assert table["read"].tolist() == [True, False]
    assert table["answer"].isna().all()


def test_selections_tell_whether_they_name_a_response():
    rows = responses("Response: 1\n\n\\boxed{8}", "none of them", thinking_end=[13, 12])
    settings = Settings.of({"title": "s", "kind": "aggregate", "show": "select", "max_tokens": 8})
    assert annotate(rows, PROBLEMS, settings, [])["read"].tolist() == [True, False]
    assert (
        aggregate.was_read(
            rows.iloc[0], Settings.of({"title": "a", "kind": "aggregate", "max_tokens": 8})
        )
        is None
    )
