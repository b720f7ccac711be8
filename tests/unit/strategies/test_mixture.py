"""Answers of several models are one class by the grader's relation, right and wrong ones alike."""

import pandas as pd
import pytest
from itc.grading._common import COLUMN, with_common_classes
from itc.strategies._base import evaluate_strategy

PROBLEMS = pd.DataFrame(
    [{"problem_id": "p", "gold": "0.5", "answer_type": "math", "metadata": None}]
)


def draws(model, answers):
    """One problem; ``answers``: (text or None, class within the model, verdict)."""
    rows = [
        {
            "dataset": "d",
            "model": model,
            "procedure": "sample",
            "problem_id": "p",
            "draw": i,
            "round": 0,
            "answer": text,
            "answer_class": code,
            "verdict": verdict,
            "n_prompt_tokens": 5,
            "n_output_tokens": 10,
            "response_id": f"{model}-{i}",
        }
        for i, (text, code, verdict) in enumerate(answers)
    ]
    return pd.DataFrame(rows)


OUTCOMES = pd.concat(
    [
        draws("a", [("0.5", 0, "right"), ("2/6", 1, "wrong"), (r"\sqrt{8}", 2, "wrong")]),
        draws("b", [("1/3", 0, "wrong"), (r"2\sqrt{2}", 1, "wrong"), (None, -1, "wrong")]),
    ],
    ignore_index=True,
)


def test_wrong_answers_of_other_spelling_are_one_class_as_right_ones_are():
    common = with_common_classes(OUTCOMES, PROBLEMS)[COLUMN].tolist()
    right, third, root, third_too, root_too, none = common
    assert third == third_too and root == root_too and none == -1
    assert len({right, third, root}) == 3


def test_the_vote_over_models_counts_wrong_answers_together():
    graded = with_common_classes(OUTCOMES, PROBLEMS)
    vote = evaluate_strategy("mixed_majority", graded, [6]).set_index("budget")["correct"]
    # 1/3 and the root have two votes each, 1/2 has one: the vote is wrong
    assert vote[6] == 0.0
    apart = evaluate_strategy("mixed_majority", OUTCOMES, [6]).set_index("budget")["correct"]
    assert apart[6] == pytest.approx(1 / 5)  # by their texts alone all five are different
