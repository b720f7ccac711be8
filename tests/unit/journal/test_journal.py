from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
import sys
import time

import pytest
from itc.journal import Journal, JournalBusyError, JournalError, encode, request_key
from itc.prune import prune

KEYS = [request_key(i) for i in range(5)]


def filled(path, count=3):
    with Journal(path) as journal:
        for i in range(count):
            journal.append(KEYS[i], {"text": f"réponse {i}\n", "n": i})
    return path


def test_records_come_back_and_the_file_is_plain_json_lines(tmp_path):
    path = filled(tmp_path / "a" / "000.jsonl")
    with Journal(path) as journal:
        assert list(journal.keys()) == KEYS[:3]
        assert journal.get(KEYS[1]) == {"text": "réponse 1\n", "n": 1}
        assert journal.get(KEYS[4]) is None
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["record"]["n"] for line in lines] == [0, 1, 2]


def test_torn_tail_is_set_aside_and_appending_goes_on(tmp_path):
    path = filled(tmp_path / "000.jsonl")
    whole = path.read_bytes()
    for cut in (1, 2, 40, 100):
        path.write_bytes(whole[:-cut])
        side = path.with_name("000.jsonl.damaged")
        side.unlink(missing_ok=True)
        with Journal(path) as journal:
            journal.append(KEYS[3], {"n": 3})
            kept = [key for key in KEYS if key in journal]
        if cut == 1:  # only the newline was missing
            assert kept == [*KEYS[:3], KEYS[3]] and not side.exists()
        else:
            assert kept == [*KEYS[:2], KEYS[3]]
            assert side.read_bytes().rstrip(b"\n") in whole
        with Journal(path) as journal:
            assert journal.get(KEYS[3]) == {"n": 3}
            assert journal.damaged == 0


def test_damaged_record_is_dropped_told_and_left_in_the_file(tmp_path):
    path = filled(tmp_path / "000.jsonl")
    data = bytearray(path.read_bytes())
    spot = data.index(b"ponse 1")
    data[spot] ^= 1
    path.write_bytes(data)
    told = []
    with Journal(path, tell=told.append) as journal:
        assert (journal.damaged, len(journal), KEYS[1] in journal) == (1, 2, False)
        journal.append(KEYS[1], {"n": 1})
    assert "1 damaged records" in told[0]
    assert path.read_bytes().startswith(bytes(data))
    with Journal(path) as journal:
        assert journal.get(KEYS[1]) == {"n": 1}


def test_random_bytes_never_pass_for_a_record(tmp_path):
    path = tmp_path / "000.jsonl"
    path.write_bytes(os.urandom(50_000) + b"\n" + encode(KEYS[0], {"n": 0}))
    with Journal(path) as journal:
        assert list(journal.keys()) == [KEYS[0]]


def test_first_record_of_a_key_wins(tmp_path):
    path = tmp_path / "000.jsonl"
    path.write_bytes(encode(KEYS[0], {"n": 1}) + encode(KEYS[0], {"n": 2}))
    with Journal(path) as journal:
        assert journal.get(KEYS[0]) == {"n": 1}


def test_second_job_refuses_or_waits(tmp_path):
    path = tmp_path / "000.jsonl"
    told = []
    with Journal(path):
        with pytest.raises(JournalBusyError, match="another job"):
            Journal(path, wait=0)
        started = time.monotonic()
        with pytest.raises(JournalBusyError):
            Journal(path, wait=0.3, tell=told.append)
        assert time.monotonic() - started >= 0.3
    assert "waiting for another job" in told[0]
    Journal(path, wait=0).close()


def test_a_killed_holder_frees_the_lock(tmp_path):
    path = tmp_path / "000.jsonl"
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[2]); from itc.journal import Journal\n"
        "j = Journal(sys.argv[1]); print('held', flush=True); time.sleep(60)"
    )
    source = next(p for p in sys.path if p.endswith("workflow/scripts"))
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path), source], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(JournalBusyError):
            Journal(path, wait=0)
    finally:
        holder.kill()
        holder.wait()
    Journal(path, wait=5).close()


def test_full_disk_leaves_whole_records_only(tmp_path):
    path = filled(tmp_path / "000.jsonl", 2)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
    try:
        with pytest.raises(JournalError, match="make room and start the same command"):
            journal.append(KEYS[2], {"text": "x" * 1000})
        assert path.read_bytes() == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    journal.append(KEYS[2], {"n": 2})
    journal.close()
    with Journal(path) as again:
        assert len(again) == 3


def test_syncs_at_most_once_per_interval_whatever_the_wall_clock_says(tmp_path, monkeypatch):
    calls = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (calls.append(1), real(file)))
    monkeypatch.setattr(time, "time", lambda: 0.0)  # a clock set back to 1970
    with Journal(tmp_path / "000.jsonl", sync_seconds=30) as journal:
        for i in range(5):
            journal.append(KEYS[i], {"n": i})
        assert not calls
    assert len(calls) == 1  # at close


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("itc.journal.fcntl.flock", refuse)
    with pytest.raises(JournalError, match="no file locks"):
        Journal(tmp_path / "000.jsonl")


def test_prune_lists_first_and_deletes_only_when_asked(tmp_path):
    kept = filled(tmp_path / "m" / "sample-1" / "000.jsonl")
    gone = filled(tmp_path / "m" / "sample-2" / "000.jsonl")
    gone.with_name("000.timing.json").write_text("[]")
    keep = {"m/sample-1/000"}
    listed = [name for name, _ in prune(tmp_path, keep)]
    assert listed == ["m/sample-2/000.jsonl", "m/sample-2/000.timing.json"]
    assert gone.exists()
    with Journal(gone), pytest.raises(JournalBusyError):
        prune(tmp_path, keep, delete=True)
    assert gone.exists()
    prune(tmp_path, keep, delete=True)
    assert kept.exists() and not gone.exists() and not gone.with_name("000.timing.json").exists()
