"""A generate job in a process of its own, to be killed. Run by test_faults with ARGUMENTS set."""

from __future__ import annotations

import importlib.util
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
ARGUMENTS: dict[str, Any] = globals().get("ARGUMENTS", {})


def main() -> None:
    os.dup2(os.open(ARGUMENTS["errors"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.update(ARGUMENTS["environment"])
    spec = importlib.util.spec_from_file_location("bench", HERE.with_name("conftest.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    bench = module.Bench(Path(ARGUMENTS["folder"]))
    job = bench.job("sample", bench.problems(4))
    if limit := ARGUMENTS.get("file_size"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if jump := ARGUMENTS.get("clock_jump"):
        real = time.time
        time.time = lambda: real() + jump
    bench.run(job, lock_wait=ARGUMENTS.get("lock_wait"))


if __name__ == "__main__":
    main()
