"""Tables planning, standings and grader_error on studies whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from itc import registry, tables
from itc.estimate.plan import render
from itc.strategies._base import evaluate_strategy

SETTINGS = {"seed": 3, "bootstrap": 300, "models": {}}
SKILLS = {"good": 1.2, "same": 1.2, "weak": -1.0}


def outcomes(problems=60, draws=8, dataset="d", seed=0):
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(scale=1.5, size=problems)
    frames = []
    for model, skill in SKILLS.items():
        ability = 1 / (1 + np.exp(-(skill - difficulty + rng.normal(scale=0.5, size=problems))))
        wrong = rng.choice([1, 2], p=[0.7, 0.3], size=(problems, draws))
        codes = np.where(rng.random((problems, draws)) < ability[:, None], 0, wrong).ravel()
        frames.append(
            pd.DataFrame(
                {
                    "dataset": dataset,
                    "model": model,
                    "procedure": "sample",
                    "problem_id": np.repeat([f"p{i:03d}" for i in range(problems)], draws),
                    "draw": np.tile(np.arange(draws), problems).astype(np.int32),
                    "round": np.int32(0),
                    "answer_class": codes.astype(np.int32),
                    "answer": codes.astype(str),
                    "verdict": np.where(codes == 0, "right", "wrong"),
                    "n_prompt_tokens": 10,
                    "n_output_tokens": 100 + codes * 10,
                    "source_correct": pd.array(codes == 0, dtype="boolean"),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def evaluations():
    frame = outcomes()
    names = ("single", "majority", "shortest", "coverage")
    found = [evaluate_strategy(n, frame, [1, 2, 4, 8], seed=1) for n in names]
    return pd.concat(found, ignore_index=True)


def build(name, label, frame):
    table = registry.load("analyses", name).build({label: frame}, SETTINGS)
    assert tables.to_arrow(table, name).num_rows == len(table)
    return table


def test_halves_are_the_same_strategy_on_either_half(evaluations):
    own = evaluations[(evaluations["strategy"] == "majority") & (evaluations["model"] == "weak")]
    frame = outcomes()
    for column, start in (("correct_even", 0), ("correct_odd", 1)):
        half = frame[frame["draw"] % 2 == start]
        want = evaluate_strategy("majority", half, [1, 2, 4], seed=1)
        want = want[want["model"] == "weak"].set_index(["problem_id", "budget"])["correct"]
        got = own[own["budget"] < 8].set_index(["problem_id", "budget"])[column]
        pd.testing.assert_series_equal(got.sort_index(), want.sort_index(), check_names=False)
    assert own.loc[own["budget"] == 8, "correct_even"].isna().all()


def test_curves_say_draw_noise_only_where_two_halves_do(evaluations):
    curves = build("curves", "evaluations", evaluations).set_index(["model", "strategy", "budget"])
    at = curves.loc[("weak", "majority")]
    assert at.loc[[1, 2, 4], "draw_variance_share"].between(0.05, 1).all()
    assert np.isnan(at.loc[8, "draw_variance_share"]) and np.isnan(at.loc[8, "fixed_low"])
    one, vote = curves.loc[("weak", "single", 1)], at.loc[1]
    assert one["draw_variance_share"] == pytest.approx(vote["draw_variance_share"])
    inside = (at["fixed_high"] - at["fixed_low"]) / (at["high"] - at["low"])
    assert (inside.dropna() < 1).all()
    assert (at["band_low"] <= at["low"] + 1e-12).all()
    assert (at["band_high"] >= at["high"] - 1e-12).all()


def test_the_plan_names_what_is_needed_and_prints(evaluations):
    plan = build("planning", "evaluations", evaluations)
    assert "coverage" not in set(plan["strategy"])
    votes = plan[(plan["strategy"] == "majority") & (plan["scope"] == "strategies")]
    assert set(votes["budget"]) == {4} and set(votes["against"]) == {"single"}
    models = plan[(plan["scope"] == "models") & (plan["strategy"] == "single")]
    far = models[(models["model"] == "good") & (models["against"] == "weak")]
    assert (far["low"] > 0).all() and (far["fixed_low"] > far["low"]).all()
    row = far.set_index("effect").loc[0.02]
    assert row["cheaper"] == "problems" and row["problems_needed"] > 500
    assert (far["problems_needed"].diff().dropna() < 0).all()  # larger effects need fewer
    large = far.set_index("effect").loc[0.1]
    if large["cheaper"] != "enough" and large["draws_needed"] > 0:
        assert large["problems_needed"] * 8 <= large["draws_needed"] * 60
    text = render(plan)
    assert "good: single at 1 - weak at 1, 8 draws" in text and "d, 60 problems" in text


def test_values_equal_but_for_rounding_have_no_plan(evaluations):
    own = evaluations[evaluations["strategy"].isin(["single", "majority"])]
    noise = np.random.default_rng(1).choice([-1e-16, 0, 1e-16], size=(len(own), 3))
    same = own[own["strategy"] == "majority"].assign(strategy="shortest")
    for column, add in zip(("correct", "correct_even", "correct_odd"), noise.T, strict=True):
        same[column] = same[column] + add[: len(same)]
    plan = build("planning", "evaluations", pd.concat([own, same], ignore_index=True))
    rows = plan[plan["strategy"] == "shortest"]
    assert len(rows) and (rows["cheaper"] == "unknown").all()
    assert rows["detectable"].isna().all() and "never differed" in render(plan)


def test_standings_tell_the_weak_model_from_two_that_are_equal(evaluations):
    table = build("standings", "evaluations", evaluations).set_index(["scope", "model"])
    ranked = table.loc["models by single"]
    assert ranked.loc["weak", ["rank_low", "rank_high", "tier"]].tolist() == [3, 3, 2]
    assert (ranked.loc[["good", "same"], "rank_low"] == 1).all()
    assert (ranked.loc[["good", "same"], "rank_high"] == 2).all()
    assert ranked["share_best"].sum() == pytest.approx(1)
    assert ranked["bayes_best"].sum() == pytest.approx(1)
    assert (ranked["bayes_low"] < ranked["bayes"]).all()
    shrunk = (ranked["accuracy"] * 8 + 1) / 10  # a uniform prior adds one right and one wrong draw
    assert ranked["bayes"].tolist() == pytest.approx(shrunk.tolist())


def test_second_grades_give_rates_and_a_corrected_accuracy():
    frame = outcomes(problems=40)
    frame.loc[frame["draw"] > 3, "source_correct"] = pd.NA  # an audit of half the draws
    rng = np.random.default_rng(1)
    flipped = (frame["verdict"] == "wrong") & (rng.random(len(frame)) < 0.3)
    frame.loc[flipped, "verdict"] = "right"  # a lenient grader
    table = build("grader_error", "outcomes", frame).set_index("model")
    assert (table["n_second"] == 160).all() and (table["n_false_wrong"] == 0).all()
    assert table["false_right"].between(0.15, 0.45).all()
    assert (table["false_wrong_high"] > 0).all()  # none seen is not none
    assert (table["corrected"] < table["accuracy"]).all()
    truth = outcomes(problems=40).groupby("model")["source_correct"].mean()
    assert (table["corrected_low"] < truth).all() and (truth < table["corrected_high"]).all()
    nothing = frame.assign(source_correct=pd.array([None] * len(frame), dtype="boolean"))
    assert build("grader_error", "outcomes", nothing).empty
