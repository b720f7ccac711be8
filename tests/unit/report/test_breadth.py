"""The section that puts means into context: every table of it, and what is derived for it."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest
from itc import registry
from itc.report.context import Context

_spec = importlib.util.spec_from_file_location(
    "synthetic", Path(__file__).with_name("synthetic.py")
)
synthetic = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(synthetic)
section = registry.load("sections", "breadth")


@pytest.fixture(scope="module")
def shown():
    tables = synthetic.tables(synthetic.DEMO)
    curves = tables["curves"]
    vote = curves[(curves["strategy"] == "majority") & (curves["budget"] == 4)]
    vote = vote.assign(strategy="abstaining", metric_answered=0.8)
    vote = vote.assign(metric_utility=2 * vote["accuracy"] - 0.8)
    tables["curves"] = pd.concat([curves, vote], ignore_index=True)
    blocks = section.build(Context(tables=tables)).blocks
    return tables, {block.name: block for block in blocks if block.kind == "table"}


def frame(block):
    return pd.DataFrame(block.rows, columns=[column.key for column in block.columns])


def test_every_table_is_shown_with_all_its_columns(shown):
    _, blocks = shown
    wanted = {
        "resolution": section.RESOLUTION,
        "breadth": section.BREADTH,
        "profiles": section.ROBUST,
        "stability": section.STABILITY,
        "allocation": section.ALLOCATION,
        "censoring": section.CENSORING,
        "allocation-choices": section.CHOICES,
        "unavailable": section.ABSENT,
    }
    for name, columns in wanted.items():
        assert [c.key for c in blocks[name].columns] == [c.key for c in columns]
        assert blocks[name].rows


def test_interquartile_means_are_not_mixed_with_profiles(shown):
    tables, blocks = shown
    iqm = tables["profiles"]["statistic"] == "iqm"
    assert len(frame(blocks["profiles"])) == iqm.sum()


def test_abstaining_beside_one_sample_that_always_answers(shown):
    tables, blocks = shown
    table = frame(blocks["abstaining"])
    curves = tables["curves"]
    place = (curves["dataset"] == "all") & (curves["model"] == "tiny-direct")
    single = curves[place & (curves["strategy"] == "single")]["accuracy"].item()
    vote = curves[place & (curves["strategy"] == "abstaining")]["accuracy"].item()
    row = table[(table["model"] == "tiny-direct")].iloc[0]  # pooled rows come first
    assert row["single"] == pytest.approx(2 * single - 1, abs=1e-5)  # rounded for the page
    assert row["selective"] == pytest.approx(vote / 0.8, abs=1e-5)
    assert row["metric_utility"] == pytest.approx(2 * vote - 0.8, abs=1e-5)


def test_what_is_absent_is_named_once_from_the_first_budget_on(shown):
    tables, _ = shown
    more = tables["unavailable"].assign(budget=lambda f: f["budget"] * 2)
    rows = pd.concat([more, tables["unavailable"]])
    blocks = section.build(Context(tables=tables | {"unavailable": rows})).blocks
    table = frame(next(b for b in blocks if b.name == "unavailable"))
    assert len(table) == len(tables["unavailable"])
    assert set(table["budget"].dropna()) == {512}


def test_without_any_of_its_tables_there_is_no_section():
    assert section.build(Context(tables={})) is None
