"""What undecided answers imply for a strategy's accuracy: bounds that hold for every resolution."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itc import registry
from itc.strategies._base import evaluate_strategy
from itc.strategies._undecided import resolve

LOW, HIGH = "correct_if_undecided_wrong", "correct_if_undecided_right"


def outcomes(classes, verdicts, problem="p", **columns):
    n = len(classes)
    return pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "procedure": "sample",
            "problem_id": problem,
            "draw": np.arange(n),
            "round": 0,
            "answer_class": classes,
            "answer": [str(c) for c in classes],
            "verdict": verdicts,
            "n_output_tokens": np.arange(n) + 5,
            "n_prompt_tokens": 3,
            **columns,
        }
    )


def test_an_undecided_answer_may_strengthen_the_right_or_the_strongest_wrong_one():
    # right 2, wrong 3, undecided 2: as recorded wrong wins, with the undecided votes right does
    frame = outcomes([0, 0, 1, 1, 1, 2, 2], ["right"] * 2 + ["wrong"] * 3 + ["undecided"] * 2)
    row = evaluate_strategy("majority", frame, [7]).iloc[0]
    assert row[[LOW, "correct", HIGH]].tolist() == [0.0, 0.0, 1.0]
    assert row["undecided"] == pytest.approx(2 / 7)
    # right 3, wrong 2, undecided 2: right wins unless the undecided are the wrong answer
    frame = outcomes([0, 0, 0, 1, 1, 2, 2], ["right"] * 3 + ["wrong"] * 2 + ["undecided"] * 2)
    row = evaluate_strategy("majority", frame, [7]).iloc[0]
    assert row[[LOW, "correct", HIGH]].tolist() == [0.0, 1.0, 1.0]


def test_decided_problems_have_no_width_and_a_share_of_zero():
    frame = pd.concat(
        [
            outcomes([0, 0, 1, 2], ["right", "right", "wrong", "wrong"], "a"),
            outcomes([0, 1, 2, 2], ["right", "undecided", "wrong", "wrong"], "b"),
        ]
    )
    values = evaluate_strategy("majority", frame, [1, 2, 4])
    decided = values[values["problem_id"] == "a"]
    assert decided["undecided"].eq(0).all()
    for column in (LOW, HIGH):
        np.testing.assert_array_equal(decided[column], decided["correct"])
    assert (values[HIGH] - values[LOW])[values["problem_id"] == "b"].gt(0).all()


def test_a_vote_not_cast_for_want_of_text_counts_in_both_ends():
    frame = outcomes([-1, -1, 0], ["undecided", "undecided", "wrong"])
    row = evaluate_strategy("majority", frame, [3]).iloc[0]
    assert row[[LOW, "correct", HIGH]].tolist() == [0.0, 0.0, 1.0]
    right = resolve(frame, "right")
    assert right["answer_class"].tolist() == [1, 1, 0]
    assert resolve(frame, "wrong")["answer_class"].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="right or wrong"):
        resolve(frame, "undecided")


@st.composite
def pools(draw):
    """Answer classes 0..4 of up to five draws, a verdict per class; class 0 is right."""
    size = draw(st.integers(2, 5))
    classes = draw(st.lists(st.integers(-1, 4), min_size=size, max_size=size))
    kinds = {c: draw(st.sampled_from(["wrong", "undecided"])) for c in range(1, 5)}
    kinds |= {0: "right", -1: "wrong"}
    return outcomes(classes, [kinds[c] for c in classes])


def resolutions(frame):
    """Every way to resolve undecided classes: right, some wrong class, or wrong on their own."""
    undecided = sorted(set(frame.loc[frame["verdict"] == "undecided", "answer_class"]))
    wrong = sorted(
        set(frame.loc[(frame["verdict"] == "wrong") & (frame["answer_class"] >= 0), "answer_class"])
    )
    targets = [0, *wrong, *range(10, 10 + len(undecided))]
    for chosen in itertools.product(targets, repeat=len(undecided)):
        moved = dict(zip(undecided, chosen, strict=True))
        classes = [
            moved.get(c, c) if v == "undecided" else c
            for c, v in zip(frame["answer_class"], frame["verdict"], strict=True)
        ]
        verdicts = [
            ("right" if moved[c] == 0 else "wrong") if v == "undecided" else v
            for c, v in zip(frame["answer_class"], frame["verdict"], strict=True)
        ]
        yield frame.assign(answer_class=classes, verdict=verdicts)


@given(pools())
@settings(max_examples=20, deadline=None, derandomize=True)
@pytest.mark.parametrize("name", ["single", "majority", "coverage", "shortest", "worst_of_n"])
def test_the_ends_bound_every_resolution(name, frame):
    budgets = list(range(1, len(frame) + 1))
    values = evaluate_strategy(name, frame, budgets)
    assert (values[LOW] <= values["correct"] + 1e-12).all()
    assert (values["correct"] <= values[HIGH] + 1e-12).all()
    for resolved in resolutions(frame):
        other = evaluate_strategy(name, resolved, budgets)["correct"]
        assert (values[LOW] <= other + 1e-9).all()
        assert (other <= values[HIGH] + 1e-9).all()


def test_every_replayed_strategy_carries_share_and_ends():
    rng = np.random.default_rng(5)
    frames = []
    for model in ("m", "n"):
        for p in range(12):
            verdicts = rng.choice(["right", "wrong", "undecided"], 8, p=[0.5, 0.4, 0.1])
            classes = np.where(verdicts == "right", 0, np.where(verdicts == "wrong", 1, 2))
            scores = {
                name: rng.normal(10, 1, 8)
                for name in (
                    "cumulative_logprob",
                    "confidence_mean",
                    "confidence_tail",
                    "confidence_lowest",
                    "confidence_bottom10",
                    "f_hedging_per_1000_words",
                    "f_thinking_per_1000_words",
                    "f_discourse_per_1000_words",
                    "f_log_tokens",
                    "f_words",
                )
            }
            frames.append(outcomes(classes, verdicts, f"p{p:02d}", **scores).assign(model=model))
    frame = pd.concat(frames, ignore_index=True)
    seen = []
    for name in registry.names("strategies"):
        if registry.constants("strategies", name)["PROCEDURE"] != "sample":
            continue
        values = evaluate_strategy(name, frame, [2, 4], seed=1)
        if values.empty:
            continue
        seen.append(name)
        assert values["undecided"].between(0, 1).all(), name
        assert values["undecided"].gt(0).any(), name
        assert (values[LOW] <= values["correct"] + 1e-12).all(), name
        assert (values["correct"] <= values[HIGH] + 1e-12).all(), name
        assert (values[HIGH] - values[LOW]).sum() > 0, name
    assert {"majority", "borda", "marker_weighted", "mixed_majority", "adaptive_beta"} <= set(seen)
