"""How a grading worker starts: in the sandbox or not, and with what it gets of the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from itc import registry
from itc.grading import _bubblewrap, _cgroup

# All that a worker gets of the environment: where libraries lie and how texts are read, no key.
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")


def apart(kind: str) -> bool:
    """Whether grader ``kind`` calls code of others: in the sandbox, a process for each task."""
    known = kind in registry.names("grading")
    return known and bool(registry.constants("grading", kind).get("SANDBOX"))


def start(
    kind: str, package: Path, memory: int
) -> tuple[subprocess.Popen[bytes], bool, _cgroup.Group]:
    """A worker of grader ``kind`` that talks over its input and output, and whether in the sandbox.

    ``package`` is the folder that holds this package. No descriptor is handed on. The group, which
    the caller removes, bounds ``memory`` bytes of a worker in the sandbox.
    """
    # Hash order decides how SymPy sorts, so it is fixed; threads of numeric libraries are idle.
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    environment |= {"PYTHONHASHSEED": "0", "PYTHONPATH": str(package)}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    contained = apart(kind) and _bubblewrap.contained()
    line = [sys.executable, "-m", "itc.grading._worker"]
    group = _cgroup.Group()
    if contained:
        group = _cgroup.bound(memory)
        line = group.entering(_bubblewrap.worker())
    process = subprocess.Popen(
        line,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # an interrupt at the terminal is the parent's to handle
    )
    return process, contained, group
