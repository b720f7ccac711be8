"""The rules of extraction and of normal forms one by one: where each begins and where it ends."""

import pytest
from itc.grading import choice, number, text
from itc.grading._base import Undecidable
from itc.grading._classes import RIGHT_MARK, _components
from itc.grading._extract import announced, boxed, boxes, last_resort, rightmost, signed_off


def test_boxes_from_the_last_one_backwards():
    found = list(boxes(r"\boxed{1} \fbox{2} \boxed{} \boxed{3 \boxed 4"))
    assert [content for *_, content in found] == ["4", "2", "1"]
    assert found[1] == (10, 18, "2")
    assert len(list(boxes(r"\boxed{1}" * 70))) == 64


@pytest.mark.parametrize(
    ("reply", "group", "answer"),
    [
        (r"\boxed{1} and \boxed{2}", True, "1, 2"),
        (r"\boxed{1} and \boxed{2}", False, "2"),
        (r"\boxed{1} or \boxed{2}, \boxed{3}", True, "1, 2, 3"),
        (r"$x = \boxed{1}$, $y = \boxed{2}$", True, "1, 2"),
        (r"$\boxed{1}$ $\boxed{2}$", True, "1, 2"),
        (r"\boxed{1}\boxed{2}", True, "1, 2"),
        (r"\boxed{1}. \boxed{2}", True, "2"),  # a full stop joins nothing
        (r"\boxed{1}," + " " * 90 + r"\boxed{2}", True, "2"),  # too far apart
        (r"\boxed{1}," + " " * 70 + r"\boxed{2}", True, "1, 2"),
        (r"\boxed{40}%", True, r"40\%"),
        (r"\boxed{40} percent", True, r"40\%"),
        (r"\boxed{$12$ and $13$}", True, "12 and 13"),
        (r"\boxed{1}, \boxed{1}", True, "1"),
        ("no box", True, None),
    ],
)
def test_boxes_of_one_answer(reply, group, answer):
    assert boxed(reply, group) == answer


def test_no_more_boxes_than_an_answer_has():
    reply = ", ".join(rf"\boxed{{{i}}}" for i in range(20))
    assert boxed(reply) == ", ".join(map(str, range(4, 20)))


@pytest.mark.parametrize(
    ("segment", "found"),
    [
        ("so $x+y$", "x+y"),
        ("so $x$ and then 7 apples", "7"),
        ("of 7 apples $x$ remain", "x"),
        (r"take $1$ and $2$", "1, 2"),
        (r"take $1$ but $2$", "2"),
        (r"it is $40$%", r"40\%"),
        ("nothing", None),
    ],
)
def test_the_last_formula_or_number(segment, found):
    assert rightmost(segment) == found


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("The answer is $1$ and $2$.", "1, 2"),
        ("The answer is $1$ but $2$.", "1"),
        ("The answer is " + ", ".join(f"${i}$" for i in range(12)), "0, 1, 2, 3, 4, 5, 6, 7"),
        ("The answer is 7 of the 9 apples.", "7"),
        ("The answer is that 9 remain.", "9"),
        ("The answer is Evelyn Smith.", "Evelyn Smith"),
        ("The answer is not known without some more data.", None),
        ("The answer is 5. The answer is:", "5"),
        ("#### 12", "12"),
        ("no phrase", None),
    ],
)
def test_what_an_announcement_announces(reply, found):
    assert announced(reply) == found


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("The final answer is $10$. I hope it is correct.", "10"),
        (r"The final answer is \boxed{3}. I hope it is correct.", "3"),
        ("The final answer is east. I hope it is correct.", "east"),
        ("The final answer is 10.", None),
        ("I hope it is correct", None),
    ],
)
def test_the_sign_off(reply, found):
    assert signed_off(reply) == found


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("2x + 1", "2x + 1"),
        ("-3/4", "-3/4"),
        ("AZYUK2A", None),  # a word, not the digit inside it
        ("x " * 101, None),
        ("---", None),
        ("12\n13", "13"),
    ],
)
def test_the_last_resort(reply, found):
    assert last_resort(reply) == found


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("c", "C"),
        ("(C).", "C"),
        ("Ｃ", "C"),
        (r"\text{C}", "C"),
        ("AB", None),
        ("", None),
        ("1", None),
    ],
)
def test_normal_form_of_a_choice(answer, form):
    assert choice.normal_form(answer, {}) == form


def test_equal_choices():
    assert choice.equivalent("c", "(C)", {})
    assert not choice.equivalent("c", "d", {})
    assert not choice.equivalent("?", "?", {})


def test_letters_that_a_problem_offers():
    assert choice.letters({"metadata": {"choices": ["x", "y", "z"]}}) == "ABC"
    assert choice.letters({}) == choice.letters({"metadata": {}}) == "ABCDEFGHIJ"


@pytest.mark.parametrize(
    ("reply", "answer", "how"),
    [
        (r"\boxed{C}", "C", "boxed"),
        (r"\boxed{green}", "C", "boxed"),
        (r"\boxed{option (C) green}", "C", "boxed"),
        (r"\boxed{teal}", None, "none"),
        (r"The answer is B, hence \boxed{teal}", "B", "phrase"),
        ("The answer is B. No, the answer is A.", "A", "phrase"),
        ("so\nB\nor\nA", "A", "fallback"),
        ("b) blue", "B", "fallback"),
        ("b) " + "blue " * 100, None, "none"),
    ],
)
def test_where_a_choice_is_found(reply, answer, how):
    problem = {"metadata": {"choices": ["red", "blue", "green", "grey", "grey"]}}
    assert choice.extract(reply, problem) == (answer, how)
    bounded = choice.extract(reply, problem, fallback=False)
    assert bounded == ((None, "none") if how == "fallback" else (answer, how))


def test_two_choices_of_one_text_are_no_letter():
    problem = {"metadata": {"choices": ["red", "grey", "grey"]}}
    assert choice.extract(r"\boxed{grey}", problem).answer is None


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        (r"-\frac{6}{4}", "-3/2"),
        (r"\dfrac{6}{0}", None),
        ("6/0", None),
        ("-1.5e-1", "-3/20"),
        (r"3 \cdot 10^{-2}", "3/100"),
        ("1 234 567", "1234567"),
        ("1,5", "3/2"),
        ("a = 3 = 4", "4"),
        ("3 of 4", None),  # two numbers are not one
        ("- 12", "-12"),
        ("2^6", "64"),
        (r"\sqrt{36}", "6"),
        (r"2\frac12", "5/2"),
        ("3, 8", None),
        ("eight", "8"),
        ("fifteen", None),
        ("9" * 1000, "9" * 1000),
        ("9" * 1001, None),
    ],
)
def test_normal_form_of_a_number(answer, form):
    assert number.normal_form(answer, {}) == form


def test_tolerance_is_relative_and_includes_its_end():
    loose = {"metadata": {"tolerance": 0.5}}
    assert number.equivalent("1", "2", loose)
    assert number.equivalent("-2", "-1", loose)
    assert not number.equivalent("1", "2.01", loose)
    assert number.equivalent("2", "2.0", {})
    with pytest.raises(Undecidable, match="unparsable"):  # no number is not wrong in silence
        number.equivalent("none", "none", loose)


@pytest.mark.parametrize(
    ("answer", "exact", "form"),
    [
        ("The  Eiffel Tower.", False, "eiffel tower"),
        (r"\text{An apple}, a pear!", False, "apple pear"),
        ("3.14 -2", False, "3.14 -2"),
        ("ﬁne", False, "fine"),
        ("!", False, None),
        ("  The End. ", True, "The End."),
        ("  ", True, None),
    ],
)
def test_normal_form_of_text(answer, exact, form):
    assert text.normal_form(answer, {"metadata": {"exact": exact}}) == form


@pytest.mark.parametrize(
    ("reply", "answer", "how"),
    [
        (r"The answer is x. \boxed{Paris}", "Paris", "boxed"),
        (r"\boxed{Paris} or \boxed{Rome}", "Rome", "boxed"),
        ("The answer is: *Paris*\nor so", "Paris", "phrase"),
        ("It is the answer: \n\nthen\nParis ", "then", "phrase"),
        ("So\nParis\n\n", "Paris", "fallback"),
        ("", None, "none"),
    ],
)
def test_where_text_is_found(reply, answer, how):
    assert text.extract(reply, {}) == (answer, how)


def test_only_symbolic_graders_need_workers():
    assert not (number.WORKER or text.WORKER or choice.WORKER)


def test_wrong_answers_that_equal_the_same_right_one_stay_apart():
    key = f"{RIGHT_MARK}r"
    roots = _components(["a", "b", key], [("a", key), (key, "b")])
    assert roots["a"] != roots["b"] and roots[key] == RIGHT_MARK


def test_where_a_number_is_found():
    assert number.extract(r"first 3, then \boxed{4}", {}) == ("4", "boxed")
    assert number.extract("so 3 apples", {}) == ("3", "fallback")
    assert number.extract("so 3 apples", {}, fallback=False) == (None, "none")
