import time

import pytest
from itc.grading import choice, number, text
from itc.grading._extract import final_answer

P = {"gold": "1", "metadata": {}}


@pytest.mark.parametrize(
    ("reply", "answer", "how"),
    [
        (r"first \boxed{3}, then \boxed{4}.", "4", "boxed"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}", "boxed"),
        (r"\boxed{\boxed{5}}", "5", "boxed"),
        (r"\boxed 7", "7", "boxed"),
        (r"\boxed{\{1\}}", r"\{1\}", "boxed"),
        (r"\boxed{28}\%", r"28\%", "boxed"),
        (r"\boxed{1} and \boxed{2}", "1, 2", "boxed"),
        (r"\boxed{1}, \boxed{1}", "1", "boxed"),
        (r"\boxed{1} no no no no \boxed{2}", "2", "boxed"),
        (r"\boxed{} so the answer is 5", "5", "phrase"),
        (r"\boxed{6}. Now \boxed{12", "6", "boxed"),
        ("The answer is: **42**.", "42", "phrase"),
        ("work\n#### 1,234", "1,234", "phrase"),
        ("so the final answer is $x=3$ as $y=4$", "x=3", "phrase"),
        ("\\boxed{3}\n\n**ANSWER: 432**", "432", "phrase"),
        (
            r"\boxed{255} Final Answer: The final answer is $10$. I hope it is correct.",
            "10",
            "phrase",
        ),
        ("Answer: Evelyn", "Evelyn", "phrase"),
        ("It has 3 legs, hence 4 in all", "4", "fallback"),
        (r"Therefore \(x = 7\)", "x = 7", "fallback"),
        ("-3/4", "-3/4", "fallback"),
        ("I do not know", None, "none"),
        ("", None, "none"),
        ("AZYUK2A", None, "none"),  # a word, never the digit inside it
    ],
)
def test_final_answers(reply, answer, how):
    assert final_answer(reply) == (answer, how)


@pytest.mark.parametrize(
    "reply",
    [
        r"\boxed{C}", r"\boxed{\text{C}}", r"\boxed{\textbf{(C)}}", r"\boxed{C) 30 miles}",
        r"\boxed{30 miles}", "The answer is C.", "the correct answer is (C)", "Answer: C",
        "**Answer:** C", "Final answer: **C**", "answer is option C", "I choose (c)", "Answer: c.",
        "The correct choice is **(C)** because A is wrong", "(C)", "C", "C.", "C) 30 miles",
        "So it must be:\n\nC", "ANSWER: Ｃ", "The correct option is [C]", "Answer:\n\nC",
        r"Thus the answer is $\boxed{\mathrm{C}}$.", "Option A fails. The best answer is C",
    ],
)  # fmt: skip
def test_letters_in_the_ways_models_write_them(reply):
    problem = {"metadata": {"choices": ["10 miles", "20 miles", "30 miles", "40 miles"]}}
    assert choice.extract(reply, problem).answer == "C"


@pytest.mark.parametrize(
    "reply", ["A good question about cats.", "I cannot tell.", r"\boxed{5 miles}", "", "E"]
)
def test_no_letter_is_invented(reply):
    problem = {"metadata": {"choices": ["10", "20", "30", "40"]}}
    assert choice.extract(reply, problem).answer is None


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("1,234", "1234"), ("$1,234.50", "2469/2"), ("0.5", "1/2"), (r"\frac{1}{2}", "1/2"),
        ("-3/4", "-3/4"), ("5 apples", "5"), (r"5\text{ cm}", "5"), ("1.5e3", "1500"),
        (r"2 \times 10^{3}", "2000"), ("−7", "-7"), ("x = 7", "7"), ("12%", "12"), ("007", "7"),
        ("7.", "7"), ("no number", None), ("1/0", None),
    ],
)  # fmt: skip
def test_numbers(written, same):
    assert number.normal_form(written, P) == same


def test_number_tolerance_comes_from_the_problem():
    loose = {"metadata": {"tolerance": 0.01}}
    assert number.equivalent("3.14", "3.15", loose)
    assert not number.equivalent("3.14", "3.15", P)


def test_text_is_compared_after_normalisation_or_exactly():
    assert text.equivalent("The  Eiffel Tower.", "eiffel tower", P)
    assert not text.equivalent("eiffel", "tower", P)
    assert not text.equivalent("Paris", "paris", {"metadata": {"exact": True}})
    assert text.extract("so\nAnswer: **Paris**\n", P).answer == "Paris"


def test_thinking_is_not_searched_and_cut_replies_count_boxes_only(graded):
    thought = "<think>\\boxed{1}</think>"
    rows = graded(
        "2",
        thought + " The answer is 2",
        thought,
        "<think> so the answer is 2",
        "<think> so \\boxed{2}",
        "the answer is 2 or maybe",
        "Wait \\boxed{2} and",
        None,
        thinking_end=[len(thought), len(thought), None, None, None, None, None],
        finish_reason=["stop", "stop", "length", "length", "length", "length", None],
    )
    assert list(rows["answer_how"]) == [
        "phrase", "thinking", "none", "thinking", "none", "boxed", "none",
    ]  # fmt: skip
    assert list(rows["verdict"]) == [
        "right", "wrong", "wrong", "right", "wrong", "right", "undecided",
    ]  # fmt: skip
    assert list(rows["cause"])[2] == "no_answer"
    assert list(rows["cause"])[-1] == "no_text"


@pytest.mark.parametrize(
    "bad",
    ["\\" * 10**6, "\\boxed{" * 140_000, "{" * 10**6, "$" * 10**6, "answer is " * 10**5,
     "1," * 500_000, "\\boxed{a}," * 10**5, "\\[" * 500_000, "Answer: (" * 10**5, "\n" * 10**6],
    ids=lambda bad: repr(bad[:12]),
)  # fmt: skip
def test_a_megabyte_of_anything_is_read_in_bounded_time(bad):
    problem = {"gold": "1", "metadata": {}}
    for extract in (lambda t, p: final_answer(t), choice.extract, text.extract, number.extract):
        start = time.process_time()
        extract(bad, problem)
        assert time.process_time() - start < 1.0
