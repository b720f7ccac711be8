"""Answers are found by request key, whatever folder their journal lies in."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
from itc import journal_index
from itc.journal import Journal, request_key
from itc.journal_index import Elsewhere, Keys, path_beside

KEYS = [request_key({"n": n}) for n in range(60)]


def written(path: Path, numbers, text="a") -> Path:
    with Journal(path) as journal:
        for n in numbers:
            journal.append(KEYS[n], {"n": n, "text": text})
    return path


def counted(monkeypatch) -> list[int]:
    """Offsets from which journals were read."""
    starts: list[int] = []
    real = journal_index.scan

    def scan(path, start=0):
        starts.append(start)
        return real(path, start)

    monkeypatch.setattr(journal_index, "scan", scan)
    return starts


def test_a_journal_is_read_once_and_then_only_what_was_added(tmp_path, monkeypatch):
    starts = counted(monkeypatch)
    path = written(tmp_path / "m" / "sample-1" / "000.jsonl", range(20))
    assert len(Keys(path)) == 20 and starts == [0]
    assert len(Keys(path)) == 20 and starts == [0]
    size = path.stat().st_size
    written(path, range(20, 30))
    keys = Keys(path)
    assert len(keys) == 30 and starts == [0, size]
    assert [keys.read(key)["n"] for key in KEYS[:30]] == list(range(30))
    assert keys.read(KEYS[30]) is None


def test_torn_and_damaged_records_are_no_answers(tmp_path):
    path = written(tmp_path / "000.jsonl", range(10))
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    damaged = lines[3][:-9] + b"#" + lines[3][-8:]
    path.write_bytes(b"\n".join([*lines[:3], damaged, *lines[4:-1]]) + b"\n" + lines[5][:40])
    keys = Keys(path)
    assert keys.read(KEYS[3]) is None and keys.read(KEYS[2]) == {"n": 2, "text": "a"}
    assert len(keys) == 9
    # The torn tail is completed by the job that writes: it is read again from there.
    with path.open("ab") as file:
        file.write(lines[5][40:] + b"\n")
    assert len(Keys(path)) == 9


def test_what_was_damaged_after_it_was_indexed_is_not_believed(tmp_path):
    path = written(tmp_path / "000.jsonl", range(5))
    Keys(path)
    content = bytearray(path.read_bytes())
    place = content.index(b'"n":3')
    content[place + 4 : place + 5] = b"4"
    with path.open("r+b") as file:
        file.write(content)
    assert Keys(path).read(KEYS[3]) is None and Keys(path).read(KEYS[2])["n"] == 2


def test_a_file_of_keys_of_another_or_a_cut_journal_is_made_anew(tmp_path):
    path = written(tmp_path / "a" / "000.jsonl", range(10))
    Keys(path)
    other = written(tmp_path / "b" / "000.jsonl", range(30, 45))
    path_beside(other).write_bytes(path_beside(path).read_bytes())
    assert Keys(other).read(KEYS[40])["n"] == 40 and Keys(other).find(KEYS[3]) is None
    with path.open("r+b") as file:
        file.truncate(len(path.read_bytes().split(b"\n")[0]) + 1)
    assert len(Keys(path)) == 1
    for junk in (b"", b"short", path_beside(other).read_bytes()[:-5]):
        path_beside(path).write_bytes(junk)
        assert Keys(path).read(KEYS[0])["n"] == 0


def test_a_folder_that_cannot_be_written_is_searched_in_memory(tmp_path, monkeypatch):
    path = written(tmp_path / "000.jsonl", range(10))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert Keys(path).read(KEYS[9])["n"] == 9
    assert not path_beside(path).exists()


def _index(path: str) -> int:
    return len(Keys(Path(path)))


def test_two_jobs_that_index_at_once_find_the_same(tmp_path):
    path = written(tmp_path / "000.jsonl", range(60))
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert pool.map(_index, [str(path)] * 12) == [60] * 12
    assert len(Keys(path)) == 60
    assert not list(tmp_path.glob("*.partial"))


def test_journals_of_a_model_and_procedure_are_searched_and_no_others(tmp_path):
    own = written(tmp_path / "m" / "sample-new" / "000.jsonl", [])
    written(tmp_path / "m" / "sample-old" / "000.jsonl", range(5))
    written(tmp_path / "m" / "sample-old" / "001.jsonl", range(5, 9))
    written(tmp_path / "m" / "sample_plain-old" / "000.jsonl", range(9, 12))
    written(tmp_path / "n" / "sample-old" / "000.jsonl", range(12, 15))
    found = Elsewhere(tmp_path, "m", "sample", {own})
    record, origin = found.get(KEYS[7])
    assert record["n"] == 7 and origin == tmp_path / "m" / "sample-old" / "001.jsonl"
    assert found.get(KEYS[10]) is None and found.get(KEYS[13]) is None
    assert Elsewhere(tmp_path, "absent", "sample", set()).get(KEYS[1]) is None


def test_a_journal_that_goes_away_is_told_and_not_fatal(tmp_path):
    said: list[str] = []
    path = written(tmp_path / "m" / "sample-old" / "000.jsonl", range(5))
    found = Elsewhere(tmp_path, "m", "sample", set(), said.append)
    assert found.get(KEYS[1]) is not None
    path.unlink()
    assert found.get(KEYS[1]) is None and "not read" in said[0]
    gone = Elsewhere(tmp_path, "m", "sample", set(), said.append)
    assert gone.get(KEYS[1]) is None


@pytest.mark.parametrize("name", ["sample-0123456789", "sample-long-0123456789"])
def test_a_procedures_name_may_hold_hyphens(tmp_path, name):
    written(tmp_path / "m" / name / "000.jsonl", [1])
    assert Elsewhere(tmp_path, "m", name.rpartition("-")[0], set()).get(KEYS[1]) is not None
