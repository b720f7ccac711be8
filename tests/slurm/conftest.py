"""A real SLURM of one node with stand-in GPUs, for this folder's tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
GPUS = 5
PATIENCE = 1500  # seconds; a job takes six on an idle machine, two minutes on a crowded one


def free_ports() -> int:
    """First of two adjacent free ports on the loopback interface."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise RuntimeError("no two adjacent free ports")


def wait_for(what: str, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true value of ``condition``; fails the test after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.3)
    return value


@dataclass
class Cluster:
    """The running SLURM."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        tools = [str(self.folder / "bin"), str(Path(sys.executable).parent)]
        path = os.pathsep.join([*tools, os.environ["PATH"]])
        return {**os.environ, "PATH": path, "MPLBACKEND": "Agg"}

    def ask(self, *command: str) -> str:
        run = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=True
        )
        return run.stdout

    def jobs(self, folder: Path) -> list[dict[str, str]]:
        """Jobs submitted from ``folder``, ended ones included, oldest first."""
        found = []
        for line in self.ask("scontrol", "--oneliner", "show", "jobs").splitlines():
            pairs = (part.partition("=") for part in line.split() if "=" in part)
            job = {key: value for key, _, value in pairs}
            if job.get("WorkDir") == str(folder):
                found.append(job)
        return sorted(found, key=lambda job: int(job["JobId"]))


@dataclass
class Run:
    """Snakemake with the slurm profile in a copy of the checkout."""

    cluster: Cluster
    folder: Path
    configfiles: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen | None = None

    def start(self, *arguments: str) -> Run:
        with (self.folder / "run.log").open("a") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "snakemake"),
                    *("--profile", "slurm", "--profile", "tests/slurm/profile"),
                    *("--configfile", *self.configfiles),
                    *arguments,
                ],
                cwd=self.folder,
                env={**self.cluster.environment, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def result(self, *, fails: bool = False, seconds: float = PATIENCE) -> str:
        """What it printed, after its end; asserts success, or failure if ``fails``."""
        assert self.process is not None
        code = self.process.wait(seconds)
        output = (self.folder / "run.log").read_text()
        assert (code != 0) is fails, f"{output}\n{self.slurm_logs()}"
        return output

    def kill(self) -> None:
        """As if the machine Snakemake runs on had lost power: its jobs live on."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def jobs(self) -> list[dict[str, str]]:
        return self.cluster.jobs(self.folder)

    def states(self) -> list[str]:
        return [job["JobState"] for job in self.jobs()]

    def slurm_logs(self) -> str:
        logs = sorted((self.folder / ".snakemake/slurm_logs").rglob("*.log"))
        return "\n".join(log.read_text(errors="replace") for log in logs)

    def calls(self) -> list[str]:
        """Keys of the requests the engine has finished, over all jobs."""
        file = self.folder / "calls.txt"
        return file.read_text().split() if file.exists() else []

    def responses(self) -> dict[str, bytes]:
        root = self.folder / "results/responses"
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*.parquet")}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A SLURM that ends with the tests, or a skip that says what is missing."""
    missing = [tool for tool in ("munged", "slurmctld", "slurmd", "sbatch") if not on_path(tool)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} here; tests/install-debian-packages.sh gets them")
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("no /proc here: SLURM could not follow its jobs")
    # Short, since Unix sockets below it have paths of at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="itc-slurm-", dir="/tmp"))
    settings = {"SLURM_TEST_GPUS": str(GPUS), "SLURM_TEST_PORT": str(free_ports())}
    script = str(HERE / "start-slurm.sh")
    started = subprocess.run(
        [script, "start", str(folder)],
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield Cluster(folder)
    finally:
        subprocess.run([script, "stop", str(folder)], stdin=subprocess.DEVNULL, timeout=120)
        shutil.rmtree(folder, ignore_errors=True)


def on_path(tool: str) -> str | None:
    return shutil.which(tool, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"]))
