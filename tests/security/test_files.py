"""Files of others: bounded by what they become, and every fault names the file."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from itc import bounds, strict_yaml, tables
from itc.archive import _lines, parquet
from itc.archive._lines import DamagedFileError
from itc.archive._rows import ImportRefusedError
from itc.config import ConfigError, read_config
from itc.datasets import local
from itc.datasets._problems import DatasetError
from itc.deposit import store
from itc.deposit.manifest import MANIFEST, OVERLAY, ArchiveError
from itc.deposit.replay import _read, check_json
from itc.grading._cache import Cache
from itc.importing import import_recording

MEGA = 1 << 20


@pytest.fixture(autouse=True)
def restore(monkeypatch):
    """Bounds that a test sets by the configuration are put back."""
    for name in ("FREE", "RATIO", "LINE", "SECONDS"):
        monkeypatch.setattr(bounds, name, getattr(bounds, name))


def repeated(path, kind, value="x" * MEGA, rows=3500):
    """A few kilobytes of parquet whose one value stands in each of many rows."""
    values = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([value]))
    column = {
        "plain": values,
        "list": pa.ListArray.from_arrays(pa.array(range(rows + 1), pa.int32()), values),
        "struct": pa.StructArray.from_arrays([values], names=["a"]),
    }[kind]
    table = pa.table({"response_text": column, "n": pa.array(range(rows))})
    pq.write_table(table, path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 100_000
    return path


@pytest.mark.parametrize("kind", ["plain", "list", "struct"])
def test_a_dictionary_of_one_value_is_counted_by_its_rows(tmp_path, kind):
    path = repeated(tmp_path / "x.parquet", kind)
    bounds.check_parquet(
        pq.read_metadata(path), path.stat().st_size
    )  # what the pages say is little
    with pytest.raises(bounds.OversizeError, match=r"2,147,483,648 bytes.*limits\.unpacked"):
        bounds.check_values(path, path.stat().st_size)
    with pytest.raises(DamagedFileError, match=r"x\.parquet.*unpacks to more than"):
        for _ in parquet.read(path, {}):
            pass
    with pytest.raises(DatasetError, match=r"x\.parquet.*unpacks to more than"):
        local.load({"path": str(path)}, tmp_path)


def test_the_key_that_is_named_raises_the_bound(tmp_path):
    path = repeated(tmp_path / "x.parquet", "plain", "x" * 1000, 3000)
    bounds.use({"limits": {"unpacked": MEGA, "ratio": 1}})
    with pytest.raises(DamagedFileError, match=r"1,048,576 bytes .*limits\.unpacked"):
        list(parquet.read(path, {}))
    bounds.use({"limits": {"unpacked": 10 * MEGA}})
    assert len(list(parquet.read(path, {}))) == 3000
    bounds.use({})
    bounds.use({"limits": {"line": 100}})
    with pytest.raises(DamagedFileError, match=r"a row unpacks to more than 100 .*limits\.line"):
        list(parquet.read(path, {}))


@pytest.mark.parametrize("kind", ["string", "struct", "map", "list"])
@pytest.mark.parametrize("groups", [1, 7, 1000])
def test_values_of_every_kind_are_read_as_they_were(tmp_path, kind, groups):
    """Dictionaries are only a way of reading: rows, also across row groups, stay what they are."""
    words = [f"w{i % 5}" * 50 + ("é" if i % 3 else "") for i in range(200)]
    column = {
        "string": pa.array(words),
        "struct": pa.array([{"a": w, "n": i} for i, w in enumerate(words)]),
        "map": pa.array([[("k", w)] for w in words], pa.map_(pa.string(), pa.string())),
        "list": pa.array([[w, None] for w in words]),
    }[kind]
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"gold": column, "n": range(200)}), path, row_group_size=groups)
    bounds.check_values(path, path.stat().st_size)
    found = [row["gold"] for row in parquet.read(path, {})]
    assert found == pq.read_table(path)["gold"].to_pylist(maps_as_pydicts="lossy")


def test_what_values_become_is_what_is_counted():
    words = ["a" * 10, "b" * 20, "a" * 10]
    plain = pa.array(words).dictionary_encode()
    assert bounds.expanded(plain) == 40 + 8 * 3
    assert bounds.expanded(pa.array([None, "abc"]).dictionary_encode()) == 3 + 8 * 2
    assert bounds.expanded(pa.array([[w] for w in words])) >= 40


@pytest.mark.parametrize("packed", ["gz", "zst"])
def test_blank_lines_for_ever_are_ended_soon(tmp_path, packed):
    path = tmp_path / f"x.jsonl.{packed}"
    data = b"\n" * (40 * MEGA)
    path.write_bytes(
        gzip.compress(data) if packed == "gz" else pa.compress(data, "zstd", asbytes=True)
    )
    start = time.process_time()
    with pytest.raises(DamagedFileError, match=r"x\.jsonl.*blank lines in a row"):
        list(_lines.json_lines(path))
    assert time.process_time() - start < 3


def test_a_file_that_takes_too_long_names_the_time_and_the_key(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' * 3_000_000))
    bounds.use({"limits": {"seconds": 0.3}})
    with pytest.raises(DamagedFileError, match=r"x\.jsonl\.gz: line .*CPU time.*limits\.seconds"):
        for _ in _lines.json_lines(path):
            pass


# -- YAML ------------------------------------------------------------------------------------------

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
MERGES = "a0: &a0 {k: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}], k{i}: 1}}\n" for i in range(1, 12)
)
YAML = {
    "aliases of aliases": (LAUGHS, "200,000 values"),
    "merges of merges": (MERGES, "200,000 values"),
    "depth": ("a: " + "[" * 2000 + "]" * 2000, "40 deep"),
    "depth of blocks": ("\n".join(" " * i + "a:" for i in range(100)), "40 deep"),
    "itself": ("a: &a [*a]", "inside what it stands for"),
    "tag of python": ("a: !!python/object/apply:os.system [id]", "no YAML of plain values"),
    "no utf-8": (b"a: \xff\xfe", "no YAML of plain values"),
    "digits": ("a: " + "9" * 5000, "digits"),
    "no date": ("a: 2024-99-99", "no YAML of plain values"),
    "an unhashable key": ("? [a]\n: b", "no YAML of plain values"),
    "bytes": ("a: " + "x" * (5 * MEGA), "bytes, the limit is"),
    "not closed": ("a: [", "no YAML of plain values"),
    "control characters": ("a: \x00", "no YAML of plain values"),
    "an unknown alias": ("a: *b", "no YAML of plain values"),
}


@pytest.mark.parametrize("name", YAML)
def test_yaml_is_refused_before_anything_is_made_of_it(name):
    text, message = YAML[name]
    start = time.process_time()
    with pytest.raises(strict_yaml.StrictYamlError, match=message):
        strict_yaml.load(text if isinstance(text, bytes) else text.encode())
    assert time.process_time() - start < 10


def test_yaml_of_an_archive_passes():
    shared = {"a": [1, 2.5, True, None, "text", -3]}
    import yaml

    text = yaml.safe_dump({"x": shared, "y": shared, "seed": 2**64})  # which makes an alias
    assert "*id001" in text
    assert strict_yaml.load(text.encode()) == {"x": shared, "y": shared, "seed": 2**64}


def archive(folder, overlay):
    """A folder that passes for an archive with this overlay."""
    data = overlay if isinstance(overlay, bytes) else overlay.encode()
    (folder / OVERLAY).write_bytes(data)
    manifest = {
        "format": "itc-archive", "version": 1, "study": "s", "title": "s", "text": "keep",
        "draws": 1, "shard_size": 1, "seeds": {}, "features": [], "tables": {}, "datasets": {},
        "code": {"commit": None, "dirty": None, "fingerprint": "f"},
        "responses": [], "outcomes": [],
        "files": {OVERLAY: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}},
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest))
    store.read_manifest.cache_clear()
    return folder, manifest


@pytest.mark.parametrize(
    "text",
    [
        *(value for value, _ in YAML.values() if len(value) < MEGA),
        "[]", "", "study: {}", "study: {name: s}\ndatasets: []\nmodels: {}\narchives: {}",
        "study: {name: s}\ndatasets: {d: 1}\nmodels: {}\narchives: {}",
        "study: {name: s}\ndatasets: {}\narchives: {}",
        "study: s\ndatasets: {}\nmodels: {}\narchives: {}",
        "study: {name: s}\ndatasets: {}\nmodels: {1: {}}\narchives: {}",
    ],
)  # fmt: skip
def test_every_unfit_overlay_is_an_error_that_names_it(tmp_path, text):
    archive(tmp_path, text)
    with pytest.raises(ArchiveError, match=OVERLAY):
        store.overlay(str(tmp_path))


@pytest.mark.parametrize("key", ["draws", "shard_size"])
@pytest.mark.parametrize("value", [10**30, 10**9, 0, -1, 1.5, True, "1", None])
def test_numbers_of_a_manifest_are_checked(tmp_path, key, value):
    _, manifest = archive(tmp_path, "a: 1")
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, key: value}))
    store.read_manifest.cache_clear()
    with pytest.raises(ArchiveError, match=key):
        store.read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"draws": 10**9, "shard_size": 1}, "study.draws"),
        ({"draws": 1_000_000, "shard_size": 1}, "1,000,000 shards"),
        ({"draws": 10**30, "shard_size": 10**30}, "study.draws"),
        ({"bootstrap": 10**12}, "study.bootstrap"),
    ],
)
def test_numbers_of_a_study_are_checked_before_anything_is_made_of_them(changes, message):
    study = {"name": "s", "title": "s", "datasets": ["d"], "models": ["m"], "procedures": ["p"]}
    raw = {"study": {**study, "draws": 1, "shard_size": 1, **changes}}
    raw |= {"datasets": {}, "models": {}, "procedures": {}}
    start = time.process_time()
    with pytest.raises(ConfigError, match=message):
        read_config(raw)
    assert time.process_time() - start < 2


# -- tables ----------------------------------------------------------------------------------------


def table(path):
    n = 40
    frame = pd.DataFrame(
        {
            "dataset": "d", "model": "m", "procedure": "sample",
            "problem_id": [f"p{i:03d}" for i in range(n)], "draw": 0, "round": 0,
            "response_id": [f"r{i}" for i in range(n)],
            "text": [f"text {i}" * 20 for i in range(n)], "finish_reason": "stop",
            "n_output_tokens": np.arange(n),
        }
    )  # fmt: skip
    tables.write(frame, "responses", path)
    return tables.read(path, "responses")


def flips(path, whole, count, seed):
    """Flip one bit in the footer, ``count`` times; yields what reading then gives or raises."""
    data = path.read_bytes()
    footer = int.from_bytes(data[-8:-4], "little") + 8
    chance = random.Random(seed)
    for _ in range(count):
        damaged = bytearray(data)
        at = len(data) - 1 - chance.randrange(footer)
        damaged[at] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            yield tables.read(path, "responses")
        except tables.TableError as error:
            assert str(path) in str(error)


def test_a_flipped_bit_of_a_footer_changes_no_table_in_silence(tmp_path):
    path = tmp_path / "x.parquet"
    whole = table(path)
    for found in flips(path, whole, 400, 1):
        pd.testing.assert_frame_equal(found, whole)


def test_a_column_with_another_name_is_noticed_here_and_in_an_archive(tmp_path):
    path = tmp_path / "x.parquet"
    table(path)
    data = path.read_bytes()
    assert data.count(b"finish_reason") >= 2  # where values are found, and in the schema
    path.write_bytes(data.replace(b"finish_reason", b"fInish_reason"))
    with pytest.raises(tables.TableError, match=r"x\.parquet.*names of its columns"):
        tables.read(path, "responses")
    with store.opened(tmp_path) as found, pytest.raises((tables.TableError, ArchiveError)) as error:
        _read(found, "here", "x.parquet", "responses", {}, whole=True)
    assert "x.parquet" in str(error.value)


def test_tables_without_that_checksum_are_still_read(tmp_path):
    path = tmp_path / "x.parquet"
    whole = table(path)
    old = pq.read_table(path)
    metadata = {k: v for k, v in old.schema.metadata.items() if k != b"itc.columns"}
    pq.write_table(old.replace_schema_metadata(metadata), path)
    pd.testing.assert_frame_equal(tables.read(path, "responses"), whole)


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, '{"a":' * 100 + "1" + "}" * 100, "[1]", "1", "{", '{"a": ' + "9" * 5000 + "}"],
)
def test_json_columns_of_an_archive_are_checked(tmp_path, text):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"condition": ["{}", None, text]}), path)
    with pytest.raises(ArchiveError, match=r"x\.parquet: column 'condition'"):
        check_json(pq.ParquetFile(path), ["condition"], "x.parquet")


# -- recordings and caches -------------------------------------------------------------------------

GOOD = {
    "dataset": "d", "model": "m", "problem_id": "p", "sample_index": 0, "question": "q",
    "gold": "1", "response_text": "t",
}  # fmt: skip


def deep(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": ["d"]},
        {"model": {"m": 1}},
        {"problem_id": [1]},
        {"extra": [1]},
        {"extra": "text"},
        {"sample_index": "x"},
        {"sample_index": 1e400},
        {"sample_index": 10**40},
        {"n_output_tokens": {}},
        {"correct": "maybe"},
        {"extra": deep(600)},
        {"response_text": {"a": 1}},
    ],
)
def test_a_row_of_another_kind_is_taken_or_named(tmp_path, changes):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "sample_index": 1, **changes}))
    dataset = {"name": "d", "recorded_as": None, "answer_type": "math", "licence": "x"}
    try:
        with import_recording(
            path, {"format": "jsonl"}, [dataset], [{"name": "m", "recorded_as": None}], tmp_path
        ) as found:
            for frame in found.frames(("d", "m")):
                tables.to_arrow(frame, "responses", str(path))
    except (ImportRefusedError, DamagedFileError, tables.TableError) as error:
        assert "x.jsonl" in str(error)


def test_a_parquet_recording_whose_extra_nests_for_ever_is_named(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"extra": ["[" * 200_000]}), path)
    with pytest.raises(DamagedFileError, match=r"x\.parquet: row 1: `extra` is no JSON"):
        list(parquet.read(path, {}))


def test_a_cache_of_grades_that_nests_for_ever_is_made_again(tmp_path, caplog):
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "abc.json").write_text("[" * 200_000)
    assert Cache(tmp_path)._read(("v", "abc")) == {}
    assert "made again" in caplog.text
