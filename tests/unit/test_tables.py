"""Tables keep their schema at each write and each read, or say what is wrong."""

import functools
import operator
import os
import random

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
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
    with pytest.raises(tables.TableError, match=r"version \d+, expected .* version 99; delete"):
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


def older(name, path, *, without=(), version=None):
    """A file as an earlier release might have left it."""
    file = pq.read_table(path)
    metadata = dict(file.schema.metadata)
    metadata.pop(b"itc.columns", None)  # which only later releases write
    if version is not None:
        metadata[b"itc.version"] = str(version).encode()
    pq.write_table(file.drop_columns(list(without)).replace_schema_metadata(metadata), path)


def response(**more):
    keys = {"dataset": "d", "model": "m", "procedure": "sample", "problem_id": "p", "draw": 0}
    return pd.DataFrame([{**keys, "round": 0, "response_id": "r", "text": "yes", **more}])


def test_a_derived_table_without_a_later_column_is_refused_with_the_mend(tmp_path):
    path = tmp_path / "x.parquet"
    tables.write(frame(), "evaluations", path)
    older("evaluations", path, without=["correct_if_undecided_wrong", "n_draws"])
    message = r"without the columns \['correct_if_undecided_wrong', 'n_draws'\].*delete the file"
    with pytest.raises(tables.TableError, match=message):
        tables.read(path, "evaluations", ["correct"])
    with pytest.raises(tables.TableError, match=message):
        next(tables.stream(path, "evaluations"))


@pytest.mark.parametrize(("without", "version"), [(["condition", "gpu"], 1), ([], 0)])
def test_recorded_responses_of_an_earlier_release_are_read(tmp_path, without, version):
    path = tmp_path / "x.parquet"
    tables.write(response(gpu="a gpu"), "responses", path)
    new = tables.read(path, "responses")
    older("responses", path, without=without, version=version)
    old = tables.read(path, "responses")
    assert old["text"].tolist() == ["yes"] and set(old) == set(new)
    assert old[without].isna().all().all()
    assert tables.read(path, "responses", ["gpu"]).columns.tolist() == ["gpu"]
    tables.write(old, "responses", path)  # and can be written in today's form


def test_recorded_responses_of_a_later_release_are_refused_and_kept(tmp_path):
    path = tmp_path / "x.parquet"
    tables.write(response(), "responses", path)
    older("responses", path, version=99)
    with pytest.raises(tables.TableError, match="update the checkout, or put back a good copy"):
        tables.read(path, "responses")


def test_a_column_of_another_type_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    tables.write(frame(), "evaluations", path)
    file = pq.read_table(path)
    at = file.column_names.index("cost_calls")
    text = pa.array(["1"] * file.num_rows)
    pq.write_table(file.set_column(at, "cost_calls", text), path)
    with pytest.raises(tables.TableError, match="column 'cost_calls' is string, not double"):
        tables.read(path, "evaluations")


def test_every_flipped_bit_of_the_pages_is_found(tmp_path):
    path, rng = tmp_path / "x.parquet", random.Random(20250418)
    tables.write(frame(500), "evaluations", path)
    sound, data = tables.read(path, "evaluations"), path.read_bytes()
    found, footer = 0, int.from_bytes(data[-8:-4], "little")  # a footer's names have no checksum
    for _ in range(200):
        damaged = bytearray(data)
        damaged[rng.randrange(4, len(data) - 8 - footer)] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:  # a flip in what no reader uses, such as statistics, changes nothing
            pd.testing.assert_frame_equal(tables.read(path, "evaluations"), sound)
        except tables.TableError as error:
            assert str(path) in str(error)
            found += 1
    assert found > 100
