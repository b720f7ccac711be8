"""Tables that put a mean into context: breadth, cut responses, gains, fits, allocation."""

import numpy as np
import pandas as pd
import pytest
from itc import registry, schemas, tables
from itc.analyses import fits
from itc.analyses.breadth import difficulty_levels
from itc.strategies._base import evaluate_strategy

BUDGETS = [1, 2, 4, 8]
SETTINGS = {
    "seed": 3,
    "bootstrap": 400,
    "budgets": BUDGETS,
    "models": {"m": {}},
    "procedures": {"sample": {"kind": "sample"}, "sample_plain": {"kind": "sample"}},
}


def make(problems=24, draws=8, dataset="d", seed=0, cut=0.1):
    rng = np.random.default_rng(seed)
    ability = np.linspace(0.05, 0.95, problems)[:, None]
    right = rng.random((problems, draws)) < ability
    truncated = rng.random(right.shape) < cut
    right &= ~truncated
    codes = np.where(right, 0, rng.integers(1, 4, size=right.shape))
    return pd.DataFrame(
        {
            "dataset": dataset,
            "model": "m",
            "procedure": "sample",
            "problem_id": np.repeat([f"p{i:02d}" for i in range(problems)], draws),
            "draw": np.tile(np.arange(draws), problems),
            "round": 0,
            "answer_class": codes.ravel(),
            "verdict": np.where(right, "right", "wrong").ravel(),
            "n_prompt_tokens": 10,
            "n_output_tokens": rng.integers(20, 200, size=right.size),
            "truncated": truncated.ravel(),
            "subject": np.repeat(np.where(np.arange(problems) % 2, "algebra", "number"), draws),
            "difficulty": np.repeat(np.arange(problems) // 8, draws).astype(float),
        }
    )


@pytest.fixture(scope="module")
def inputs():
    outcomes = make()
    names = ("single", "majority", "coverage", "shortest", "longest")
    return {
        "outcomes": outcomes,
        "evaluations": pd.concat([evaluate_strategy(n, outcomes, BUDGETS) for n in names]),
    }


def build(name, inputs):
    table = registry.load("analyses", name).build(inputs, SETTINGS)
    assert tables.to_arrow(table, name).num_rows == len(table)
    return table


def test_breadth_averages_back_to_the_mean(inputs):
    table = build("breadth", inputs)
    evaluations = inputs["evaluations"]
    whole = evaluations[(evaluations["strategy"] == "majority") & (evaluations["budget"] == 8)]
    for by in ("subject", "difficulty"):
        rows = table[
            (table["by"] == by) & (table["strategy"] == "majority") & (table["budget"] == 8)
        ]
        assert rows["n_problems"].sum() == 24
        mean = np.average(rows["accuracy"], weights=rows["n_problems"])
        assert mean == pytest.approx(whole["correct"].mean())
    hard_to_easy = table[
        (table["by"] == "difficulty") & (table["strategy"] == "single")
    ].sort_values("rank")
    assert hard_to_easy["level"].tolist() == ["0", "1", "2"]
    assert hard_to_easy["accuracy"].is_monotonic_increasing
    assert set(table["budget"]) == {1, 8}


def test_many_difficulties_become_quintiles():
    levels = difficulty_levels(pd.Series(np.arange(100.0)))
    assert levels.nunique() == 5
    few = difficulty_levels(pd.Series([1.0, np.nan]))
    assert few[0] == "1"
    assert few.isna().tolist() == [False, True]


def test_censoring_shows_all_three_treatments(inputs):
    table = build("censoring", inputs).set_index(["strategy", "budget", "treatment"])
    outcomes = inputs["outcomes"]
    kept = outcomes[~outcomes["truncated"]]
    right = (kept["verdict"] == "right").groupby(kept["problem_id"]).mean().mean()
    assert table.loc[("single", 1, "uncut only"), "accuracy"] == pytest.approx(right)
    recorded = table.loc[("majority", 8, "as recorded"), "accuracy"]
    silent = table.loc[("majority", 8, "cut gives no answer"), "accuracy"]
    assert silent >= recorded  # cut responses never vote right here, but do vote
    assert table["share_cut"].iloc[0] == pytest.approx(outcomes["truncated"].mean())
    shortest = table.xs("as recorded", level="treatment").loc["shortest"]["accuracy"]
    want = inputs["evaluations"].query("strategy == 'shortest'").groupby("budget")["correct"].mean()
    assert shortest.to_dict() == pytest.approx(want.to_dict())
    assert {"worst_of_n", "short_m", "abstaining"} <= set(table.index.get_level_values("strategy"))
    counts = kept.groupby("problem_id").size()
    rows = table.xs("uncut only", level="treatment").xs("majority", level="strategy")
    assert rows["n_problems"].to_dict() == {
        b: int((counts >= b).sum()) for b in BUDGETS if (counts >= b).any()
    }


def test_variants_are_evaluated_and_explained_under_their_own_name():
    options = {"short_1": {"strategy": "short_m", "m": 1}, "sure": {"strategy": "borda", "p": 2.0}}
    settings = SETTINGS | {"strategies": ["shortest", *options], "strategy_options": options}
    inputs = {"outcomes": make(problems=6)}
    table = registry.load("analyses", "censoring").build(inputs, settings)
    accuracy = table.set_index(["strategy", "budget", "treatment"])["accuracy"]
    assert accuracy["short_1"].to_dict() == pytest.approx(accuracy["shortest"].to_dict())
    reasons = registry.load("analyses", "unavailable").build(inputs, settings)
    assert set(reasons["strategy"]) == {"sure"}


def test_without_cut_responses_all_treatments_are_alike():
    table = build("censoring", {"outcomes": make(problems=6, cut=0.0)})
    alike = table.groupby(["strategy", "budget"])[["accuracy", "low", "n_problems"]].nunique()
    assert (table.groupby(["strategy", "budget"]).size() == 3).all()
    assert (alike == 1).all(axis=None)


def test_gains_are_differences_of_the_curve(inputs):
    gains = build("gains", inputs).set_index(["strategy", "quantity", "budget"])
    mean = inputs["evaluations"].groupby(["strategy", "budget"])["correct"].mean()
    assert gains.loc[("majority", "doubling", 4), "value"] == pytest.approx(
        mean["majority", 8] - mean["majority", 4]
    )
    assert gains.loc[("majority", "selection_gap", 8), "value"] == pytest.approx(
        mean["coverage", 8] - mean["majority", 8]
    )
    assert ("coverage", "selection_gap", 8) not in gains.index
    assert (gains["low"] <= gains["value"] + 1e-12).all()


def test_fits_have_bands_around_the_curve(inputs):
    table = build("fits", inputs)
    fitted = table[table["quantity"] == "fitted"]
    mean = inputs["evaluations"].groupby(["strategy", "budget"])["correct"].mean()
    for row in fitted.itertuples():
        assert row.low <= row.value <= row.high
        assert row.value == pytest.approx(mean[row.strategy, row.budget], abs=0.05)
    quantities = table.groupby("law")["quantity"].agg(set).to_dict()
    checked = {"fitted", "r_squared", "predicted", "misfit", "better"}
    assert quantities == {  # three budgets of a vote (2, 4, 8) are too few for three parameters
        "power_law": {"a", "b", *checked},
        "beta_binomial": {"alpha", "beta", *checked},
        "none": {"saturation_budget"},
    }
    assert set(table.loc[table["quantity"] == "predicted", "budget"]) == {8, 16, 32}
    assert table.loc[table["quantity"] == "better", "value"].sum() == table["dataset"].nunique()


def test_a_law_predicts_the_largest_budget_from_half_of_it():
    n = np.array([2.0, 4, 8, 16])
    curve = np.vstack([0.8 - 0.3 * 0.9 ** (n - 2), 0.3 + 0.05 * np.log2(n)])
    rows = pd.DataFrame(fits._laws(fits.LAWS["majority"], n, curve)).set_index("quantity")
    assert rows.loc["misfit", "all"][0] == pytest.approx(0, abs=0.005)
    assert rows.loc["misfit", "all"][1] < -0.005  # a curve that does not saturate is underestimated
    seen = rows.loc["predicted", "all"] - rows.loc["misfit", "all"]
    assert seen == pytest.approx(curve[:, -1]) and rows.loc["predicted", "budget"] == 16


def test_allocation_keeps_the_cost_and_oracle_is_not_below_uniform(inputs):
    table = build("allocation", inputs)
    assert set(table["policy"]) == {"uniform", "predicted difficulty", "oracle difficulty"}
    oracle = table[table["policy"] == "oracle difficulty"]
    assert (oracle["cost"] <= oracle["target_cost"] * 1.001).all()
    assert (oracle["difference"] >= -1e-9).all() or oracle["difference"].mean() > 0
    uniform = table[table["policy"] == "uniform"]
    assert (uniform["difference"] == 0).all()
    assert set(table["target_budget"]) == {1, 2, 4}  # half of the draws answer


def test_choices_are_those_that_the_allocation_scores(inputs):
    choices = build("allocation_choices", inputs)
    scored = build("allocation", inputs)
    key = ["policy", "target_budget"]
    shares = choices.groupby([*key, "bin"])["share"].sum()
    assert shares.to_numpy() == pytest.approx(1.0)  # a coin is tossed between two options at most
    assert (choices.groupby([*key, "bin"])["folds"].sum() <= 10).all()
    bins = choices.groupby(key)["bin"].nunique()
    assert bins.to_dict() == scored.set_index(key)["n_bins"].to_dict()
    ceiling = scored[scored["policy"] == "oracle difficulty"]  # it chooses on all problems
    assert (ceiling["cost"] <= ceiling["target_cost"] * (1 + 1e-9)).all()


@pytest.mark.parametrize("seed", range(3))
def test_random_bins_gain_nothing_at_equal_money(monkeypatch, seed):
    """Bins that know nothing of difficulty: at the money spent they are worth what one plan is.

    Against a uniform plan that may not toss a coin they gained 1.1 to 1.6 points, with the whole
    interval above zero in up to 78 % of studies.
    """
    allocation = registry.load("analyses", "allocation")
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(allocation, "rank_bins", lambda score, k: rng.integers(k, size=len(score)))
    found = []
    for study in range(6):
        outcomes = make(problems=200, draws=16, seed=10 * seed + study)
        table = allocation.build({"outcomes": outcomes}, SETTINGS)
        found.append(table[table["policy"] == "predicted difficulty"])
    table = pd.concat(found, ignore_index=True)
    none = table["no_difference"].dropna()  # cheaper than any plan for all problems together
    assert len(none) < 0.3 * len(table) and none.str.contains("costs less").all()
    assert table.loc[none.index, "difference"].isna().all()
    assert table["difference"].mean() < 0.004
    assert (table["difference_low"] > 0).mean() <= 0.1


def test_profiles_fall_with_the_threshold(inputs):
    table = build("profiles", inputs)
    one = table[(table["strategy"] == "majority") & (table["statistic"] == "profile")]
    assert one.sort_values("threshold")["value"].is_monotonic_decreasing
    assert (table[table["statistic"] == "iqm"]["value"].between(0, 1)).all()


def test_resolution_counts_pairs(inputs):
    table = build("resolution", inputs)
    row = table[(table["scope"] == "strategies") & (table["budget"] == 8)].iloc[0]
    assert row["n_compared"] == 3  # majority, shortest, longest
    assert row["detectable"] > 2.7 * row["noise"]


def test_stability_compares_with_the_main_prompt(inputs):
    other = make(seed=9).assign(procedure="sample_plain")
    table = build("stability", {"outcomes": pd.concat([inputs["outcomes"], other])})
    main = table[table["procedure"] == "sample"]
    assert (main["difference"] == 0).all()
    # Every strategy that these responses allow, not a chosen few.
    assert {"single", "majority", "coverage", "short_m", "abstaining"} <= set(main["strategy"])
    assert main["kendall_tau"].tolist() == pytest.approx([1.0] * len(main))
    assert main.set_index("strategy")["rank"].isna().to_dict()["coverage"]  # not to be run
    plain = table[table["procedure"] == "sample_plain"].set_index("strategy")
    want = (other["verdict"] == "right").mean() - (inputs["outcomes"]["verdict"] == "right").mean()
    assert plain.loc["single", "difference"] == pytest.approx(want)
    solved = [
        (o["verdict"] == "right").groupby(o["problem_id"]).mean()
        for o in (other, inputs["outcomes"])
    ]
    half = 2.0687 * (solved[0] - solved[1]).std(ddof=1) / np.sqrt(24)  # t, 23 degrees of freedom
    single = plain.loc["single"]
    assert (single["high"] - single["low"]) / 2 == pytest.approx(half, rel=0.15)
    assert single["low"] < want < single["high"]
    assert np.allclose(table["spread"], table["strategy"].map(plain["difference"].abs()))
    assert build("stability", {"outcomes": inputs["outcomes"]})["procedure"].nunique() == 1


def test_the_way_to_sample_is_chosen_on_other_problems_than_it_is_scored_on():
    names = ["sample", "sample-temperature_0.2", "sample-temperature_1.2"]
    cells = [make(seed=i, dataset="d").assign(procedure=n) for i, n in enumerate(names)]
    procedures = {name: {"kind": "sample"} for name in names}
    settings = SETTINGS | {"procedures": procedures, "strategies": ["single", "majority"]}
    module = registry.load("analyses", "stability")
    table = module.build({"outcomes": pd.concat(cells)}, settings)
    solved = pd.DataFrame(
        {
            name: (cell["verdict"] == "right").groupby(cell["problem_id"]).mean()
            for name, cell in zip(names, cells, strict=True)
        }
    ).to_numpy()
    rng = module.bootstrap.generator(3, "stability folds", "d", "m")
    fold = rng.permutation(24) % 5
    score, chosen = [], []
    for p in range(24):  # one problem at a time: its own result decides nothing
        best = solved[fold != fold[p]].mean(axis=0).argmax()
        score.append(solved[p, best])
        chosen.append((int(fold[p]), names[best]))
    single = table[table["strategy"] == "single"].set_index("procedure")
    assert single["tuned"].tolist() == pytest.approx([np.mean(score)] * 3)
    folds = pd.Series([name for _, name in sorted(set(chosen))]).value_counts()
    assert single["folds"].to_dict() == {name: folds.get(name, 0) for name in names}
    assert single["tuned_difference"].iloc[0] == pytest.approx(np.mean(score) - solved[:, 0].mean())
    # Chosen in hindsight is never worse than chosen on other problems.
    assert single["tuned"].iloc[0] <= single["accuracy"].max() + 1e-12
    vote = table[table["strategy"] == "majority"]
    assert (vote["over_vote"] == 0).all()
    assert single["over_vote"].iloc[0] == pytest.approx(np.mean(score) - vote["tuned"].iloc[0])


def test_a_strategy_that_reads_judgements_takes_those_of_its_own_way():
    names = ["sample", "sample-top_p_0.5"]
    frames = [make(seed=i).assign(procedure=n, score=np.nan) for i, n in enumerate(names)]
    judged = [
        frame.assign(procedure=name, score=(frame["verdict"] == "right").astype(float))
        for frame, name in zip(
            frames, ["judge_score", "judge_score-parent_sample-top_p_0.5"], strict=True
        )
    ]
    procedures = {
        "sample": {"kind": "sample"},
        "sample-top_p_0.5": {"kind": "sample", "swept_from": "sample"},
        "judge_score": {"kind": "judge", "parent": "sample"},
        "judge_score-parent_sample-top_p_0.5": {
            "kind": "judge",
            "parent": "sample-top_p_0.5",
            "swept_from": "judge_score",
        },
    }
    settings = SETTINGS | {"procedures": procedures, "strategies": ["judge_best", "coverage"]}
    build = registry.load("analyses", "stability").build
    table = build({"outcomes": pd.concat([*frames, *judged])}, settings)
    best = table.set_index(["strategy", "procedure"])["accuracy"]
    for name in names:  # a judge that knows the answer finds whatever there is to find
        assert best["judge_best", name] == pytest.approx(best["coverage", name])
    assert best["coverage", names[0]] != best["coverage", names[1]]
    alone = build({"outcomes": pd.concat([*frames, judged[0]])}, settings)
    shown = alone[alone["strategy"] == "judge_best"]["procedure"].tolist()
    assert shown == ["sample"]  # the others have no judgements: no row, and no row of another way


def test_unavailable_names_the_reason(inputs):
    table = build("unavailable", inputs).set_index(["strategy", "budget"])
    assert "no responses of procedure 'judge_score'" in table.loc[("judge_best", 0), "reason"]
    assert "confidence_mean is missing in 192 of 192 draws" in table.loc[("borda", 0), "reason"]
    assert ("majority", 8) not in table.index
    settings = SETTINGS | {"budgets": [16], "strategies": ["majority"]}
    few = registry.load("analyses", "unavailable").build(inputs, settings)
    assert "24 of 24 problems have only 8 draws" in few["reason"][0]


def test_empty_evaluations_give_empty_tables():
    empty = pd.DataFrame(columns=list(schemas.SCHEMAS["evaluations"].columns))
    names = ("curves", "frontier", "comparisons", "gains", "fits", "resolution", "profiles")
    for name in names:
        assert build(name, {"evaluations": empty}).empty


def test_what_reads_the_main_samples_reads_no_judgement_of_other_ones():
    from itc.analyses._responses import judge_scores

    main = make(problems=3, draws=2).assign(score=np.nan)
    main["response_id"] = [f"r{i}" for i in range(len(main))]
    parents = [[name] for name in main["response_id"]]
    swept = main.assign(procedure="j-cell", score=9.0, parents=parents)
    own = main.assign(procedure="j", score=4.0, parents=parents)
    cell = {"kind": "judge", "parent": "sample-top_p_0.5"}
    entries = {"j-cell": cell, "j": {"kind": "judge", "parent": "sample"}}
    settings = {"procedures": entries}
    found = judge_scores(pd.concat([main, swept, own]), settings, main)
    assert (found == 4.0).all()
    silent = own.assign(score=np.nan)  # no reply held a score
    assert np.isnan(judge_scores(pd.concat([main, silent]), settings, main)).all()
