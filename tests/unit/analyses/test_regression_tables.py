import numpy as np
import pytest
from itc.analyses import calibration, prediction, regression
from itc.regression.fit import OK
from itc.tables import to_arrow

from .feature_outcomes import outcomes


def built(module, frame, settings=None):
    table = module.build({"outcomes": frame}, settings or {})
    table = module.finish(table) if hasattr(module, "finish") else table
    to_arrow(table, module.SCHEMA.name)
    return table


@pytest.fixture(scope="module")
def table():
    return built(regression, outcomes(models=("m", "solved"), datasets=("d", "e"), n_problems=50))


def test_every_method_gives_the_sign_within_questions(table):
    rows = table[
        (table["specification"] == "length")
        & (table["component"] == "within")
        & (table["dataset"] == "all")
        & (table["status"] == OK)
    ]
    assert set(rows["method"]) == {
        "within",
        "mundlak",
        "mixed",
        "linear_within",
        "linear_within_draws",
    }
    assert (rows["coefficient"] < 0).all()


def test_a_model_without_errors_gives_reasons_and_no_numbers():
    frame = outcomes(n_problems=12).assign(verdict="right")
    found = built(regression, frame)
    assert not (found["status"] == OK).any() and found["coefficient"].isna().all()
    assert found["reason"].str.contains("all 96 responses are correct").any()
    assert found["p_adjusted"].isna().all()


def test_benjamini_hochberg_within_each_family(table):
    for _, rows in table[table["status"] == OK].groupby("family"):
        p = rows["p"].to_numpy()
        order = np.argsort(p)
        steps = p[order] * len(p) / (np.arange(len(p)) + 1)
        expected = np.empty(len(p))
        expected[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1)
        np.testing.assert_allclose(rows["p_adjusted"], expected)
    apart = table[table["dataset"] == "all"]["family"].str.endswith("all datasets")
    assert apart.all()


def test_odds_ratios_and_intervals_belong_to_their_coefficients(table):
    rows = table[(table["status"] == OK) & table["odds_ratio"].notna()]
    np.testing.assert_allclose(np.log(rows["odds_ratio"]), rows["coefficient"])
    assert ((rows["low"] < rows["coefficient"]) & (rows["coefficient"] < rows["high"])).all()
    linear = table[(table["status"] == OK) & table["method"].str.startswith("linear")]
    assert linear["odds_ratio"].isna().all()
    np.testing.assert_allclose(linear["marginal_effect"], linear["coefficient"])


def test_prediction_knows_difficulty_from_questions():
    found = built(prediction, outcomes(datasets=("d", "e"), within=0.0, n_problems=60))
    rows = found[found["features"] == "markers_length"]
    assert set(rows["held_out"]) == {"problems", "dataset"}
    assert (rows["auroc_low"] > 0.6).all()
    assert (rows["within_auroc_low"] < 0.5).all() and (rows["within_auroc_high"] > 0.5).all()
    assert (rows["brier"] < rows["brier_base"]).all()


def test_one_dataset_has_nothing_to_leave_out():
    found = built(prediction, outcomes(within=2.0))
    assert set(found["held_out"]) == {"problems"}
    assert (found[found["features"] == "markers"]["within_auroc_low"] > 0.5).all()


def test_calibration_bins_count_every_prediction():
    frame = outcomes(datasets=("d", "e"))
    curves, found = built(calibration, frame), built(prediction, frame)
    key = ["model", "dataset", "features", "held_out"]
    total = curves.groupby(key)["n"].sum()
    assert total.to_dict() == found.set_index(key)["n_responses"].to_dict()
    away = (curves["mean_probability"] - (curves["bin"] + 0.5) / 10).abs()
    assert (away <= 0.05 + 1e-9).all()
