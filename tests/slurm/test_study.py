"""`snakemake --profile slurm` on a real SLURM: a study, and what goes wrong in one.

The runs share nothing but the cluster, so they are all started at once; most of their time they
wait for each other's jobs and for the next look at the queue.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import GPUS, HERE, Run, wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(2400)]

REPO = HERE.parents[1]
MINI = "tests/config/mini.yaml"
ONE = (MINI, "tests/slurm/one.yaml")
REDUCED = (MINI, "tests/slurm/reduced.yaml")
FREE = 20  # requests that finish while `hold` lies there; see one.yaml
REQUESTS = 8 * 12  # draws x problems


def checkout(folder: Path) -> Path:
    parts = ("Snakefile", "config", "envs", "profiles", "reports", "workflow", "tests/config")
    for part in (*parts, "tests/slurm"):
        source, target = REPO / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    (folder / "slurm").symlink_to(os.readlink(REPO / "slurm"))
    (folder / "models").symlink_to(REPO / "models")
    shutil.copy2(HERE / "engine_paced.py", folder / "workflow/scripts/itc/engines" / "paced.py")
    return folder


@pytest.fixture(scope="module")
def undisturbed(cluster, tmp_path_factory):
    """A copy in which the same responses were made by a plain local run."""
    folder = checkout(tmp_path_factory.mktemp("undisturbed") / "checkout")
    local = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", *ONE]
    done = subprocess.run(
        [*local, "--", "responses"],
        cwd=folder,
        env=cluster.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    run = Run(cluster, folder, ONE)
    assert len(run.calls()) == REQUESTS
    return run


@pytest.fixture(scope="module")
def copy(undisturbed, tmp_path_factory):
    """Makes a run of the single generation job, its dataset ready, nothing sampled."""

    def made(name, *, hold=True):
        folder = tmp_path_factory.mktemp(name) / "checkout"
        shutil.copytree(undisturbed.folder, folder, symlinks=True)
        for path in ("results/responses", "journal"):
            shutil.rmtree(folder / path)
        (folder / "calls.txt").unlink()
        if hold:
            (folder / "hold").touch()
        return Run(undisturbed.cluster, folder, ONE)

    return made


@pytest.fixture(scope="module")
def runs(cluster, copy, tmp_path_factory):
    """Runs that need no hand until they end, by name; whatever still runs at the end is killed."""
    whole = Run(cluster, checkout(tmp_path_factory.mktemp("whole") / "checkout"), REDUCED)
    failing = copy("failing", hold=False)
    # Each attempt dies by SIGKILL when it has finished so many requests.
    failing.environment["ITC_SCRIPTED_DIE_AFTER"] = str(REQUESTS // 2)
    started = {
        "limit": copy("limit").start("--retries", "1", "--", "responses"),
        "whole": whole.start("--", "all"),
        "failing": failing.start("--", "responses"),
        "cancelled": copy("cancelled").start("--", "responses"),
        "killed": copy("killed").start("--", "responses"),
    }
    # A shorter limit while the job runs: SLURM looks at limits only every thirty seconds.
    limited = started["limit"]
    wait_for("the first answers", lambda: len(limited.calls()) == FREE)
    cluster.ask("scontrol", "update", f"JobId={limited.jobs()[0]['JobId']}", "TimeLimit=1")
    yield started
    for run in started.values():
        if run.process.poll() is None:
            run.kill()


def assert_as_undisturbed(run, undisturbed):
    """The responses are those of the undisturbed run, and no finished request was asked twice."""
    assert run.responses() == undisturbed.responses()
    assert sorted(run.calls()) == sorted(undisturbed.calls())


def test_too_few_gpus_are_told_at_submission(runs, copy):
    run = copy("greedy")
    overlay = run.folder / "greedy.yaml"
    overlay.write_text(f"models:\n  paced:\n    gpu: {GPUS + 1}\n")
    run.configfiles = (*ONE, "greedy.yaml")
    output = run.start("--retries", "0", "--", "responses").result(fails=True)
    assert "Requested node configuration is not available" in output
    assert f"--gpus=standin:{GPUS + 1}" in output
    assert "generate_paced_depth0" in output
    assert not run.calls()


def test_a_cancelled_job_is_submitted_again_and_goes_on(runs, undisturbed):
    run = runs["cancelled"]
    wait_for("the first answers", lambda: len(run.calls()) == FREE)
    run.cluster.ask("scancel", run.jobs()[0]["JobId"])
    wait_for("the end of the cancelled job", lambda: run.states()[0] == "CANCELLED")
    (run.folder / "hold").unlink()
    output = run.result()
    assert "status is: 'CANCELLED" in output
    assert run.states() == ["CANCELLED", "COMPLETED"]
    assert_as_undisturbed(run, undisturbed)


def test_snakemake_killed_and_started_again_while_its_job_lives(runs, undisturbed):
    run = runs["killed"]
    wait_for("the first answers", lambda: len(run.calls()) == FREE)
    run.kill()
    assert run.states() == ["RUNNING"]
    assert "LockException" in run.start("--", "responses").result(fails=True)
    run.start("--unlock", "--", "responses").result()
    run.start("--", "responses")
    wait_for("the second job at the journal", lambda: "another job that holds" in logs(run))
    assert len(run.calls()) == FREE
    (run.folder / "hold").unlink()
    run.result()
    wait_for("both ends", lambda: run.states() == ["COMPLETED", "COMPLETED"])
    assert_as_undisturbed(run, undisturbed)


def logs(run):
    files = (run.folder / "logs/generate").rglob("*.log")
    return run.slurm_logs() + "".join(file.read_text(errors="replace") for file in files)


def test_a_failing_job_is_retried_and_goes_on(runs, undisturbed):
    run = runs["failing"]
    output = run.result()
    assert run.states() == ["FAILED", "COMPLETED"]
    assert "Trying to restart" in output
    assert_as_undisturbed(run, undisturbed)


def test_a_job_at_its_time_limit_is_submitted_again_with_more_and_goes_on(runs, undisturbed):
    run = runs["limit"]
    wait_for("SLURM to end the job", lambda: run.states()[:1] == ["TIMEOUT"])
    (run.folder / "hold").unlink()
    run.result()
    assert run.states() == ["TIMEOUT", "COMPLETED"]
    assert [job["TimeLimit"] for job in run.jobs()] == ["00:01:00", "04:00:00"]
    assert_as_undisturbed(run, undisturbed)


def test_whole_study(runs):
    run = runs["whole"]
    run.result()
    assert (run.folder / "results/mini/report.html").stat().st_size > 0
    jobs = run.jobs()
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    # Dataset, responses, annotations, outcomes, two strategies; all else ran where Snakemake ran.
    assert len(jobs) == 6
    on_gpus = [job for job in jobs if job["Partition"] == "gpu"]
    assert [job["TresPerJob"] for job in on_gpus] == ["gres:gpu:standin:2"]
    assert {job["TresPerJob"] for job in jobs if job not in on_gpus} == {"gres:gpu:standin:0"}
    assert not run.slurm_logs()


@pytest.mark.full
@pytest.mark.vllm
@pytest.mark.timeout(7200)
def test_default_study(cluster, tmp_path):
    pytest.importorskip("vllm", reason="vLLM is not installed here")
    folder = checkout(tmp_path / "checkout")
    run = Run(cluster, folder, ("tests/slurm/full.yaml",)).start("--", "all")
    run.result(seconds=7000)
    assert (folder / "results/demo/report.html").stat().st_size > 0
    jobs = run.jobs()
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    on_gpus = [job for job in jobs if job["TresPerJob"] == "gres:gpu:standin:1"]
    # A GPU job for each model, depth and shard, and for nothing else.
    assert {job["Partition"] for job in on_gpus} == {"gpu"}
    assert all("rule_generate_" in job["Comment"] for job in on_gpus)
    assert len(on_gpus) == sum("rule_generate_" in job["Comment"] for job in jobs) > 0
