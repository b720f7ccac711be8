"""A disk that is full or may not be written: the file is named, nothing half-written stays, and the
same command goes on when there is room."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from itc import tables
from itc.atomic import WriteError, replaced, scratch
from itc.journal import Journal, JournalError, request_key

from .conftest import DRAWS, PROBLEMS


def mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], capture_output=True, text=True)


@contextmanager
def small_disk(folder: Path, size: int):
    """A file system of ``size`` bytes in memory at ``folder``; what lay there is put on it."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(folder.name + ".aside")
    if any(folder.iterdir()):
        shutil.copytree(folder, aside, symlinks=True)
    mounted = mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        if aside.exists():
            shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def used(folder: Path) -> int:
    return sum(-(-p.stat().st_size // 4096) * 4096 for p in folder.rglob("*") if p.is_file())


def filled(folder: Path, left: int) -> Path:
    """Fill the disk but for about ``left`` bytes."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
        file.truncate(max(0, ballast.stat().st_size - left))
    return ballast


def resized(folder: Path, *options: str) -> None:
    assert mount("-o", ",".join(["remount", *options]), str(folder)).returncode == 0


# What is written, the room it finds in bytes, and the target that writes it.
STAGES = {
    "responses": ("responses/*/*/*/000.parquet", 4096),
    "annotations": ("annotations/*/*/*/000.parquet", 4096),
    "table": ("small/tables/curves.parquet", 4096),
    "figure": ("small/figures/accuracy_by_samples.pdf", 8192),
    "report": ("small/report.html", 65536),
    "archive": ("small/small-archive.tar", 16384),
}
OFTEN = {"responses"}


@pytest.mark.parametrize(
    "stage", [pytest.param(s, marks=() if s in OFTEN else pytest.mark.full) for s in STAGES]
)
def test_full_disk_at_results(study, stage):
    pattern, left = STAGES[stage]
    if stage == "archive":
        study.run("archive")
    (file,) = study.results.glob(pattern)
    before, target = file.read_bytes(), str(file.relative_to(study.folder))
    # The folders of logs and benchmarks are Snakemake's and ours; only results lie on this disk.
    with small_disk(study.results, used(study.results) + 4 * 2**20):
        for sibling in file.parent.glob(f"{file.stem}.*"):
            sibling.unlink()  # Snakemake would remove a job's other outputs, and make room
        ballast = filled(study.results, left)
        output = study.run(target, fails=True)
        assert f"{target}: cannot be written (No space left on device)" in output
        assert "make room and start the same command again" in output
        assert not file.exists() and not study.half_written()
        ballast.unlink()
        study.run(target)
        assert file.read_bytes() == before
        assert len(study.calls()) == DRAWS * PROBLEMS and set(study.calls().values()) == {1}


@pytest.mark.full
def test_full_disk_at_the_journal(fresh, undisturbed):
    with small_disk(fresh.folder / "journal", 2**20) as journal:
        ballast = filled(journal, 16384)
        output = fresh.run("responses", fails=True)
        assert f"{fresh.journal.relative_to(fresh.folder)}: cannot write the response" in output
        assert "make room and start the same command again" in output
        kept = len(fresh.journal.read_bytes().splitlines())
        assert 0 < kept < DRAWS * PROBLEMS
        ballast.unlink()
        fresh.run("responses")
        assert fresh.responses.read_bytes() == undisturbed.responses.read_bytes()
        # Only the answers that found no room, at most those under way, were asked for twice.
        assert sum(fresh.calls().values()) == DRAWS * PROBLEMS + 1


@pytest.mark.full
def test_a_folder_that_may_not_be_written(study):
    """Even root may not write to a file system that is mounted read-only."""
    table = study.home / "tables/curves.parquet"
    target = str(table.relative_to(study.folder))
    with small_disk(study.results, used(study.results) + 4 * 2**20):
        table.unlink()
        before = study.tables()
        resized(study.results, "ro")
        output = study.run(target, fails=True)
        assert "Read-only file system" in output and "results/small/tables" in output
        resized(study.results, "rw")
        assert study.tables() == before and not study.half_written()
        study.run(target)
        assert table.exists()


def test_a_journal_that_may_not_be_written(tmp_path):
    key = request_key("a")
    with small_disk(tmp_path / "journal", 2**20) as folder:
        path = folder / "m" / "000.jsonl"
        with Journal(path) as journal:
            journal.append(key, {"n": 1})
        resized(folder, "ro")
        with pytest.raises(JournalError, match=r"000\.jsonl: cannot be opened .*Read-only"):
            Journal(path)
        resized(folder, "rw")
        with Journal(path) as journal:
            assert journal.get(key) == {"n": 1}


@pytest.mark.parametrize("size", [8, 64, 512])
def test_a_torn_record_on_a_full_disk_stays_where_it_is(tmp_path, size):
    """Setting the torn tail aside needs room: without any, nothing of the journal is cut."""
    with small_disk(tmp_path / "journal", 2**20) as folder:
        path = folder / "000.jsonl"
        with Journal(path) as journal:
            journal.append(request_key("a"), {"n": 1})
        torn = path.read_bytes() + b'{"crc32": "' + b"0" * size
        path.write_bytes(torn)
        filled(folder, 0)
        with pytest.raises(JournalError, match=r"No space left on device.*Make room"):
            Journal(path)
        assert path.read_bytes() == torn
        (folder / "ballast").unlink()
        with Journal(path) as journal:
            assert len(journal) == 1 and journal.torn == size + 11


def test_every_way_of_writing_names_the_file_and_leaves_nothing(tmp_path):
    response = {
        **{"dataset": "d", "model": "m", "procedure": "sample", "problem_id": "p", "round": 0},
    }
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame([response]).loc[[0] * 4000].assign(draw=range(4000))
    frame["response_id"] = [rng.bytes(8).hex() for _ in range(4000)]

    def pack(target):
        with scratch(target) as folder:
            (folder / "part").write_bytes(rng.bytes(2**19))

    with small_disk(tmp_path / "disk", 2**16) as disk:
        for number, write in enumerate(
            (
                lambda path: tables.write(frame, "responses", path),
                lambda path: tables.write_groups([frame], "responses", path),
                lambda path: replaced(path, rng.bytes(2**19)),
                pack,
            )
        ):
            target = disk / f"folder{number}" / "file"
            with pytest.raises(WriteError, match=f"{target}: cannot be written .No space left"):
                write(target)
            assert list(target.parent.iterdir()) == []
