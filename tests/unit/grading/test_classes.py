import itertools

import pandas as pd
import pytest
from itc.grading._classes import classify
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
    assert list(classify(frame, problems).ids) == [0, 0, 1, 2, 2, -1, 0, 3]


def test_a_percentage_is_the_number_that_it_means(table):
    frame, problems = classes(table, "3", r"12.5\%", "0.125", "7", "1/8")
    assert list(classify(frame, problems).ids) == [0, 0, 1, 0]


def test_right_answers_are_one_class_whatever_their_spelling(table):
    frame, problems = classes(table, r"2\sqrt{3}", r"2\sqrt{3}", r"\sqrt{12}", "4", r"2 \sqrt 3")
    assert list(frame["verdict"]) == ["right", "right", "wrong", "right"]
    assert list(classify(frame, problems).ids) == [0, 0, 1, 0]


def test_classes_do_not_depend_on_the_order_of_rows(table):
    answers = ["1", "x", r"\frac{2}{4}", "0.5", "2x-x"]
    frame, problems = classes(table, "9", *answers)
    expected = classify(frame, problems).ids
    for order in itertools.islice(itertools.permutations(range(5)), 0, 120, 17):
        shuffled = frame.iloc[list(order)]
        pd.testing.assert_series_equal(
            classify(shuffled, problems).ids.sort_index(), expected.sort_index()
        )


def violations(frame, problems):
    found = classify(frame, problems)
    return found, {(kind, *sorted(pair)) for _, kind, *pair in found.violations.to_numpy()}


def test_an_inconsistent_relation_is_closed_and_reported(table):
    # x = 5 and y = 5 both pass for 5, but not for each other
    frame, problems = classes(table, "9", "x=5", "5", "y=5", "7")
    found, pairs = violations(frame, problems)
    assert list(found.ids) == [0, 0, 0, 1]
    assert pairs == {("transitivity", "x=5", "y=5")}
    assert list(found.conflict) == [True, False, True, False]


def test_right_answers_that_differ_from_each_other_are_reported(table):
    frame, problems = classes(table, "5", "x=5", "y=5", "5", "7")
    assert list(frame["verdict"]) == ["right", "right", "right", "wrong"]
    found, pairs = violations(frame, problems)
    assert list(found.ids) == [0, 0, 0, 1]
    assert pairs == {("transitivity", "x=5", "y=5")}


def test_a_wrong_answer_that_equals_a_right_one_is_reported_and_stays_wrong(table):
    frame, problems = classes(table, "x=5", "5", "y=5", "x=5")
    assert list(frame["verdict"]) == ["right", "wrong", "right"]
    found, pairs = violations(frame, problems)
    assert list(found.ids) == [0, 1, 0]
    assert ("transitivity", "5", "y=5") in pairs


def test_a_relation_that_holds_in_one_direction_only_is_reported(table, monkeypatch):
    from itc.grading import _relation
    from itc.grading._pool import Result

    def one_way(tasks, workers, cache):
        return [Result(task.args[0] < task.args[1]) for task in tasks]

    frame, problems = classes(table, "9", "x+y", "y^2", "7")
    monkeypatch.setattr(_relation, "_clearly_different", lambda pairs, *_: pairs)
    monkeypatch.setattr(_relation, "solve", one_way)
    found, pairs = violations(frame, problems)
    assert ("symmetry", "x+y", "y^2") in pairs
    assert list(found.ids) == [0, 1, 2]  # a link needs both directions


def test_a_pair_that_nothing_decides_is_no_violation(table):
    frame, problems = classes(table, "9", r"9^{9^{9}}", r"\frac{x}{", "7")
    found, pairs = violations(frame, problems)
    assert not pairs
    assert found.ids.nunique() == 3


def test_different_right_answers_of_a_scoring_grader_are_no_violation(table):
    # code is judged by tests: two right programs need not be the same text
    problems = table(None, answer_type="code", metadata='{"tests": []}')
    frame = pd.DataFrame(
        {
            "problem_id": "p0",
            "answer": ["print(1)", "print( 1 )", "print(2)"],
            "normal_form": ["print(1)", "print( 1 )", "print(2)"],
            "verdict": ["right", "right", "wrong"],
        }
    )
    found, pairs = violations(frame, problems)
    assert list(found.ids) == [0, 0, 1]
    assert not pairs


def test_problems_number_their_classes_apart(table):
    problems = table("1", "2")
    frame = grade(
        pd.DataFrame(
            {"problem_id": ["p0", "p1", "p1"], "text": ["3", "3", "2"], "draw": [0, 0, 1]}
        ),
        problems,
    )
    assert list(classify(frame, problems).ids) == [0, 0, 1]


def test_a_vote_counts_answers_not_pairs_of_answer_and_verdict(table):
    # Peers split an answer whose verdicts differ: 4 votes for 7 then lose to 3 for 5.
    frame, problems = classes(table, "9", "7", "7.0", "7", r"\frac{14}{2}", "5", "5", "5")
    frame.loc[[0, 1], ["verdict", "cause"]] = ["undecided", "timeout"]
    assert classify(frame, problems).ids.value_counts().to_dict() == {0: 4, 1: 3}


@pytest.mark.parametrize("answer_type", ["choice", "number", "text"])
def test_other_answer_types_need_no_worker(table, answer_type, monkeypatch):
    from itc.grading import _grade

    monkeypatch.setattr(_grade, "shared", lambda workers: pytest.fail("a worker was asked for"))
    problems = table("A" if answer_type == "choice" else "1", answer_type=answer_type)
    frame = grade(
        pd.DataFrame({"problem_id": "p0", "text": [r"\boxed{A}", r"\boxed{B}", r"\boxed{A}"]}),
        problems,
    )
    ids = classify(frame, problems).ids
    assert ids[0] == ids[2]


def test_plain_numbers_need_no_worker(table, monkeypatch):
    from itc.grading import _grade

    monkeypatch.setattr(_grade, "shared", lambda workers: pytest.fail("a worker was asked for"))
    frame, problems = classes(table, "042", "42", "43", "1,000", "1000", "n/a"[:0] or "0")
    assert list(frame["verdict"]) == ["right", "wrong", "wrong", "wrong", "wrong"]
    assert list(classify(frame, problems).ids) == [0, 1, 2, 2, 3]
