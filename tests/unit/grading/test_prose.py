"""What prose says about a number: replies of a real model of 135 million parameters, by kind."""

from __future__ import annotations

import pytest
from itc.grading import choice, math, number, reasoning_gym
from itc.grading._base import Problem

GYM: Problem = {
    "gold": "5",
    "answer_type": "reasoning_gym",
    "metadata": {"task": "chain_sum"},
}  # type: ignore[typeddict-item]
NUMBER: Problem = {"gold": "5", "answer_type": "number", "metadata": {}}  # type: ignore[typeddict-item]
MATH: Problem = {"gold": "5", "answer_type": "math", "metadata": {}}  # type: ignore[typeddict-item]

RESTATED = [  # the problem is said once more between "answer" and its value
    ("The final answer to the arithmetic problem of 6 + 0 = 6 is 6.", "6"),
    ("5 is the final answer to the question: 5 - 9 is 3, which is the correct answer.", "3"),
    ("The answer is 12 and the remainder is 3.", "12"),
    ("The answer is 3 + 5 = 8 apples.", "8"),
    ("The answer is 6, and 4 is the number of boxes.", "6"),
]
OPEN = [  # a problem without its result is no answer
    ("State the final answer to the following arithmetic problem: 3 + 4 =", None),
    ("7 + 5 =", None),
    ("The answer to this: 7 + 5 = ?", None),
    ("3 + 4 =\n7", "7"),
    ("First 3 + 4 = 7. Then 7 + 5 =\n12", "12"),
    ("7 + 9 = 16", "16"),
]
DENIED = [  # what is said to be no answer is none
    ("8 - 0 = 8 is not the answer to the math problem given.", None),
    ("There is no solution to 3 x 2.", None),
    ("8 is not a multiple of 3. So we get 8.", "8"),
    ("2 is not enough, so we take 4 more.", "4"),
]
NAMED = [  # the answer is named after its value
    ("8 + 0 = 8\n\nThe integer 8 is the final answer to the problem of adding 0 to itself.", "8"),
    ("The sum of 1 and 5 is 10, which is the answer to question 3.", "10"),
    ("1 - 4 = 2 is the final answer.", "2"),
    ("1\n\n11 is the only possible answer to this question of 3 parts.", "11"),
    ("9 is the first answer to look at, but we need 7.", "7"),
    ("8 is not the answer.", None),
]
REASONED = [  # a number and the reason for it
    ("The GCD of 28 and 16 is 6 because 6 is the only number that divides both 28 and 16.", "6"),
    ("The greatest common divisor of 6 and 14 is 6 which is the largest factor of 6 and 14.", "6"),
    ("The GCD of 8 and 24 is 4, since 24 is 6 times 4.", "4"),
    ("There are 12 since 3 + 4 = 7 and 7 + 5 = 13.", "13"),
    ("The first is 4, which gives 8 in all", "8"),
    ("The GCD of 2 and 18 is 18.", "18"),
]
UNFILLED = [  # a formula whose box is empty
    ("\\[6 + 1 = \\boxed{}\\]", None),
    ("So we have \\[6 + 1 = 7\\]", "7"),
]
FIRST = [  # a number alone on the first line, then its reason
    ("11\n\nYou would need to subtract 11 from 8 to reach the correct answer.", "11"),
    ("0\n\nWe find 8 + 0 = 8.", "8"),  # what is computed later is more than a first guess
    ("1. Take 3 boxes.\n\nThen add 2 more, so 5 boxes", "5"),  # the number of a list
    ("4\n\n6\n\n8", "8"),
]


@pytest.mark.parametrize(
    ("reply", "answer"), [*RESTATED, *OPEN, *DENIED, *NAMED, *REASONED, *UNFILLED, *FIRST]
)
@pytest.mark.parametrize(
    ("module", "problem"), [(number, NUMBER), (math, MATH), (reasoning_gym, GYM)]
)
def test_answers(module, problem, reply, answer):
    found = module.extract(reply, problem).answer
    if module is not reasoning_gym and found and "=" in found and "=" not in str(answer):
        found = found.rpartition("=")[2].strip()  # a whole computation is read by its right side
    assert found == answer


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("\\[2013\\]", "2013"),
        ("\\[6 + 1 = 7\\]", "7"),
        ("\\textbf{11}.", "11"),
        ("\\mathrm{21}", "21"),
        ("$-4$", "-4"),
    ],
)
def test_a_task_with_a_number_reads_a_number_in_its_dress(reply, answer):
    assert reasoning_gym.extract(reply, GYM).answer == answer


CHOICE: Problem = {
    "gold": "A",
    "answer_type": "choice",
    "metadata": {"choices": ["taste", "smell", "hearing", "sight"]},
}  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("reply", "letter"),
    [
        ("A) taste\nB) smell\nC) hearing\nD) sight", None),
        ("A) taste\nD) sight\n\nA sense is what we have five of.", None),
        ("A) taste", "A"),
        ("A) taste\n\nA sense is what we have five of.", "A"),
        ("B: B", "B"),
        ("A) taste\nB) smell\nC) hearing\nD) sight\n\nThe answer is C.", "C"),
        ("A) taste\nB) smell\n\nAnswer: B", "B"),
        ("hearing", "C"),
    ],
)
def test_a_list_of_options_chooses_none(reply, letter):
    assert choice.extract(reply, CHOICE).answer == letter
