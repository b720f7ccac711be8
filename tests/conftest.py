"""A throw-away copy of the checkout with a study of seconds, and a way to run Snakemake in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "config", "envs", "profiles", "reports", "workflow", "tests/config")


@dataclass
class Project:
    """A copy of the checkout in ``folder`` and its runs."""

    folder: Path
    configfile: str = "tests/config/mini.yaml"
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "snakemake",
            "--configfile",
            self.configfile,
            "--cores",
            "2",
            *arguments,
        ]

    def snakemake(self, *arguments: str, fails: bool = False) -> str:
        """Run Snakemake; returns stdout and stderr. Asserts success, or failure if ``fails``."""
        run = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**os.environ, "MPLBACKEND": "Agg", **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )
        output = run.stdout + run.stderr
        assert (run.returncode != 0) is fails, output
        return output

    def jobs(self, *arguments: str) -> dict[str, int]:
        """Number of jobs per rule that a dry-run lists; empty when there is nothing to do."""
        output = self.snakemake("-n", *arguments)
        lines = iter(output.splitlines())
        found: dict[str, int] = {}
        for line in lines:
            if line.startswith("job ") and "count" in line:
                next(lines)
                for row in lines:
                    if not row.strip() or row.startswith("total"):
                        break
                    rule, count = row.split()
                    found[rule] = int(count)
                break
        return found

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace ``old`` by ``new`` in a file of the copy; ``old`` must be there."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} does not hold {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def copy_checkout(folder: Path) -> Project:
    for part in PARTS:
        source = REPO / part
        target = folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    (folder / "models").symlink_to(REPO / "models")
    return Project(folder)


@pytest.fixture(scope="session")
def checkout() -> Callable[[Path], Project]:
    """Make another copy of the checkout in a folder, for tests of two machines."""
    return copy_checkout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy, nothing run in it yet."""
    return copy_checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def finished_mini(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy in which the mini study has run once; copy it again before changing it."""
    made = copy_checkout(tmp_path_factory.mktemp("mini") / "checkout")
    made.snakemake("all")
    return made


@pytest.fixture
def finished(finished_mini: Project, tmp_path: Path) -> Project:
    """A private copy of the finished mini study, Snakemake's metadata included."""
    folder = tmp_path / "finished"
    shutil.copytree(finished_mini.folder, folder, symlinks=True)
    return Project(folder)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Folder of recorded responses named by RECORDINGS, or a skip that says so."""
    value = os.environ.get("RECORDINGS")
    if not value:
        pytest.skip("RECORDINGS is not set: no recorded responses to test on")
    return Path(value).resolve()
