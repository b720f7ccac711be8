"""A reader's shell in a copy of the checkout: commands run one by one, as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .markdown import REPO, tracked

# What each command finds as the one before left it: the folder and the exported variables.
STEP = """
cd "$(cat "$STATE/folder")" && . "$STATE/exports"
{command}
code=$?
pwd > "$STATE/folder"
export -p > "$STATE/exports"
exit $code
"""


@dataclass
class Session:
    """A copy of the checkout in ``folder``, a HOME of its own, and the state of the shell."""

    folder: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.home / ".state"

    def write(self, name: str, text: str) -> None:
        """Write a file that the text shows; ``name`` is relative to the checkout or to ``~``."""
        path = self.home / name[2:] if name.startswith("~/") else self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, command: str, seconds: float = 600) -> tuple[int, str]:
        """Exit status and output of one command in bash."""
        tools = Path(sys.executable).parent
        run = subprocess.run(
            ["bash", "-c", STEP.format(command=command)],
            cwd=self.folder,
            env={
                **os.environ,
                "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
                "MPLBACKEND": "Agg",
                **self.environment,
                "HOME": str(self.home),
                "STATE": str(self.state),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
        )
        return run.returncode, run.stdout


def open_session(folder: Path, study: dict | None) -> Session:
    """Copy the checkout below ``folder``.

    ``study``: keys that the tests' study gets, which then takes the place of the default one.
    """
    checkout, home = folder / "checkout", folder / "home"
    for name in tracked():
        target = checkout / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("models/") and name.endswith(".safetensors"):
            target.symlink_to(REPO / name)
        else:
            shutil.copy2(REPO / name, target, follow_symlinks=False)
    # Not the environment itself: a documented command must not be able to change that.
    activate = checkout / ".venv/bin/activate"
    activate.parent.mkdir(parents=True)
    activate.write_text(f'export PATH="{sys.prefix}/bin:$PATH"\n', encoding="utf-8")
    if study is not None:
        config = checkout / "config/default.yaml"
        default = yaml.safe_load(config.read_text(encoding="utf-8"))["study"]
        mini = yaml.safe_load((REPO / "tests/config/mini.yaml").read_text(encoding="utf-8"))
        merged = {**default, **mini["study"], **study}
        config.write_text(yaml.safe_dump({**mini, "study": merged}), encoding="utf-8")
    session = Session(checkout, home)
    session.state.mkdir(parents=True)
    (session.state / "folder").write_text(str(checkout))
    (session.state / "exports").write_text("")
    return session


def missing_lines(expected: str, output: str) -> list[str]:
    """Lines of a shown output that the real one lacks, in order; `...` stands for anything."""
    lines = [" ".join(line.split()) for line in output.splitlines()]
    missing, at = [], 0
    for wanted in filter(None, (" ".join(line.split()) for line in expected.splitlines())):
        pattern = re.compile(".*".join(map(re.escape, wanted.split("..."))))
        for place in range(at, len(lines)):
            if pattern.fullmatch(lines[place]):
                at = place + 1
                break
        else:
            missing.append(wanted)
    return missing
