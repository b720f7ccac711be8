"""Two Snakemakes on one folder, and what the lock does not cover."""

from __future__ import annotations

import pytest

from .conftest import DRAWS, PROBLEMS, wait_for


def held(study):
    """A run that stays in the middle of generation until its gate is removed."""
    gate = study.folder / "gate"
    gate.touch()
    study.environment["ITC_SCRIPTED_GATE"] = str(gate)
    return gate


def test_the_second_refuses_and_the_first_finishes(fresh, undisturbed):
    gate = held(fresh)
    first = fresh.start("responses")
    wait_for("the first answers", lambda: sum(fresh.calls().values()) >= 3)
    said = fresh.printed()
    output = fresh.run("responses", fails=True)
    assert "LockException" in output and "--unlock" in output
    assert "LockException" not in said
    gate.unlink()
    assert first.wait(300) == 0
    assert fresh.responses.read_bytes() == undisturbed.responses.read_bytes()
    assert set(fresh.calls().values()) == {1}


@pytest.mark.full
def test_without_the_lock_the_journal_still_lets_one_job_sample(fresh, undisturbed):
    """`--nolock`, or a job that outlived its Snakemake: the second job waits, then asks nothing."""
    gate = held(fresh)
    first = fresh.start("responses")
    wait_for("the first answers", lambda: sum(fresh.calls().values()) >= 3)
    second = fresh.start("responses", options=("--nolock", "--ignore-incomplete"))
    logs = fresh.folder / "logs/generate"
    wait_for(
        "the second job at the journal",
        lambda: any("another job that holds" in p.read_text() for p in logs.rglob("*.log")),
    )
    gate.unlink()
    assert [first.wait(300), second.wait(300)] == [0, 0]
    assert fresh.responses.read_bytes() == undisturbed.responses.read_bytes()
    assert len(fresh.calls()) == DRAWS * PROBLEMS and set(fresh.calls().values()) == {1}
    assert len(fresh.journal.read_bytes().splitlines()) == DRAWS * PROBLEMS
