import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from itc import registry
from itc.analyses import _responses, length_law, lengths, marker_sensitivity, markers
from itc.analyses._contrast import contrast
from itc.features._lexicon import lexicon_hash
from itc.tables import to_arrow

from .feature_outcomes import outcomes


def built(module, frame, settings=None):
    table = module.build({"outcomes": frame}, settings or {})
    to_arrow(table, module.SCHEMA.name)
    return table


def test_contrast_equals_clustered_least_squares_and_the_paired_mean():
    frame = outcomes(seed=3)
    values = frame[["f_hedging_per_1000_words"]].to_numpy()
    right = (frame["verdict"] == "right").astype(float)
    row = contrast(values, right, frame["problem_id"]).iloc[0]
    groups = pd.factorize(frame["problem_id"])[0]
    fit = sm.OLS(values[:, 0], sm.add_constant(right)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    n = frame["problem_id"].nunique()
    assert row["pooled_difference"] == pytest.approx(fit.params.iloc[1])
    assert row["pooled_se"] == pytest.approx(fit.bse.iloc[1] * np.sqrt(n / (n - 1)))
    by = frame.assign(v=values[:, 0], r=right).groupby(["problem_id", "r"])["v"].mean().unstack()
    gaps = (by[1.0] - by[0.0]).dropna()
    assert row["n_problems_both"] == len(gaps)
    assert row["within_difference"] == pytest.approx(gaps.mean())
    assert row["within_se"] == pytest.approx(gaps.std(ddof=1) / np.sqrt(len(gaps)))


def test_contrast_of_missing_values_and_of_one_outcome():
    values = np.array([[1.0, np.nan], [2.0, np.nan], [3.0, 5.0]])
    rows = contrast(values, np.array([1, 0, 1]), np.array(["a", "a", "b"]))
    assert rows["n_responses"].tolist() == [3, 1]
    assert rows.loc[0, "within_difference"] == -1 and np.isnan(rows.loc[0, "within_se"])
    assert np.isnan(rows.loc[1, "pooled_difference"]) and np.isnan(rows.loc[1, "pooled_se"])


def test_difficulty_is_seen_pooled_and_not_within():
    table = built(markers, outcomes(within=0.0, n_problems=80)).set_index(["subset", "category"])
    row = table.loc[("decided", "hedging")]
    assert row["pooled_high"] < -1
    assert row["within_low"] < 0 < row["within_high"]


def test_effect_within_questions_has_its_size():
    table = built(markers, outcomes(within=1.5, n_problems=80)).set_index(["subset", "category"])
    assert table.loc[("decided", "hedging"), "within_difference"] == pytest.approx(-1.5, abs=0.3)
    assert table.loc[("decided", "discourse"), "within_difference"] == pytest.approx(1.5, abs=0.3)
    assert (table["lexicon_sha256"] == lexicon_hash()).all()


def test_undecided_responses_are_counted_and_left_out():
    frame = outcomes()
    frame.loc[:9, "verdict"] = "undecided"
    table = built(lengths, frame)
    assert (table["n_undecided"] == 10).all()
    assert table["n_responses"].max() == len(frame) - 10


def test_all_datasets_together_count_problems_of_equal_name_apart():
    table = built(lengths, outcomes(datasets=("d", "e")))
    rows = table[(table["subset"] == "decided") & (table["measure"] == "tokens")]
    sizes = rows.set_index("dataset")["n_problems"]
    assert sizes["all"] == sizes["d"] + sizes["e"]
    alone = built(lengths, outcomes())
    assert set(alone["dataset"]) == {"d"}


def test_subsets_leave_out_what_they_say():
    frame = outcomes()
    frame.loc[frame["draw"] == 3, "n_output_tokens"] //= 3
    frame.loc[:4, "truncated"] = True
    frame.loc[5:9, "answer_class"] = -1
    decided = _responses.decided(frame, {})
    found = dict(_responses.subsets(decided))
    assert len(found["uncut"]) == len(frame) - 5 and len(found["answered"]) == len(frame) - 5
    assert set(found["exchangeable"]["draw"]) == set(range(8)) - {3}


def test_other_procedures_are_no_samples():
    frame = outcomes()
    other = frame.assign(procedure="revise_full", round=1, n_output_tokens=1)
    both = pd.concat([frame, other])
    pd.testing.assert_frame_equal(built(lengths, both), built(lengths, frame))
    renamed = frame.assign(procedure="sample_plain")
    found = built(lengths, renamed, {"sample_procedure": "sample_plain"})
    assert len(found) == len(built(lengths, frame))


def test_judge_scores_reach_the_response_they_judge():
    frame = outcomes(n_problems=10)
    frame["parents"], frame["score"] = None, np.nan
    judged = frame.iloc[:20].assign(procedure="judge_score", verdict="wrong")
    judged["parents"] = [[r] for r in judged["response_id"]]
    judged["score"] = np.arange(20.0)
    judged["response_id"] += "/judged"
    settings = {"procedures": {"sample": {"kind": "sample"}, "judge_score": {"kind": "judge"}}}
    decided = _responses.decided(pd.concat([frame, judged]), settings)
    assert decided["f_judge_score"].iloc[:20].tolist() == list(range(20))
    assert decided["f_judge_score"].iloc[20:].isna().all()


def test_shortest_minus_longest_shares_ties():
    found = lengths.shortest_minus_longest(
        np.array([1.0, 1, 2, 5, 5, 3, 4, np.nan]),
        np.array([1.0, 0, 0, 1, 1, 1, 0, 1]),
        np.array(["a", "a", "a", "b", "b", "c", "c", "c"]),
    )
    # a: 1/2 - 0, b has no ranks, c: 1 - 0
    assert found["n_problems_ranked"] == 2
    assert found["shortest_minus_longest"] == pytest.approx(0.75)


def test_length_ranks():
    length = np.array([10.0, 30, 20, 40, 7, 5])
    problem = np.array(["a"] * 4 + ["b"] * 2)
    assert length_law.ranked(length, problem, 4).tolist() == [1, 3, 2, 4, 3, 1]
    assert length_law.ranked(length, problem, 2).tolist() == [1, 2, 1, 2, 2, 1]


def test_length_law_falls_where_longer_is_wrong():
    table = built(length_law, outcomes(within=6.0, n_problems=80))
    rows = table[table["subset"] == "decided"].set_index("rank")
    assert rows["n_ranks"].unique().tolist() == [8] == [len(rows)]
    assert rows["accuracy"].iloc[0] > rows["accuracy"].iloc[-1] + 0.2
    assert rows["within_high"].iloc[-1] < 0 < rows["within_low"].iloc[0]
    assert rows["within_difference"].mean() == pytest.approx(0, abs=0.01)  # ties share a rank


def test_words_stand_in_for_unknown_tokens():
    frame = outcomes().assign(n_output_tokens=np.nan, f_log_tokens=np.nan)
    frame["f_words"] = np.random.default_rng(0).integers(50, 500, len(frame)).astype(float)
    assert set(built(length_law, frame)["measure"]) == {"f_words"}
    assert set(built(lengths, frame)["measure"]) == {"words"}


def test_sensitivity_compares_every_variant_with_our_lexicon():
    frame = outcomes(n_problems=80)
    frame["f_hedging_odd_per_1000_words"] = frame["f_hedging_per_1000_words"] / 2
    frame["f_hedging_without_maybe_per_1000_words"] = 0.9 * frame["f_hedging_per_1000_words"]
    frame["f_hedging_lexical_hints_per_1000_words"] = -frame["f_hedging_per_1000_words"]
    frame["f_thinking_verification_per_1000_words"] = frame["f_thinking_per_1000_words"]
    source = built(markers, frame)
    table = marker_sensitivity.build({"markers": source}, {})
    to_arrow(table, "marker_sensitivity")
    rows = table[table["subset"] == "decided"].set_index(["construct", "variant"])
    hedging = rows.loc["hedging"]
    assert hedging["kind"].to_dict() == {
        "hedging": "whole",
        "hedging_odd": "half",
        "hedging_without_maybe": "without a marker",
        "hedging_lexical_hints": "published",
    }
    left = hedging.loc["hedging_without_maybe"]
    assert left["within_relative"] == pytest.approx(hedging.loc["hedging", "within_relative"])
    assert left["within_sign_agrees"]
    assert hedging.loc["hedging_odd", "pooled_sign_agrees"]
    assert not hedging.loc["hedging_lexical_hints", "pooled_sign_agrees"]
    assert hedging["reference"].sum() == 1
    assert rows.loc["thinking", "kind"].to_dict() == {
        "thinking": "whole",
        "thinking_verification": "category",
    }


@pytest.mark.parametrize(
    "name", ["markers", "lengths", "length_law", "regression", "prediction", "calibration"]
)
@pytest.mark.parametrize("features", [True, False])
def test_empty_outcomes_give_an_empty_table(name, features):
    frame = outcomes().iloc[:0]
    if not features:
        frame = frame.drop(columns=[c for c in frame if c.startswith("f_")])
    table = registry.load("analyses", name).build({"outcomes": frame}, {})
    assert len(to_arrow(table, name)) == 0
