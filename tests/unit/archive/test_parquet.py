"""Parquet recordings: mapped columns, nested ones, settings, damage."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from itc.archive.parquet import BATCH, read

COLUMNS = {
    "problem_id": "id",
    "sample_index": "run",
    "response_text": "generation.text",
    "n_output_tokens": "generation.tokens",
}


@pytest.fixture
def file(tmp_path):
    def write(rows, name="r.parquet", **options):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name, **options)
        return tmp_path / name

    return write


def row(i: int) -> dict:
    return {
        "id": f"p{i // 4}",
        "run": i % 4,
        "dataset": "d",
        "model": "m",
        "generation": {"text": f"answer {i}", "tokens": i},
        "temperature": 0.1 * (i % 4),
        "huge_and_not_needed": "x" * 1000,
        "extra": '{"opening": "Okay"}',
    }


def test_columns_are_mapped_and_others_are_not_read(file):
    path = file([row(i) for i in range(3 * BATCH + 5)], row_group_size=50)
    rows = list(read(path, {"columns": COLUMNS, "settings": ["temperature"]}))
    assert len(rows) == 3 * BATCH + 5
    assert rows[6]["problem_id"] == "p1" and rows[6]["sample_index"] == 2
    assert (rows[6]["response_text"], rows[6]["n_output_tokens"]) == ("answer 6", 6)
    assert rows[6]["extra"] == {"opening": "Okay", "temperature": pytest.approx(0.2)}
    assert "huge_and_not_needed" not in rows[6] and "correct" not in rows[6]


def test_columns_that_exclude_rows_are_read(file):
    (found,) = read(file([row(0)]), {"columns": COLUMNS, "exclude": [{"temperature": [9.0]}]})
    assert found["temperature"] == 0.0


def test_settings_that_are_not_there_are_named(file):
    with pytest.raises(ValueError, match=r"r\.parquet: no column \['seed'\], it has \['id'"):
        list(read(file([row(0)]), {"columns": COLUMNS, "settings": ["seed"]}))


def test_extra_that_is_no_object_is_named(file):
    with pytest.raises(ValueError, match=r"row 2: `extra` is no JSON"):
        list(read(file([row(0), row(1) | {"extra": "{"}]), {"columns": COLUMNS}))


@pytest.mark.parametrize("cut", [0.3, 0.999])
def test_a_truncated_file_is_named(file, cut):
    path = file([row(i) for i in range(500)])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(ValueError, match=r"r\.parquet: row 1: .*damaged"):
        list(read(path, {"columns": COLUMNS}))


def test_damage_inside_is_named_by_row(file):
    kept = [row(i) for i in range(500)]
    for item in kept:
        del item["huge_and_not_needed"]
        item["generation"]["text"] *= 20
    path = file(kept, row_group_size=100, compression="zstd")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match=r"r\.parquet: row \d+: "):
        list(read(path, {"columns": COLUMNS}))
