"""Graders called directly, not in the pool's processes: each rule by itself."""

import pytest
from itc.grading import _evaluate, math, reasoning_gym
from itc.grading._base import RIGHT, WRONG, Undecidable


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("  12 ", "12"),
        ("12.50", "25/2"),
        ("1,234", "1234"),
        ("-3/6", "-1/2"),
        (r"-\frac{3}{6}", "-1/2"),
        (r"\frac 12", "1/2"),
        ("5/0", "5/0"),
        ("1/2 + 11/18 = 10/9", "10/9"),
        ("x + y = 1", "x+y=1"),
        ("x = 5", "x=5"),
        (r"\text{yes}", "yes"),
        (r"$\boxed{7}$", "7"),
        ("3.", "3"),
        ("", None),
        ("$ $", None),
    ],
)
def test_normal_form_of_mathematics(answer, form):
    assert math.normal_form(answer, {}) == form


def test_constants_that_an_answer_stands_for():
    assert math.signature("5", {}) == [[5.0, 0.0]]
    assert math.signature("x = 5", {}) == [[5.0, 0.0]]
    assert math.signature(r"\{5\}", {}) == [[5.0, 0.0]]
    assert math.signature("x + 1", {}) is None
    assert math.signature(r"\{1, 2\}", {}) is None
    share = math.signature(r"50\%", {})
    assert sorted(value for value, _ in share) == pytest.approx([0.5, 50.0])
    (root,) = math.signature(r"\sqrt{-4}", {})
    assert root == pytest.approx([0.0, 2.0])


def test_faults_of_the_gold_have_causes_of_their_own():
    long = "9" * 5000
    with pytest.raises(Undecidable, match=r"^oversize_gold$"):
        math.against_gold(long, "1", {})
    with pytest.raises(Undecidable, match=r"^oversize$"):
        math.against_gold("1", long, {})
    assert math.against_gold("1/2", "0.5", {})
    assert not math.against_gold("1/2", "0.6", {})
    assert math.refuse(long, {}) == "oversize"
    assert math.refuse("1", {}) is None
    with pytest.raises(Undecidable, match="oversize"):
        math.signature(long, {})


def test_warming_up_leaves_no_answer_behind():
    math.warm_up()
    assert math.parse.cache_info().currsize == 0


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        (r"$\text{north}$", "north"),
        (r"\mathbf{ 12.50 }", "12.5"),
        ("1,200", "1200"),
        ("-0", "0"),
        ("1e400", "1e400"),
        ("  ", None),
        ("$$", None),
    ],
)
def test_normal_form_of_a_task(answer, form):
    assert reasoning_gym.normal_form(answer, {}) == form


def test_equal_forms_are_one_answer_and_nothing_equals_nothing():
    assert reasoning_gym.equivalent("1.0", "1", {})
    assert not reasoning_gym.equivalent("1.0", "2", {})
    assert not reasoning_gym.equivalent("", "", {})
    assert reasoning_gym.quick("a", "a", {}) is True
    assert reasoning_gym.quick("a", "b", {}) is False


@pytest.mark.parametrize(
    ("gold", "text", "answer"),
    [
        ("12", "So 5 and 7 make 12", "12"),
        ("north", r"It is \boxed{north}", "north"),
        ("north", "We turn.\nnorth", "north"),
        ("north", "", None),
    ],
)
def test_where_a_task_finds_the_answer(gold, text, answer):
    assert reasoning_gym.extract(text, {"gold": gold}).answer == answer


@pytest.mark.parametrize(
    ("task", "gold", "answer", "verdict", "score"),
    [
        ("lcm", "ab", "ab", RIGHT, 1.0),
        ("lcm", "ab", "abcd", WRONG, 0.5),
        ("lcm", "ab", "cd", WRONG, 0.0),
        ("lcm", "1.0", "1", WRONG, 0.0),
        ("products", "1,000", "1000.0", RIGHT, 1.0),
        ("products", "1.0", "1", RIGHT, 1.0),
        ("products", "1", "2", WRONG, 0.0),
        ("products", "1", "1 apple", WRONG, 1 / 7),
    ],
)
def test_the_packages_plain_scorers(task, gold, answer, verdict, score):
    problem = {"gold": gold, "metadata": {"task": task}}
    found = reasoning_gym.judge_here(answer, problem)
    assert (found.verdict, found.score) == (verdict, pytest.approx(score))


def test_a_task_with_a_scorer_of_its_own_is_asked():
    assert reasoning_gym.judge_here("1", {"gold": "1", "metadata": {}}) is None
    assert reasoning_gym.judge_here("1", {"gold": "", "metadata": {"task": "products"}}) is None
    assert reasoning_gym.judge_here("1", {"gold": "1", "metadata": {"task": "countdown"}}) is None
    with pytest.raises(Undecidable, match="oversize"):
        reasoning_gym.judge("1" * 4001, {"metadata": {"task": "countdown"}})
    with pytest.raises(Undecidable, match="no_entry"):
        reasoning_gym.judge("1", {"metadata": {"task": "countdown"}})


@pytest.mark.parametrize(
    ("source", "mathematical"),
    [
        ("2*x + sin(3)/y", True),
        ("(1 + 2) // 3 == 1", True),
        ("True and not False", True),
        ("['A', 'B']", True),
        ("Integer (3 )*Symbol ('x' )", True),
        ("Function ('f' )(Symbol ('x' ))", True),
        ("open('x')", False),
        ("x.real", False),
        ("(1).real", False),
        ("__doc__", False),
        ("eval(1)", False),
        ("\uff45\uff56\uff41\uff4c(1)", False),
        ("lambda: 0", False),
        ("[x for x in (1,)]", False),
        ("f'{1}'", False),
        ("(1)(2)", False),
        ("max(*[1])", False),
        ("(sin := 1)", False),
        ("[1][0]", False),
    ],
)
def test_only_mathematics_is_evaluated(source, mathematical):
    assert _evaluate.mathematical(source) is mathematical
