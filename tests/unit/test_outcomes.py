"""Outcomes: grades, tokens and answer classes of one dataset and model, joined without text."""

from __future__ import annotations

import pandas as pd
import pytest
from itc import tables
from itc.analyses import quality
from itc.annotate import annotate
from itc.config.procedure import Settings
from itc.outcomes import RESPONSE_COLUMNS, MixedPlatformError, build_outcomes


def responses(**texts):
    """Table ``responses``: the texts of each problem, one draw each."""
    rows = [
        {
            "dataset": "d",
            "model": "m",
            "procedure": "sample",
            "problem_id": problem,
            "draw": draw,
            "round": 0,
            "response_id": f"{problem}-{draw}",
            "text": rf"\boxed{{{answer}}}",
            "finish_reason": "length" if answer == "cut" else "stop",
            "n_output_tokens": 10 + draw,
            "engine": "e",
        }
        for problem, answers in texts.items()
        for draw, answer in enumerate(answers)
    ]
    frame = pd.DataFrame(rows)
    return tables.to_arrow(frame, "responses").to_pandas()


def problems(**golds):
    frame = pd.DataFrame(
        {
            "problem_id": list(golds),
            "question": "?",
            "gold": list(golds.values()),
            "answer_type": "math",
        }
    )
    return tables.to_arrow(frame, "datasets").to_pandas()


@pytest.fixture
def joined():
    asked = problems(p="9", q="5")
    given = responses(p=["x=5", "5", "y=5", "7"], q=["x=5", "y=5", "1", "2"])
    grades = annotate(given, asked, Settings.of({"kind": "sample", "max_tokens": 9}), [])
    return build_outcomes(asked, given[list(RESPONSE_COLUMNS)], grades)


def test_pairs_for_which_the_relation_is_no_equivalence_are_counted(joined):
    arrow = tables.to_arrow(joined, "outcomes")
    assert "text" not in arrow.column_names
    assert "normal_form" not in arrow.column_names
    by_problem = joined.groupby("problem_id")
    assert by_problem["intransitive_pairs"].first().to_dict() == {"p": 1, "q": 1}
    assert joined["asymmetric_pairs"].eq(0).all()
    flagged = joined.loc[joined["class_conflict"], ["problem_id", "answer"]]
    assert set(flagged.itertuples(index=False, name=None)) == {
        ("p", "x=5"), ("p", "y=5"), ("q", "x=5"), ("q", "y=5"),
    }  # fmt: skip


def test_quality_shows_them(joined):
    row = quality.build({"outcomes": tables.to_arrow(joined, "outcomes").to_pandas()}, {}).iloc[0]
    assert row["intransitive_pairs"] == 2
    assert row["asymmetric_pairs"] == 0
    assert row["class_conflict"] == pytest.approx(4 / 8)
    tables.to_arrow(row.to_frame().T, "quality")


def test_quality_of_outcomes_that_lack_the_counts_is_unknown_not_zero(joined):
    old = joined.drop(columns=["class_conflict", "asymmetric_pairs", "intransitive_pairs"])
    row = quality.build({"outcomes": tables.to_arrow(old, "outcomes").to_pandas()}, {}).iloc[0]
    assert pd.isna(row["intransitive_pairs"])
    assert pd.isna(row["class_conflict"])


def test_draws_of_two_platforms_are_refused():
    asked, given = problems(p="9"), responses(p=["1", "9"])
    grades = annotate(given, asked, Settings.of({"kind": "sample", "max_tokens": 9}), [])
    mixed = given.assign(gpu=["A", "B"])
    with pytest.raises(MixedPlatformError, match=r"different platforms: .*gpu A.*; .*gpu B"):
        build_outcomes(asked, mixed, grades)
    with pytest.raises(MixedPlatformError, match="tensor parallel 2"):
        build_outcomes(asked, given.assign(tensor_parallel=[1, 2]), grades)
    pooled = build_outcomes(asked, mixed, grades, mixed_platforms=True)
    assert pooled["platform"].nunique() == 2
    row = quality.build({"outcomes": tables.to_arrow(pooled, "outcomes").to_pandas()}, {}).iloc[0]
    assert row["n_platforms"] == 2
    with pytest.raises(ValueError, match="1 responses and annotations do not match"):
        build_outcomes(asked, given, grades.iloc[:1])
