"""One undisturbed run of a small study, copies of it, and runs of Snakemake that may end badly."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

HERE = Path(__file__).resolve().parent
DRAWS, PROBLEMS = 4, 12


def wait_for(what: str, condition: Callable[[], Any], seconds: float = 300) -> Any:
    """The first true value of ``condition``; fails the test after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)
    return value


@dataclass
class Study:
    """A checkout with the small study, and its runs."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def home(self) -> Path:
        """Folder of the study's own results."""
        return self.results / "small"

    @property
    def responses(self) -> Path:
        """The one file of responses."""
        (found,) = self.results.glob("responses/*/*/*/*.parquet")
        return found

    @property
    def journal(self) -> Path:
        """The one journal."""
        (found,) = (self.folder / "journal").rglob("*.jsonl")
        return found

    def start(
        self,
        *targets: str,
        options: tuple[str, ...] = (),
        prefix: tuple[str, ...] = (),
        configs: tuple[str, ...] = (
            "--configfile",
            "tests/config/mini.yaml",
            "tests/config/small.yaml",
        ),
    ):
        """Start Snakemake in a process group of its own; what it prints goes to run.log."""
        with (self.folder / "run.log").open("w") as log:
            return subprocess.Popen(
                [
                    *(*prefix, sys.executable, "-m", "snakemake", "--cores", "2"),
                    *(*configs, *options, "--", *targets),
                ],
                cwd=self.folder,
                env={**os.environ, "MPLBACKEND": "Agg", **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def printed(self) -> str:
        return (self.folder / "run.log").read_text(errors="replace")

    def run(self, *targets: str, fails: bool = False, **more: Any) -> str:
        """Run Snakemake to its end; asserts success, or failure if ``fails``."""
        code = self.start(*targets, **more).wait(600)
        assert (code != 0) is fails, self.printed()
        return self.printed()

    def calls(self) -> Counter[str]:
        """How often each request was finished by the engine, over all runs."""
        file = self.folder / "calls.txt"
        return Counter(file.read_text().split()) if file.exists() else Counter()

    def half_written(self) -> list[Path]:
        found = [*self.results.rglob("*partial*"), *(self.folder / "journal").rglob("*partial*")]
        return [path.relative_to(self.folder) for path in found]

    def tables(self) -> dict[Path, bytes]:
        """Content of every table, by its path below results/."""
        return {
            p.relative_to(self.results): p.read_bytes() for p in self.results.rglob("*.parquet")
        }


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """As if the machine had lost power: Snakemake and whatever it started."""
    tree = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGKILL)
    for child in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()
    psutil.wait_procs(tree, timeout=60)


@pytest.fixture(scope="session")
def undisturbed(checkout, tmp_path_factory) -> Study:
    """The small study, run once; copy it before changing it."""
    study = Study(checkout(tmp_path_factory.mktemp("undisturbed") / "checkout").folder)
    shutil.copy2(HERE / "small.yaml", study.folder / "tests/config/small.yaml")
    study.environment["ITC_SCRIPTED_CALLS"] = "calls.txt"
    study.run("all")
    assert len(study.calls()) == DRAWS * PROBLEMS
    return study


@pytest.fixture
def study(undisturbed: Study, tmp_path: Path) -> Study:
    """A private copy of the finished study, Snakemake's records included."""
    folder = tmp_path / "study"
    shutil.copytree(undisturbed.folder, folder, symlinks=True)
    return Study(folder, dict(undisturbed.environment))


@pytest.fixture
def fresh(study: Study) -> Study:
    """A private copy in which nothing was sampled yet: problems and prompt checks are there."""
    for name in ("responses", "annotations", "small"):
        shutil.rmtree(study.results / name)
    shutil.rmtree(study.folder / "journal")
    (study.folder / "calls.txt").unlink()
    return study
