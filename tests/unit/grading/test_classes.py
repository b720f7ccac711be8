import itertools

import pandas as pd
import pytest
from itc.grading._classes import answer_classes, classify
from itc.grading._grade import grade


def classes(table, gold, *answers, **columns):
    problems = table(gold)
    frame = grade(
        pd.DataFrame(
            {
                "problem_id": "p0",
                "text": [rf"\boxed{{{a}}}" if a else "?" for a in answers],
                "draw": range(len(answers)),
                **columns,
            }
        ),
        problems,
    )
    return frame, problems


def test_equivalent_answers_share_a_class_also_when_wrong(table):
    answers = [r"\frac{1}{2}", "0.5", "7", "x+1", "1+x", None, "1/2", "3"]
    frame, problems = classes(table, "3", *answers)
    assert list(answer_classes(frame, problems)) == [0, 0, 1, 2, 2, -1, 0, 3]


def test_right_answers_are_one_class_whatever_their_spelling(table):
    frame, problems = classes(table, r"2\sqrt{3}", r"2\sqrt{3}", r"\sqrt{12}", "4", r"2 \sqrt 3")
    assert list(frame["verdict"]) == ["right", "right", "wrong", "right"]
    assert list(answer_classes(frame, problems)) == [0, 0, 1, 0]


def test_classes_do_not_depend_on_the_order_of_rows(table):
    answers = ["1", "x", r"\frac{2}{4}", "0.5", "2x-x"]
    frame, problems = classes(table, "9", *answers)
    expected = answer_classes(frame, problems)
    for order in itertools.islice(itertools.permutations(range(5)), 0, 120, 17):
        shuffled = frame.iloc[list(order)]
        pd.testing.assert_series_equal(
            answer_classes(shuffled, problems).sort_index(), expected.sort_index()
        )


def test_an_inconsistent_relation_is_closed_and_reported(table):
    # x = 5 and y = 5 both pass for 5, but not for each other
    frame, problems = classes(table, "9", "x=5", "5", "y=5")
    found = classify(frame, problems)
    assert list(found.ids) == [0, 0, 0]
    assert found.violations["kind"].tolist() == ["transitivity"]


def test_problems_number_their_classes_apart(table):
    problems = table("1", "2")
    frame = grade(
        pd.DataFrame(
            {"problem_id": ["p0", "p1", "p1"], "text": ["3", "3", "2"], "draw": [0, 0, 1]}
        ),
        problems,
    )
    assert list(answer_classes(frame, problems)) == [0, 0, 1]


def test_a_vote_counts_answers_not_pairs_of_answer_and_verdict(table):
    # Peers split an answer whose verdicts differ: 4 votes for 7 then lose to 3 for 5.
    frame, problems = classes(table, "9", "7", "7.0", "7", r"\frac{14}{2}", "5", "5", "5")
    frame.loc[[0, 1], ["verdict", "cause"]] = ["undecided", "timeout"]
    assert answer_classes(frame, problems).value_counts().to_dict() == {0: 4, 1: 3}


@pytest.mark.parametrize("answer_type", ["choice", "number", "text"])
def test_other_answer_types_need_no_worker(table, answer_type, monkeypatch):
    from itc.grading import _grade

    monkeypatch.setattr(_grade, "shared", lambda workers: pytest.fail("a worker was asked for"))
    problems = table("A" if answer_type == "choice" else "1", answer_type=answer_type)
    frame = grade(
        pd.DataFrame({"problem_id": "p0", "text": [r"\boxed{A}", r"\boxed{B}", r"\boxed{A}"]}),
        problems,
    )
    ids = answer_classes(frame, problems)
    assert ids[0] == ids[2]


def test_plain_numbers_need_no_worker(table, monkeypatch):
    from itc.grading import _grade

    monkeypatch.setattr(_grade, "shared", lambda workers: pytest.fail("a worker was asked for"))
    frame, problems = classes(table, "042", "42", "43", "1,000", "1000", "n/a"[:0] or "0")
    assert list(frame["verdict"]) == ["right", "wrong", "wrong", "wrong", "wrong"]
    assert list(answer_classes(frame, problems)) == [0, 1, 2, 2, 3]
