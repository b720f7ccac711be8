"""A second run of a finished study, which has nothing to do, against one finished rule.

The mini study of the tests is run once in a copy of the checkout; measured are runs after it. The
baseline is the floor: Snakemake itself with a workflow of one rule whose output exists, so the
difference is what reading this project's configuration and building its DAG costs. CPU time of
all processes, best of five, sides in turns. Exits 1 over 5 CPU seconds or where a job would run.

    python benchmarks/no_op.py
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "config", "envs", "profiles", "reports", "workflow", "tests/config")
BAR, RUNS = 5.0, 5
FLOOR = 'rule all:\n    input: "done"\n\nrule one:\n    output: "done"\n    shell: "touch done"\n'


def snakemake(folder: Path, *arguments: str) -> tuple[float, str]:
    """CPU seconds and output of one run in ``folder``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments, "--cores", "1", "--", "all"],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode:
        sys.exit(run.stdout + run.stderr)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, run.stdout + run.stderr


def main() -> int:
    """Print every run and the result as one JSON object."""
    with tempfile.TemporaryDirectory() as folder:
        study, floor = Path(folder) / "study", Path(folder) / "floor"
        for part in PARTS:
            copy = shutil.copytree if (REPO / part).is_dir() else shutil.copy2
            (study / part).parent.mkdir(parents=True, exist_ok=True)
            copy(REPO / part, study / part)
        floor.mkdir()
        (floor / "Snakefile").write_text(FLOOR, encoding="utf-8")
        mini = ("--configfile", "tests/config/mini.yaml")
        snakemake(study, *mini)
        snakemake(floor)
        spent: dict[str, list[float]] = {"ours": [], "floor": []}
        idle = True
        for _ in range(RUNS):
            seconds, output = snakemake(study, *mini)
            idle &= "Nothing to be done" in output
            spent["ours"].append(seconds)
            spent["floor"].append(snakemake(floor)[0])
    for side, runs in spent.items():
        print(f"{side}: CPU seconds {', '.join(f'{s:.2f}' for s in runs)}")
    ours, baseline = min(spent["ours"]), min(spent["floor"])
    if not idle:
        print("a finished study had jobs to run", file=sys.stderr)
    print(
        json.dumps(
            {
                "name": "second run of the mini study, nothing to do",
                "unit": "CPU seconds",
                "ours": round(ours, 2),
                "baseline": round(baseline, 2),
                "ratio": round(ours / baseline, 2),
                "higher_is_better": False,
            }
        )
    )
    return int(ours > BAR or not idle)


if __name__ == "__main__":
    sys.exit(main())
