"""Tables keep their schema at each write and each read, or say what is wrong."""

import functools
import operator
import os

import pandas as pd
import pytest
from itc import schemas, tables

ROW = {
    "dataset": "d",
    "model": "m",
    "strategy": "s",
    "problem_id": "p",
    "budget": 1,
    "correct": 0.5,
    "cost_calls": 1.0,
}


def frame(n=3):
    return pd.DataFrame([{**ROW, "problem_id": f"p{i}"} for i in reversed(range(n))])


def test_round_trip_is_sorted_and_typed(tmp_path):
    tables.write(frame(), "evaluations", tmp_path / "x.parquet")
    back = tables.read(tmp_path / "x.parquet", "evaluations")
    assert list(back["problem_id"]) == ["p0", "p1", "p2"]
    assert back["budget"].dtype == "int32"
    assert list(back["cost_calls"]) == [1.0] * 3


def test_equal_content_is_equal_bytes(tmp_path):
    tables.write(frame(), "evaluations", tmp_path / "a.parquet")
    tables.write(frame().iloc[::-1], "evaluations", tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(colour=1), "colour"),
        (lambda f: f.drop(columns="correct"), "correct"),
        (lambda f: f.assign(problem_id="same"), "repeat a key"),
        (lambda f: f.assign(correct=[None, 0.1, 0.2]), "1 missing values"),
        (lambda f: f.assign(budget="many"), "budget"),
    ],
)
def test_a_table_that_breaks_its_schema_is_refused(tmp_path, change, message):
    with pytest.raises(tables.TableError, match=message):
        tables.write(change(frame()), "evaluations", tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_truncated_file_is_named(tmp_path):
    path = tmp_path / "x.parquet"
    tables.write(frame(), "evaluations", path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(tables.TableError, match=r"x\.parquet: not a readable parquet file"):
        tables.read(path, "evaluations")


def test_other_version_is_refused_with_the_mend(tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    tables.write(frame(), "evaluations", path)
    newer = schemas.Schema(**{**vars(schemas.SCHEMAS["evaluations"]), "version": 99})
    monkeypatch.setitem(schemas.SCHEMAS, "evaluations", newer)
    with pytest.raises(tables.TableError, match=r"version 1, expected .* version 99; delete"):
        tables.read(path, "evaluations")


def test_disk_full_leaves_nothing_behind(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        tables.write(frame(), "evaluations", tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_stream_yields_every_row_once(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROW_GROUP", 2)
    tables.write(frame(5), "evaluations", tmp_path / "x.parquet")
    pieces = list(tables.stream(tmp_path / "x.parquet", "evaluations"))
    assert [len(piece) for piece in pieces] == [2, 2, 1]
    assert functools.reduce(operator.iadd, (list(piece["problem_id"]) for piece in pieces), []) == [
        f"p{i}" for i in range(5)
    ]
