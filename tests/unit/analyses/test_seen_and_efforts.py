"""Dates of problems against dates of models, and the effort levels of one model."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from itc import registry, tables
from itc.analyses.seen import AFTER, SEEN, UNKNOWN, judge
from itc.claims.thinking_helps import pairs
from itc.config.efforts import families, rank


@pytest.mark.parametrize(
    ("published", "cutoff", "released", "verdict"),
    [
        ("2025-02-06", "2024-06", "2025-08-05", AFTER),  # the makers' last day is before
        ("2025-02-06", "2025-06", "2025-08-05", SEEN),
        ("2025-02-06", None, "2025-08-05", SEEN),  # no cut-off known: the release decides
        ("2026-02-06", None, "2025-08-05", AFTER),
        ("2026-02-06", "2026-04", "2025-08-05", AFTER),  # released before: it cannot have
        ("2025-02", "2025-02-20", None, SEEN),  # the same month is no proof of anything
        ("2025-03", "2025-02-20", None, AFTER),
        (None, "2025-01", "2025-02", UNKNOWN),
        ("2025-03", None, None, UNKNOWN),
    ],
)
def test_problems_count_as_seen_unless_they_surely_came_later(published, cutoff, released, verdict):
    found, reason = judge(published, cutoff, released)
    assert found == verdict and reason


def test_the_table_has_a_row_for_every_dataset_and_model():
    settings = {
        "datasets": {"aime2026": {"published": "2026-02-06"}, "gsm8k": {"published": "2021-10"}},
        "models": {"m": {"released": "2025-08-05", "cutoff": "2024-06"}, "n": {}},
    }
    table = registry.load("analyses", "seen").build({}, settings)
    assert tables.to_arrow(table, "seen").num_rows == 4
    verdicts = table.set_index(["dataset", "model"])["verdict"].to_dict()
    assert verdicts == {
        ("aime2026", "m"): AFTER,
        ("gsm8k", "m"): SEEN,
        ("aime2026", "n"): UNKNOWN,
        ("gsm8k", "n"): UNKNOWN,
    }


def entry(**keys):
    return {"reasoning": True, "model": "w", **keys}


MODELS = {
    "oss-high": entry(effort_of="oss", effort="high"),
    "oss-low": entry(effort_of="oss", effort="low"),
    "oss": entry(effort="medium"),
    "alone": entry(model="v", effort_of="single", effort="low"),
    "plain": entry(model="u"),
    "on": entry(model="x"),
    "off": entry(model="x", reasoning=False),
}


def test_levels_are_ordered_and_the_named_entry_is_one_of_them():
    assert families(MODELS) == {"oss": ["oss-low", "oss", "oss-high"]}
    assert sorted(["high", 512, "none", "odd", "4096", "low"], key=rank) == [
        *("none", "low", "high", "odd"),
        *(512, "4096"),
    ]


def test_the_claim_reads_both_switches_and_levels():
    assert pairs(MODELS) == [("on", "off"), ("oss-high", "oss-low")]


def test_a_figure_joins_the_levels_in_their_order():
    at = {"oss-low": (100, 0.4), "oss": (300, 0.6), "oss-high": (900, 0.7), "plain": (50, 0.3)}
    rows = [
        {"dataset": "d", "model": m, "strategy": s, "budget": b, "accuracy": a + gain}
        | {"low": a, "high": a + 0.2, "cost_sequential_tokens": float(t)}
        for m, (t, a) in at.items()
        for s, b, gain in (("single", 1, 0.0), ("majority", 4, 0.1), ("majority", 8, 0.15))
        if (m, b) != ("oss", 8)  # a level with fewer samples: all are compared at four
    ]
    models = pd.DataFrame(
        [
            {"model": m, "title": m, "reasoning": True}
            | {"effort_of": MODELS[m].get("effort_of"), "effort": MODELS[m].get("effort")}
            for m in at
        ]
    )
    fig, data = registry.load("figures", "effort").draw(
        {"curves": pd.DataFrame(rows), "models": models}
    )
    plt.close(fig)
    single = data[data["strategy"] == "single"]
    assert single["effort"].tolist() == ["low", "medium", "high"]
    assert single["cost_sequential_tokens"].tolist() == [100, 300, 900]
    assert set(data.loc[data["strategy"] == "majority", "budget"]) == {4}
    assert "plain" not in set(data["model"])
