"""A strategy's job reads the features that the strategy names, and it may not ask for others."""

import pandas as pd
import pytest
from itc import registry
from itc.strategies import _base
from itc.strategies._pool import build_pools


def test_a_job_reads_named_features_and_the_bytes_that_are_a_cost():
    columns = _base.outcome_columns("marker_weighted")
    assert {"f_words", "f_thinking_per_1000_words", "f_bytes", "verdict"} <= set(columns)
    assert len([c for c in _base.outcome_columns("majority") if c.startswith("f_")]) == 1


def test_parents_are_read_where_a_derived_procedure_takes_part():
    assert "parents" not in _base.outcome_columns("majority")
    assert "parents" in _base.outcome_columns("judge_best")
    assert "parents" in _base.outcome_columns("revision_last")


def test_an_unnamed_feature_is_an_error_and_not_silently_missing(outcomes):
    pool = build_pools(outcomes, "sample", 1, {"f_words"})[0]
    with pytest.raises(KeyError, match=r"f_thinking_per_1000_words.*NEEDS nor in FEATURES"):
        pool.values("f_thinking_per_1000_words")


@pytest.mark.parametrize("name", registry.names("strategies"))
def test_every_strategy_gives_the_same_from_the_columns_it_names(name, outcomes):
    frame = pd.DataFrame(outcomes).assign(f_words=outcomes["n_output_tokens"].astype(float))
    for rate in ("hedging", "thinking", "discourse"):
        frame[f"f_{rate}_per_1000_words"] = (frame["n_output_tokens"] % 7).astype(float)
    frame["f_hedging_count"] = frame["f_thinking_count"] = frame["f_words"] % 5
    kept = [c for c in frame.columns if c in _base.outcome_columns(name)]
    whole = _base.evaluate_strategy(name, frame, [1, 2, 4])
    part = _base.evaluate_strategy(name, frame[kept], [1, 2, 4])
    assert whole.equals(part)
