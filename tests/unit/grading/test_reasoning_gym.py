"""Answers of reasoning-gym tasks: entries are made again, and scorers run in the sandbox."""

import json

import pandas as pd
import pytest
from itc.datasets.reasoning_gym import made
from itc.grading import _bubblewrap, reasoning_gym
from itc.grading._grade import grade

CONTAINED = pytest.mark.skipif(
    _bubblewrap.available() is not None, reason=f"no sandbox: {_bubblewrap.available()}"
)
# One task of each way to score: evaluates the answer itself or through SymPy, evaluates its own
# gold, keeps tuples, draws from sets, returns parts of a point.
SAMPLE = (
    *("string_insertion", "spiral_matrix", "binary_matrix", "n_queens", "countdown", "puzzle24"),
    *("simple_integration", "polynomial_multiplication", "number_sorting", "bitwise_arithmetic"),
    *("arc_agi", "rearc", "word_ladder", "leg_counting", "chain_sum", "spell_backward"),
)
# Their golds are one of many answers and not given.
NO_GOLD = {"boxnet", "graph_color", "propositional_logic", "rubiks_cube", "rush_hour"}
# A brace within the answer ends the box too early, and moves that are longer than an answer.
KNOWN = {"codeio", "tower_of_hanoi"}


def problems(tasks, size=1, seed=5, config=None):
    requests = [{"task": t, "seed": seed, "size": size, "config": config or {}} for t in tasks]
    return pd.DataFrame(
        [
            {
                "problem_id": f"{request['task']}-{index}",
                "question": question,
                "gold": gold,
                "answer_type": "reasoning_gym",
                "metadata": json.dumps({**request, "index": index, "entry_sha256": checksum}),
            }
            for request, found in zip(requests, made(requests), strict=True)
            for index, (question, gold, checksum) in enumerate(found["entries"])
        ]
    )


def graded(table, answers, workers=1):
    rows = pd.DataFrame(
        {"problem_id": table["problem_id"], "text": [f"So \\boxed{{{a}}}." for a in answers]}
    )
    return grade(rows, table, workers=workers)


def golds_are_right(tasks, size):
    table = problems(tasks, size)
    rows = graded(table, table["gold"])
    bad = rows[rows["verdict"] != "right"][["problem_id", "answer", "verdict", "cause", "score"]]
    assert bad.empty, bad.to_string()
    return len(rows)


@CONTAINED
def test_the_gold_of_a_task_is_right_by_the_tasks_own_scorer():
    assert golds_are_right(SAMPLE, 2) == 2 * len(SAMPLE)


@CONTAINED
@pytest.mark.full
def test_the_gold_of_every_task_is_right():
    from reasoning_gym.factory import DATASETS

    tasks = sorted(set(DATASETS) - NO_GOLD - KNOWN - {"composite"})
    assert golds_are_right(tasks, 3) == 3 * len(tasks) > 290


def test_tasks_that_are_compared_here_are_those_the_package_compares():
    from reasoning_gym.dataset import ProceduralDataset
    from reasoning_gym.factory import DATASETS

    plain, decimal = set(), set()
    for name, (task, _) in DATASETS.items():
        code = task.score_answer.__code__
        if task.score_answer is ProceduralDataset.score_answer:
            plain.add(name)
        elif "compute_decimal_reward" in code.co_names and False not in code.co_consts:
            decimal.add(name)
    assert plain - {"composite"} == reasoning_gym.AS_TEXT
    assert decimal == reasoning_gym.AS_DECIMAL


@CONTAINED
@pytest.mark.parametrize("task", ["chain_sum", "leg_counting", "spell_backward", "dice"])
def test_verdicts_and_scores_are_those_of_the_package(task):
    import reasoning_gym as package

    table = problems([task], 3, seed=3)
    data = package.create_dataset(task, seed=3, size=3)
    for index, gold in enumerate(table["gold"]):
        one = table.iloc[[index]]
        answers = [gold, f"{gold}.0", f"+{gold}", f"x{gold}", "0", "none"]
        rows = graded(pd.concat([one] * len(answers)).reset_index(drop=True), answers)
        for answer, verdict, score in zip(answers, rows["verdict"], rows["score"], strict=True):
            true = data.score_answer(answer, data[index])
            assert score == pytest.approx(true), (task, gold, answer)
            assert verdict == ("right" if true == 1 else "wrong")


@CONTAINED
def test_an_entry_that_cannot_be_made_again_alike_is_undecided():
    table = problems(["countdown"], 1)
    metadata = json.loads(table["metadata"][0])
    for change, cause in (
        ({"seed": 6}, "other_entry"),
        ({"entry_sha256": None}, "other_entry"),
        ({"index": 7}, None),
        ({"task": "none_such"}, "no_entry"),
        ({"task": "os.system"}, "no_entry"),
        ({"seed": "1"}, "no_entry"),
        ({"config": {"nonsense": 1}}, "no_entry"),
        ({"config": [1]}, "no_entry"),
    ):
        changed = table.assign(metadata=json.dumps({**metadata, **change}))
        row = graded(changed, ["1+1"]).iloc[0]
        assert row["verdict"] == "undecided", change
        assert cause is None or row["cause"] == cause, (change, row["cause"])
