"""From outcome tables to evaluation tables: shapes, refusals, reasons, undecided answers."""

import numpy as np
import pandas as pd
import pytest
from itc import tables
from itc.estimators._checks import DrawsError
from itc.strategies._availability import availability, inventory
from itc.strategies._base import (
    evaluate_strategy,
    evaluate_with_reasons,
)

BUDGETS = [1, 2, 4, 8]


def mean(frame, strategy_budget):
    return frame[frame["budget"] == strategy_budget].groupby("model")["correct"].mean()


def test_rows_keep_the_schema_and_do_not_depend_on_row_order(outcomes):
    for name in ("single", "majority", "coverage", "shortest"):
        frame = evaluate_strategy(name, outcomes, BUDGETS)
        shuffled = evaluate_strategy(name, outcomes.sample(frac=1, random_state=3), BUDGETS)
        table = tables.to_arrow(frame, "evaluations")
        assert table.equals(tables.to_arrow(shuffled, "evaluations"))
        assert table.num_rows == 2 * 12 * (1 if name == "single" else len(BUDGETS))


def test_every_strategy_starts_at_mean_accuracy(outcomes):
    accuracy = (outcomes["verdict"] == "right").groupby(outcomes["model"]).mean()
    for name in ("single", "majority", "coverage", "shortest"):
        pd.testing.assert_series_equal(
            mean(evaluate_strategy(name, outcomes, [1]), 1), accuracy, check_names=False
        )


def test_costs_of_parallel_and_halted_draws(outcomes):
    one = outcomes[outcomes["model"] == "m1"]
    tokens = one.groupby("problem_id")["n_output_tokens"]
    vote = evaluate_strategy("majority", one, [8]).set_index("problem_id")
    assert vote["cost_output_tokens"].to_numpy() == pytest.approx(tokens.sum().to_numpy())
    assert vote["cost_total_tokens"].to_numpy() == pytest.approx(tokens.sum().to_numpy() + 40)
    assert vote["cost_sequential_tokens"].to_numpy() == pytest.approx(tokens.max().to_numpy())
    assert (vote["cost_calls"] == 8).all()
    answered = one[one["answer_class"] >= 0]
    first = answered.groupby("problem_id")["n_output_tokens"].min()
    short = evaluate_strategy("shortest", one, [8]).set_index("problem_id")
    assert short["cost_sequential_tokens"].to_numpy() == pytest.approx(first.to_numpy())
    assert (short["cost_output_tokens"] <= vote["cost_output_tokens"]).all()
    halt = one["problem_id"].map(first)
    squares = (one["n_output_tokens"].clip(upper=halt) ** 2).groupby(one["problem_id"]).sum()
    assert short["cost_squared_tokens"].to_numpy() == pytest.approx(squares.to_numpy())


def test_uneven_draws_cap_the_budget_with_a_reason(outcomes):
    lost = (outcomes["model"] == "m1") & (outcomes["problem_id"] == "p003") & (outcomes["draw"] > 4)
    frame, reasons = evaluate_with_reasons("majority", outcomes[~lost], BUDGETS)
    assert set(frame.loc[frame["model"] == "m1", "budget"]) == {1, 2, 4}
    assert set(frame.loc[frame["model"] == "m2", "budget"]) == set(BUDGETS)
    assert reasons[["model", "budget"]].values.tolist() == [["m1", 8]]
    assert "1 of 12 problems have only 5 draws" in reasons["reason"][0]
    five = frame[(frame["model"] == "m1") & (frame["problem_id"] == "p003")]
    assert set(five["n_draws"]) == {5}
    static = availability("majority", inventory(outcomes[~lost]), BUDGETS)
    pd.testing.assert_frame_equal(static, reasons, check_dtype=False)


def test_missing_tokens_leave_no_rows_but_a_reason(outcomes):
    holes = outcomes.assign(n_output_tokens=outcomes["n_output_tokens"].astype("Int32"))
    holes.loc[holes.index[:3], "n_output_tokens"] = pd.NA
    frame, reasons = evaluate_with_reasons("shortest", holes, BUDGETS)
    assert set(frame["model"]) == {"m2"}
    assert reasons["reason"].tolist() == ["n_output_tokens is missing in 3 of 96 draws"]
    static = availability("shortest", inventory(holes), BUDGETS)
    assert static["reason"].tolist() == reasons["reason"].tolist()
    vote = evaluate_strategy("majority", holes, BUDGETS)
    unknown = vote[vote["cost_output_tokens"].isna()]
    assert set(unknown["problem_id"]) == {"p000"}
    assert vote["correct"].notna().all()


def test_undecided_class_is_the_width_of_the_interval():
    outcomes = pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "procedure": "sample",
            "problem_id": "p",
            "draw": np.arange(4),
            "round": 0,
            "answer_class": [0, 0, 1, 2],
            "verdict": ["undecided", "undecided", "right", "wrong"],
        }
    )
    vote = evaluate_strategy("majority", outcomes, [1, 4]).set_index("budget")
    assert vote["correct"].tolist() == pytest.approx([0.25, 0.0])
    assert vote["correct_if_undecided_right"].tolist() == pytest.approx([0.75, 1.0])


def test_a_draw_recorded_twice_and_two_datasets_are_refused(outcomes):
    with pytest.raises(DrawsError, match="recorded twice"):
        evaluate_strategy("single", pd.concat([outcomes, outcomes.iloc[:1]]), [1])
    two = pd.concat([outcomes, outcomes.assign(dataset="e")])
    with pytest.raises(DrawsError, match="2 datasets at once"):
        evaluate_strategy("single", two, [1])


def test_label_and_absent_procedure(outcomes):
    assert set(evaluate_strategy("majority", outcomes, [1], label="vote")["strategy"]) == {"vote"}
    frame, reasons = evaluate_with_reasons(
        "majority", outcomes, [1], params={"procedure": "sample_hot"}
    )
    assert frame.empty
    assert tables.to_arrow(frame, "evaluations").num_rows == 0
    assert reasons["reason"].tolist() == ["no responses of procedure 'sample_hot'"] * 2
