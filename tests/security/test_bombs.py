"""Small files that would become large: refused by name, with flat memory."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import resource
import tarfile
import zipfile
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from itc import bounds
from itc.archive import _lines, parquet
from itc.archive._lines import DamagedFileError
from itc.datasets import _shape, local
from itc.datasets._problems import DatasetError
from itc.deposit.manifest import ArchiveError
from itc.deposit.store import opened

MEGA = 1 << 20


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch):
    """The same bounds a thousand times lower, so that a bomb of megabytes shows them."""
    monkeypatch.setattr(bounds, "FREE", 4 * MEGA)
    monkeypatch.setattr(bounds, "LINE", MEGA)
    monkeypatch.setattr(_shape, "UNPACKED", MEGA)


def test_the_real_bounds_let_recordings_pass():
    """Set aside the lower ones: what every recording reaches stays far below."""
    assert bounds.RATIO >= 100


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_lines_that_unpack_for_ever(tmp_path, kind):
    path = tmp_path / f"x.jsonl.{kind}"
    data = b'{"a": 1}\n' * MEGA
    packed = gzip.compress(data) if kind == "gz" else pa.compress(data, "zstd", asbytes=True)
    path.write_bytes(packed)
    assert len(data) > bounds.most(len(packed))
    with pytest.raises(DamagedFileError, match=r"x\.jsonl.*unpacks to more than"):
        for _ in _lines.json_lines(path):
            pass


def test_one_line_without_end(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": "' + b"x" * (2 * MEGA))
    with pytest.raises(DamagedFileError, match=r"x\.jsonl: line 1: a line unpacks to more than"):
        list(_lines.json_lines(path))


def test_a_recording_of_ordinary_text_passes(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    lines = [json.dumps({"n": n, "text": str(n) * 50}) for n in range(20_000)]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert sum(1 for _ in _lines.json_lines(path)) == 20_000


def test_a_parquet_file_of_one_repeated_value(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"response_text": pa.array(["x"] * 4 * MEGA)}), path)
    assert path.stat().st_size < 20_000
    with pytest.raises(DamagedFileError, match=r"x\.parquet.*unpacks to more than"):
        next(parquet.read(path, {}))


def test_a_dataset_of_one_repeated_value(tmp_path):
    path = tmp_path / "x.parquet"
    columns = {name: pa.array(["a"] * (2 * MEGA)) for name in ("question", "gold")}
    pq.write_table(pa.table(columns), path, compression="zstd")
    assert path.stat().st_size < MEGA
    with pytest.raises(DatasetError, match=r"x\.parquet: not readable.*unpacks to more than"):
        local.load({"path": str(path)}, tmp_path)


def test_a_parquet_file_of_one_long_text(tmp_path):
    path = tmp_path / "x.parquet"
    table = pa.table({"response_text": ["x" * 16 * MEGA]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    with pytest.raises(DamagedFileError, match="unpacks to more than"):
        next(parquet.read(path, {}))


@pytest.mark.parametrize("name", ["samples/1_epoch_1.json", "header.json"])
def test_an_inspect_log_with_a_swollen_part(tmp_path, name):
    path = tmp_path / "x.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as log:
        log.writestr(name, b"0" * (2 * MEGA))
    with pytest.raises(bounds.OversizeError, match=name):
        bounds.check_zip(str(path), path.stat().st_size)
    inspect = pytest.importorskip("itc.archive.inspect")
    pytest.importorskip("inspect_ai", reason="inspect_ai is not installed")
    with pytest.raises(DamagedFileError, match=r"x\.eval.*unpacks to more than"):
        next(inspect.read(path, {}))


def packed_tests(text: str) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(text))).decode()


def test_hidden_tests_are_read_without_unpickling_and_bounded():
    tests = [{"input": "1", "output": "2"}]
    assert _shape.private_tests(packed_tests(json.dumps(tests)), "here") == tests
    with pytest.raises(DatasetError, match="unpacks to more than"):
        _shape.private_tests(packed_tests("x" * (2 * MEGA)), "here")
    cut = base64.b64encode(zlib.compress(pickle.dumps("[]"))[:-3]).decode()
    with pytest.raises(DatasetError, match="breaks off"):
        _shape.private_tests(cut, "here")
    laughs = b"\x80\x04\x8c\x01x\x94" + b"]\x94(h\x00h\x00e" * 50 + b"."
    with pytest.raises(DatasetError, match="a pickle of more than one text"):
        _shape.private_tests(base64.b64encode(zlib.compress(laughs)).decode(), "here")


def member(name, **about):
    info = tarfile.TarInfo(name)
    for key, value in about.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    "info",
    [
        member("top/../../escaped"),
        member("/etc/absolute"),
        member("top/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("top/hard", type=tarfile.LNKTYPE, linkname="../../etc/passwd"),
        member("top/device", type=tarfile.CHRTYPE, devmajor=1, devminor=5),
        member("top/block", type=tarfile.BLKTYPE, devmajor=8, devminor=0),
        member("top/pipe", type=tarfile.FIFOTYPE),
        member("top/folder", type=tarfile.DIRTYPE),
        member("top/.hidden"),
        member("outside"),
    ],
    ids=lambda info: info.name,
)
def test_only_plain_files_inside_are_members(tmp_path, info):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        tar.addfile(info)
    with opened(path) as store, pytest.raises(ArchiveError, match="is no plain file"):
        store.sizes()


def test_a_sparse_member_cannot_say_any_size(tmp_path):
    """GNU's sparse files: ten exabytes in a header of 512 bytes."""
    path = tmp_path / "x.tar"
    pax = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,0"}
    pax |= {"GNU.sparse.size": str(10**19), "GNU.sparse.name": "top/swollen"}
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        info = member("top/swollen")
        info.pax_headers = pax
        tar.addfile(info, io.BytesIO())
    with tarfile.open(path) as tar:
        assert tar.getmembers()[0].size == 10**19  # what it would have been taken for
    with opened(path) as store, pytest.raises(ArchiveError, match="is no plain file"):
        store.sizes()


def test_memory_stays_flat_before_a_bomb_is_refused(tmp_path):
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress(b"0" * (300 * MEGA)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DamagedFileError):
        list(_lines.json_lines(path))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 50 * 1024  # kilobytes
