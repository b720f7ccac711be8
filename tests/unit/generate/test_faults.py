"""Whatever interrupts a generate job, the table is that of an undisturbed run, and no request
whose answer was journalled is asked twice."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import runpy
import signal
import time
from collections import Counter
from multiprocessing.process import BaseProcess as Process
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("faulty_job.py")
TOTAL = 32  # 4 problems, 8 draws
# Jobs are forked from a process that has imported everything, so a kill costs no start-up.
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    ["itc.generate", "itc.engines.scripted", "itc.grading._grade", "yaml"]
)


@pytest.fixture(scope="module", autouse=True)
def server_path():
    """The fork server imports its preload by PYTHONPATH; it does not get this process's path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SCRIPT.parents[3] / "workflow" / "scripts"))
        yield


class Job:
    """The same job in a folder, run as often as it takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls.txt"
        self.table = folder / "responses" / "sample" / "000.parquet"
        self.journal = folder / "journal" / "toy" / "sample-0123456789" / "000.jsonl"
        folder.mkdir(exist_ok=True)

    def start(self, settings: dict | None = None, **options) -> Process:
        self.errors = self.folder.with_name(f"{self.folder.name}.errors.{time.monotonic_ns()}")
        environment = {"ITC_SCRIPTED_CALLS": str(self.calls)}
        environment |= {f"ITC_SCRIPTED_{k.upper()}": str(v) for k, v in options.items()}
        arguments = {
            "folder": str(self.folder),
            "errors": str(self.errors),
            "environment": environment,
            **(settings or {}),
        }
        process = SERVER.Process(
            target=runpy.run_path,
            args=(str(SCRIPT),),
            kwargs={"init_globals": {"ARGUMENTS": arguments}, "run_name": "__main__"},
        )
        process.start()
        return process

    def run(self, settings: dict | None = None, **options) -> tuple[int, str]:
        process = self.start(settings, **options)
        errors = self.errors
        process.join(120)
        return process.exitcode, errors.read_text()

    def asked(self) -> Counter:
        return Counter(self.calls.read_text().split()) if self.calls.exists() else Counter()

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 60
        while sum(self.asked().values()) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> bytes:
    job = Job(tmp_path_factory.mktemp("undisturbed"))
    code, errors = job.run()
    assert code == 0, errors
    assert len(job.asked()) == TOTAL
    return job.table.read_bytes()


def test_kills_at_twenty_random_points(tmp_path, undisturbed):
    """Five jobs, each killed with SIGKILL four times at points drawn afresh."""
    rng = random.Random(20250418)
    kills = 0
    for number in range(5):
        job = Job(tmp_path / str(number))
        left = TOTAL
        for _ in range(4):
            after = rng.randrange(min(left - 1, 9))
            code, _ = job.run(die_after=after)
            assert code == -signal.SIGKILL and not job.table.exists()
            kills, left = kills + 1, left - after
        code, errors = job.run()
        assert code == 0, errors
        assert job.table.read_bytes() == undisturbed
        assert set(job.asked().values()) == {1} and len(job.asked()) == TOTAL
    assert kills == 20


def test_torn_write(tmp_path, undisturbed):
    job = Job(tmp_path / "job")
    job.run(die_after=12)
    whole = job.journal.read_bytes()
    job.journal.write_bytes(whole[:-37])
    code, errors = job.run()
    assert code == 0 and "the last record was torn" in errors
    assert job.table.read_bytes() == undisturbed
    # Only the request whose record was torn is asked again.
    assert sorted(job.asked().values()) == [1] * (TOTAL - 1) + [2]
    assert job.journal.with_name("000.jsonl.damaged").stat().st_size > 0


def test_damaged_record(tmp_path, undisturbed):
    job = Job(tmp_path / "job")
    job.run(die_after=12)
    data = bytearray(job.journal.read_bytes())
    data[len(data) // 2] ^= 0x10
    job.journal.write_bytes(data)
    code, errors = job.run()
    assert code == 0 and "1 damaged records" in errors
    assert job.table.read_bytes() == undisturbed
    assert sorted(job.asked().values()) == [1] * (TOTAL - 1) + [2]


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_disk_full_in_the_journal(tmp_path, undisturbed, share):
    size = Job(tmp_path / "probe")
    size.run()
    job = Job(tmp_path / "job")
    code, errors = job.run({"file_size": int(size.journal.stat().st_size * share)})
    assert code == 1 and "make room and start the same command again" in errors
    assert not job.table.exists()
    # What was sent is kept beside the journal from the first request on, and is a whole file.
    sent = job.journal.with_suffix(".sent.json")
    json.loads(sent.read_text())
    expected = (job.calls, job.journal, sent)
    left = [p for p in job.folder.rglob("*") if p.is_file() and p not in expected]
    assert left == []
    kept = len(job.journal.read_bytes().splitlines())
    code, errors = job.run()
    assert code == 0, errors
    assert job.table.read_bytes() == undisturbed
    # The answer that found no room is the only one asked for twice.
    assert sum(job.asked().values()) == TOTAL + 1 and 0 < kept < TOTAL


def test_disk_full_in_the_table(tmp_path, undisturbed):
    """The journal is whole, the parquet file finds no room: nothing half-written stays."""
    job = Job(tmp_path / "job")
    assert job.run()[0] == 0
    job.table.unlink()
    code, _ = job.run({"file_size": len(undisturbed) // 2})
    assert code != 0 and list(job.table.parent.iterdir()) == []
    assert job.run()[0] == 0
    assert job.table.read_bytes() == undisturbed
    assert sum(job.asked().values()) == TOTAL


def test_duplicate_start(tmp_path, undisturbed):
    """The second job refuses, or waits and then finds everything done."""
    job = Job(tmp_path / "job")
    gate = tmp_path / "gate"
    gate.touch()
    first = job.start(gate=gate)
    job.wait_for(3)
    code, errors = job.run({"lock_wait": 0})
    assert code == 1 and "another job is writing this journal" in errors
    second, log = job.start(), job.errors
    while "waiting for another job" not in (log.read_text() if log.exists() else ""):
        time.sleep(0.01)
    gate.unlink()
    first.join(60)
    second.join(60)
    assert first.exitcode == 0 and second.exitcode == 0
    assert job.table.read_bytes() == undisturbed
    assert set(job.asked().values()) == {1}


def test_clock_jumps(tmp_path, undisturbed):
    job = Job(tmp_path / "job")
    for jump in (-10 * 365 * 86400, 86400):
        assert job.run({"clock_jump": jump}, die_after=9)[0] == -signal.SIGKILL
    assert job.run({"clock_jump": -3600})[0] == 0
    assert job.table.read_bytes() == undisturbed
    assert set(job.asked().values()) == {1}


def test_sigterm_ends_cleanly_for_a_requeue(tmp_path, undisturbed):
    job = Job(tmp_path / "job")
    gate = tmp_path / "gate"
    gate.touch()
    running = job.start(gate=gate)
    job.wait_for(3)
    os.kill(running.pid, signal.SIGTERM)
    while "SIGTERM" not in job.errors.read_text():
        time.sleep(0.01)
    gate.unlink()
    running.join(60)
    assert running.exitcode == 143 and not job.table.exists()
    done = len(job.asked())
    assert len(job.journal.read_bytes().splitlines()) == done
    assert job.run()[0] == 0
    assert job.table.read_bytes() == undisturbed
    assert set(job.asked().values()) == {1} and done < TOTAL
