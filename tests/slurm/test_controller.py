"""SLURM's controller dies and comes back while a study runs: its jobs live on, none runs twice."""

import os
import re
import signal
import subprocess

import pytest

from .conftest import GPUS, HERE, wait_for
from .test_study import FREE, assert_as_undisturbed, copy, undisturbed

__all__ = ["copy", "undisturbed"]  # fixtures
pytestmark = [pytest.mark.slurm, pytest.mark.full, pytest.mark.timeout(2400)]


def answers(cluster) -> bool:
    asked = subprocess.run(["squeue"], env=cluster.environment, capture_output=True)
    return asked.returncode == 0


def come_back(cluster) -> None:
    (port,) = re.findall(r"SlurmctldPort=(\d+)", (cluster.folder / "etc/slurm.conf").read_text())
    settings = {"SLURM_TEST_GPUS": str(GPUS), "SLURM_TEST_PORT": port}
    command = [HERE / "start-slurm.sh", "start", cluster.folder]
    subprocess.run(command, env={**os.environ, **settings}, check=True, timeout=120)


def test_a_controller_that_restarts_in_mid_study(request, cluster):
    undisturbed, copy = (request.getfixturevalue(name) for name in __all__[::-1])
    run = copy("controller").start("--", "responses")
    wait_for("the first answers", lambda: len(run.calls()) == FREE)
    os.kill(int((cluster.folder / "run/slurmctld").read_text()), signal.SIGKILL)
    wait_for("the controller to be gone", lambda: not answers(cluster))
    (run.folder / "hold").unlink()  # the job goes on, and ends, with nobody to report to
    wait_for("all answers", lambda: len(run.calls()) == len(undisturbed.calls()))
    assert run.process.poll() is None
    come_back(cluster)
    run.result()
    assert run.states() == ["COMPLETED"]
    assert_as_undisturbed(run, undisturbed)
