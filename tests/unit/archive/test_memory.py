"""An import's memory does not grow with the recording."""

import os
import subprocess
import sys
from pathlib import Path

from itc import tables

REPO = Path(__file__).resolve().parents[3]
SMALL, LARGE = 40, 200  # MB


def peak(folder: Path, megabytes: int) -> int:
    run = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("import_job.py")),
            str(folder),
            str(megabytes),
        ],
        env={**os.environ, "PYTHONPATH": str(REPO / "workflow/scripts")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


def test_memory_does_not_grow_with_the_recording(tmp_path):
    small, large = peak(tmp_path, SMALL), peak(tmp_path, LARGE)
    print(f"peak memory: {small} MB at {SMALL} MB, {large} MB at {LARGE} MB")
    assert large < 1000
    assert large - small < (LARGE - SMALL) / 6
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".jsonl"] * 2 + [".parquet"] * 2
    keys = []
    for piece in tables.stream(tmp_path / f"{LARGE}.parquet", "responses", ["problem_id", "draw"]):
        keys += list(zip(piece["problem_id"], piece["draw"], strict=True))
    assert keys == sorted(keys) and len(set(keys)) == len(keys) == LARGE * 1_000_000 // 30_000
