"""A clock that jumps: nothing is sampled again, and no job runs for ever anew."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from .conftest import DRAWS, PROBLEMS

FAKETIME = shutil.which("faketime")
SLEEP = Path(__file__).parent / "clock"  # a sitecustomize.py: time.sleep fails under faketime
DAY = 86400


def under(jump: str) -> tuple[str, ...]:
    if FAKETIME is None:
        pytest.skip("the command faketime is not installed (Debian package faketime)")
    path = os.pathsep.join(filter(None, [str(SLEEP), os.environ.get("PYTHONPATH")]))
    return ("env", f"PYTHONPATH={path}", FAKETIME, "--exclude-monotonic", "-f", jump)


@pytest.mark.full
def test_responses_sampled_in_the_past_are_refused_and_not_sampled_again(fresh, undisturbed):
    """Snakemake refuses an output older than its input; the journal keeps every answer."""
    output = fresh.run("responses", prefix=under("-3650d"), fails=True)
    assert "older modification time" in output and "clock skew" in output
    assert len(fresh.calls()) == DRAWS * PROBLEMS
    fresh.run("responses")
    assert set(fresh.calls().values()) == {1}
    assert fresh.responses.read_bytes() == undisturbed.responses.read_bytes()


@pytest.mark.full
def test_responses_sampled_in_the_future_wait_for_a_touch(fresh, undisturbed):
    """The clock is set right between generation and analysis: no job runs for ever anew."""
    fresh.run("responses", prefix=under("+2d"))
    assert fresh.responses.stat().st_mtime - time.time() > DAY
    tables = ("results/small/tables/curves.parquet",)
    assert "clock skew" in fresh.run(*tables, fails=True)
    fresh.responses.touch()
    fresh.run(*tables)
    assert "Nothing to be done" in fresh.run(*tables)
    assert "Nothing to be done" in fresh.run("responses")
    assert len(fresh.calls()) == DRAWS * PROBLEMS and set(fresh.calls().values()) == {1}
    mine, theirs = fresh.tables(), undisturbed.tables()
    assert mine == {path: theirs[path] for path in mine}


@pytest.mark.parametrize("days", [-3650, pytest.param(3650, marks=pytest.mark.full)])
def test_files_of_another_time(study, days):
    """Every input of generation is ten years older or newer than the responses."""
    for folder in ("datasets", "prompts"):
        for path in (study.results / folder).rglob("*"):
            os.utime(path, (time.time() + days * DAY,) * 2)
    assert "Nothing to be done" in study.run("responses")
