"""Strategies that read judgements, revisions, merges and cut thinking, by hand on tiny tables."""

import numpy as np
import pandas as pd
import pytest
from itc import tables
from itc.strategies._availability import availability, inventory
from itc.strategies._base import (
    evaluate_strategy,
    evaluate_with_reasons,
)
from itc.strategies._chains import vote_within


def rows(procedure, records, problem="p"):
    """records: draw, round, class, right, output, [score, parents]."""
    return pd.DataFrame(
        [
            {
                "dataset": "d",
                "model": "m",
                "procedure": procedure,
                "problem_id": problem,
                "draw": draw,
                "round": number,
                "answer_class": code,
                "verdict": "right" if code == 0 else "wrong",
                "n_prompt_tokens": 10 if procedure == "sample" else 100,
                "n_output_tokens": output,
                "f_bytes": 3.0 * output,
                "score": score,
                "response_id": f"{procedure}-{problem}-{draw}-{number}",
                "parents": list(parents),
            }
            for draw, number, code, output, score, parents in (
                (*record, None, ())[:6] if len(record) < 6 else record for record in records
            )
        ]
    )


SAMPLES = rows("sample", [(0, 0, 0, 5), (1, 0, 1, 7), (2, 0, 1, 20), (3, 0, 2, 8)])


def by_budget(frame, column="correct"):
    return frame.set_index("budget")[column].to_dict()


def assert_three_bytes_a_token(frame):
    bytes_, tokens = frame["cost_bytes"].to_numpy(), frame["cost_output_tokens"].to_numpy()
    assert bytes_ == pytest.approx(3 * tokens)


def test_best_of_n_by_judge_and_its_costs():
    judged = rows(
        "judge_score",
        [
            (d, vote, -1, 3, score, ())
            for d, votes in enumerate([(9, 7), (5, None), (8, 8), (None, None)])
            for vote, score in enumerate(votes, 1)
        ],
    )
    frame = evaluate_strategy("judge_best", pd.concat([SAMPLES, judged]), [1, 2, 4])
    # mean scores 8, 5, 8, none: draws 0 (right) and 2 tie at the top
    correct = by_budget(frame)
    assert correct[1] == pytest.approx(1 / 4)
    assert correct[2] == pytest.approx((1 + 0.5 + 1) / 6)
    assert correct[4] == pytest.approx(0.5)
    assert by_budget(frame, "cost_output_tokens")[4] == pytest.approx(40 + 4 * 2 * 3)
    assert_three_bytes_a_token(frame)
    assert by_budget(frame, "cost_total_tokens")[4] == pytest.approx(64 + 10 + 4 * 100)
    assert by_budget(frame, "cost_sequential_tokens")[4] == pytest.approx(23)
    assert by_budget(frame, "cost_calls")[4] == 12
    assert by_budget(frame, "cost_prompt_attention")[4] == pytest.approx(10 * 40 + 100 * 4 * 6)
    assert by_budget(frame, "cost_prompt_traffic")[4] == pytest.approx(10 * 20 + 100 * 4 * 3)
    tables.to_arrow(frame, "evaluations")


def test_judge_weighted_vote():
    judged = rows(
        "judge_score", [(d, 1, -1, 3, s, ()) for d, s in enumerate([7.0, 3.0, 3.0, None])]
    )
    frame = evaluate_strategy("judge_vote", pd.concat([SAMPLES, judged]), [4])
    assert by_budget(frame) == {4: 1.0}  # 7 against 3 + 3, where the plain vote is wrong
    assert by_budget(evaluate_strategy("majority", SAMPLES, [4])) == {4: 0.0}


def test_a_missing_judgement_is_a_reason():
    other = SAMPLES.assign(problem_id="q", response_id=SAMPLES["response_id"] + "q")
    judged = [
        rows("judge_score", [(d, 1, -1, 3, 5.0, ()) for d in draws], problem)
        for problem, draws in (("p", (0, 1, 2)), ("q", (0,)))
    ]
    outcomes = pd.concat([SAMPLES, other, *judged])
    frame, reasons = evaluate_with_reasons("judge_best", outcomes, [1])
    assert frame.empty
    assert reasons["reason"].tolist() == ["2 of 6 responses of procedure 'judge_score' are missing"]
    assert (
        "no responses of procedure 'judge_score'"
        in (availability("judge_best", inventory(SAMPLES), [1])["reason"][0])
    )


def test_only_judged_draws_take_part():
    # Draws 2 and 3 were not judged; of draws 0 and 1, the judge prefers the right one.
    judged = rows("judge_score", [(0, 1, -1, 3, 9.0, ()), (1, 1, -1, 3, 5.0, ())])
    outcomes = pd.concat([SAMPLES, judged])
    frame, reasons = evaluate_with_reasons("judge_best", outcomes, [1, 2, 4])
    assert by_budget(frame) == {1: 0.5, 2: 1.0}
    assert set(frame["n_draws"]) == {2}
    assert by_budget(frame, "cost_output_tokens")[2] == pytest.approx(5 + 7 + 2 * 3)
    assert reasons["budget"].tolist() == [4]
    assert "only 2 draws" in reasons["reason"][0]
    visible = availability("judge_best", inventory(outcomes), [1, 2, 4])
    assert visible.to_dict("records") == reasons.to_dict("records")


REVISED = rows(
    "revise_full",
    [
        (0, 1, 1, 4), (0, 2, 0, 2),
        (1, 1, 0, 6), (1, 2, 0, 2),
        (2, 1, 1, 1), (2, 2, 1, 1),
        (3, 1, 0, 3), (3, 2, 2, 3),
    ],
)  # fmt: skip


def test_revision_last_answer_and_vote_over_rounds():
    outcomes = pd.concat([SAMPLES, REVISED])
    last = evaluate_strategy("revision_last", outcomes, [1, 2, 4])
    assert by_budget(last) == pytest.approx({1: 0.25, 2: 0.5, 3: 0.5})
    assert by_budget(last, "cost_output_tokens") == pytest.approx({1: 10, 2: 13.5, 3: 15.5})
    assert_three_bytes_a_token(last)
    assert by_budget(last, "cost_total_tokens")[3] == pytest.approx(15.5 + 210)
    read = {1: 100, 2: 100 + 350, 3: 100 + 350 + 200}  # prompts of 10, 100, 100 tokens x output
    for name in ("cost_prompt_attention", "cost_prompt_traffic"):
        assert by_budget(last, name) == pytest.approx(read)
    vote = evaluate_strategy("revision_vote", outcomes, [1, 2, 4])
    # rounds per chain: 010 -> right; 100 -> right; 111 -> wrong; 202 -> wrong
    assert by_budget(vote)[3] == pytest.approx(0.5)
    assert by_budget(vote)[2] == pytest.approx((0.5 + 0.5 + 0 + 0.5) / 4)


def test_parallel_chains_vote_with_their_last_answers():
    frame = evaluate_strategy("revision_parallel", pd.concat([SAMPLES, REVISED]), [1, 4])
    assert by_budget(frame) == pytest.approx({3: 0.5, 12: 1.0})  # last answers 0, 0, 1, 2
    assert by_budget(frame, "cost_sequential_tokens")[12] == pytest.approx(22)
    assert by_budget(frame, "cost_output_tokens")[12] == pytest.approx(62)
    assert_three_bytes_a_token(frame)
    assert by_budget(frame, "cost_prompt_attention")[12] == pytest.approx(10 * 40 + 100 * 22)
    assert by_budget(frame, "cost_prompt_traffic")[12] == pytest.approx(10 * 20 + 100 * 22)


def test_vote_within_shares_ties_between_classes_not_members():
    codes = np.array([[0, 0, 1, 1, -1], [-1, -1, -1, -1, -1], [2, 0, 1, -1, -1]])
    right = (codes == 0).astype(float)
    assert vote_within(codes, right) == pytest.approx([0.5, 0.0, 1 / 3])


def test_merges_are_charged_for_all_their_ancestors():
    ids = SAMPLES["response_id"].tolist()
    first = rows(
        "aggregate_full",
        [(g * 2 + i, 1, 1, 10 + i, None, ids[2 * g : 2 * g + 2]) for g in (0, 1) for i in (0, 1)],
    )
    made = first["response_id"].tolist()
    second = rows(
        "aggregate_full",
        [(g, 2, g, 4, None, made[2 * g : 2 * g + 2]) for g in (0, 1)],
    )
    frame = evaluate_strategy("merge_responses", pd.concat([SAMPLES, first, second]), [1, 2, 4])
    assert by_budget(frame) == {2: 0.5}
    # groups: samples 5 + 7 and 20 + 8, first layer 10 + 11, last 4
    assert by_budget(frame, "cost_output_tokens")[2] == pytest.approx((37 + 53) / 2)
    assert_three_bytes_a_token(frame)
    assert by_budget(frame, "cost_sequential_tokens")[2] == pytest.approx((7 + 20) / 2 + 11 + 4)
    assert by_budget(frame, "cost_total_tokens")[2] == pytest.approx(45 + 10 + 100 + 100)
    assert by_budget(frame, "cost_calls")[2] == 5
    squares = 25 + 49 + 400 + 64 + 2 * (100 + 121 + 16)
    assert by_budget(frame, "cost_squared_tokens")[2] == pytest.approx(squares / 2)
    products = 10 * (12 + 28) + 2 * 100 * (21 + 4), 10 * (7 + 20) + 2 * 100 * (11 + 4)
    assert by_budget(frame, "cost_prompt_attention")[2] == pytest.approx(products[0] / 2)
    assert by_budget(frame, "cost_prompt_traffic")[2] == pytest.approx(products[1] / 2)


def test_a_merge_of_unknown_responses_is_refused():
    orphan = rows("select", [(0, 1, 0, 4, None, ["elsewhere"])])
    frame, reasons = evaluate_with_reasons(
        "universal_consistency", pd.concat([SAMPLES, orphan]), [1]
    )
    assert frame.empty
    assert "'elsewhere', which is not here" in reasons["reason"][0]


def test_truncated_thinking_is_a_curve_over_its_own_axis():
    cut = rows("truncate", [(d, b, int(b < 16 + d), b + 2) for d in range(4) for b in (0, 16, 32)])
    frame = evaluate_strategy("truncated", pd.concat([SAMPLES, cut]), [1, 2])
    assert by_budget(frame) == pytest.approx({0: 0.0, 16: 0.25, 32: 1.0})
    assert by_budget(frame, "cost_output_tokens") == pytest.approx({0: 2, 16: 18, 32: 34})
    assert_three_bytes_a_token(frame)
